internal import CLinux
internal import Foundation
internal import Measure
internal import SwiftProtobuf
internal import Synchronization

/// Sends one point's requests to an etcd and times the answers.
struct LoadGenerator: Sendable {
  /// What came of it.
  struct Outcome: Sendable {
    /// Of requests answered (closed loop) or meant to be sent (open loop) within the window: from
    /// when each was meant to be sent until its answer.
    var latency = LatencyDistribution()
    /// Of an open loop, the same from when each was sent; empty of a closed one.
    var service = LatencyDistribution()
    /// Requests that etcd refused or failed.
    var failed = 0
    /// Requests of an open loop that were not answered, or not sent because too many were waiting.
    var unfinished = 0
  }

  /// Where each connection leads, on this machine.
  let ports: [Int]
  let load: EtcdLoad
  let seed: UInt64

  /// Leases there are: those of the nodes of a large cluster.
  private static let keyCount = 1000

  /// Puts a value under every key: what is read is there, and code paths are warm.
  ///
  /// No more of them fall between two commits of the backend than it has room for without growth
  /// (mvcc/backend/tx_buffer.go, `newBucketBuffer`, 512): every read of etcd 3.4 copies all
  /// of that room.
  /// - Throws: ``LoadFault``, CancellationError.
  func fill() async throws {
    let puts = try puts()
    for begin in stride(from: 0, to: Self.keyCount, by: Self.fillBatch) {
      let part = Array(puts[begin..<min(begin + Self.fillBatch, puts.count)])
      let now = MonotonicClock.now()
      let outcome = try await run(part, "Put", .onceEach(atOnce: 16), now..<now)
      guard outcome.failed == 0 else {
        throw LoadFault("etcd refused \(outcome.failed) of \(Self.keyCount) first puts")
      }
      try await Task.sleep(for: .milliseconds(150))
    }
  }

  private static let fillBatch = 250

  /// Sends requests from now until the end of the window, and counts those within it.
  ///
  /// - Throws: CancellationError; ``LoadFault`` when a client fails again and again.
  func run(_ window: Range<Nanoseconds>, rate: Rate?) async throws -> Outcome {
    let schedule: LoadLoop.Schedule =
      load.clients.map { .closed(clients: $0) } ?? .poisson(rate ?? Rate(perSecond: 1))
    switch load.operation {
    case .put: return try await run(puts(), "Put", schedule, window)
    case .linearizableRead: return try await run(reads(false), "Range", schedule, window)
    case .serializableRead: return try await run(reads(true), "Range", schedule, window)
    }
  }

  private func key(_ number: Int) -> Data {
    let digits = String(number)
    let zeros = String(repeating: "0", count: 5 - digits.count)
    return Data("/registry/leases/kube-node-lease/node-\(zeros)\(digits)".utf8)
  }

  private func puts() throws -> [[UInt8]] {
    var random = SeededRandom(seed: seed, stream: 1 << 32)
    var request = PutRequest()
    request.value = Data(
      (0..<Int(load.valueSize.count)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    return try (0..<Self.keyCount).map { number in
      request.key = key(number)
      return try request.serializedBytes()
    }
  }

  private func reads(_ isSerializable: Bool) throws -> [[UInt8]] {
    var request = RangeRequest()
    request.isSerializable = isSerializable
    return try (0..<Self.keyCount).map { number in
      request.key = key(number)
      return try request.serializedBytes()
    }
  }

  /// Whether the task that waits for the loop was cancelled.
  private final class Cancelled: Sendable {
    let value = Atomic(false)
  }

  /// Runs a loop on a thread of its own.
  private func run(
    _ requests: [[UInt8]], _ method: String, _ schedule: LoadLoop.Schedule,
    _ window: Range<Nanoseconds>
  ) async throws -> Outcome {
    let cancelled = Cancelled()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
          cl_sharp_timers()
          let messages = LoadMessages("/etcdserverpb.KV/\(method)", requests)
          defer { messages.release() }
          let loop = LoadLoop(messages, schedule, window, seed: seed)
          defer { loop.release() }
          do throws(LoadFault) {
            try loop.run(ports: ports) { cancelled.value.load(ordering: .relaxed) }
            continuation.resume(returning: loop.outcome())
          } catch {
            continuation.resume(throwing: error)
          }
        }
      }
    } onCancel: {
      cancelled.value.store(true, ordering: .relaxed)
    }
  }
}

extension LoadLoop {
  /// What came of the run.
  func outcome() -> LoadGenerator.Outcome {
    LoadGenerator.Outcome(
      latency: state.pointee.latency.snapshot(), service: state.pointee.service.snapshot(),
      failed: state.pointee.failed, unfinished: state.pointee.unfinished)
  }
}
