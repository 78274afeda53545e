internal import CLinux
internal import Foundation
internal import GRPCCore
internal import Measure
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

  let client: EtcdClient
  let load: EtcdLoad
  let keys: [Data]
  let value: Data
  let seed: UInt64

  /// Leases there are: those of the nodes of a large cluster.
  private static let keyCount = 1000
  /// Failures of one client in a row that end the trial.
  private static let patience = 10
  /// Requests of an open loop that may wait at once; beyond, it is saturated.
  private static let outstandingLimit = 20_000

  init(client: EtcdClient, load: EtcdLoad, seed: UInt64) {
    (self.client, self.load, self.seed) = (client, load, seed)
    keys = (0..<Self.keyCount).map { number in
      let digits = String(number)
      let zeros = String(repeating: "0", count: 5 - digits.count)
      return Data("/registry/leases/kube-node-lease/node-\(zeros)\(digits)".utf8)
    }
    var random = SeededRandom(seed: seed, stream: 1 << 32)
    value = Data(
      (0..<Int(load.valueSize.count)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
  }

  /// Puts a value under every key, by 16 clients: what is read is there, and code paths are warm.
  func fill() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<16 {
        group.addTask {
          for index in stride(from: worker, to: keys.count, by: 16) {
            try await client.put(keys[index], value, client: worker)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Sends requests from now until the end of the window, and counts those within it.
  ///
  /// - Throws: CancellationError; RPCError when a client fails again and again.
  func run(_ window: Range<Nanoseconds>, rate: Rate?) async throws -> Outcome {
    if let clients = load.clients { return try await closed(clients, window) }
    return try await open(rate ?? Rate(perSecond: 1), window)
  }

  private func send(_ key: Data, from client: Int) async throws {
    switch load.operation {
    case .put: try await self.client.put(key, value, client: client)
    case .linearizableRead:
      _ = try await self.client.get(key, isSerializable: false, client: client)
    case .serializableRead:
      _ = try await self.client.get(key, isSerializable: true, client: client)
    }
  }

  // Closed loop -----------------------------------------------------------------------------------

  private func closed(_ clients: Int, _ window: Range<Nanoseconds>) async throws -> Outcome {
    try await withThrowingTaskGroup(of: Outcome.self) { group in
      for number in 0..<clients {
        group.addTask { try await oneClient(number, window) }
      }
      var total = Outcome()
      for try await outcome in group {
        total.latency.merge(outcome.latency)
        total.failed += outcome.failed
      }
      return total
    }
  }

  private func oneClient(_ number: Int, _ window: Range<Nanoseconds>) async throws -> Outcome {
    var random = SeededRandom(seed: seed, stream: UInt64(number))
    var histogram = LatencyHistogram()
    var outcome = Outcome()
    var failures = 0
    while true {
      let begun = MonotonicClock.now()
      guard begun < window.upperBound else { break }
      do {
        try await send(keys[Int(random.below(UInt64(keys.count)))], from: number)
        failures = 0
      } catch let error as RPCError {
        failures += 1
        outcome.failed += 1
        guard failures < Self.patience, error.code != .unavailable else { throw error }
        try await Task.sleep(for: .milliseconds(10))
        continue
      }
      let ended = MonotonicClock.now()
      if window.contains(ended) { histogram.record(UInt64((ended - begun).count)) }
    }
    outcome.latency = histogram.snapshot()
    return outcome
  }

  // Open loop -------------------------------------------------------------------------------------

  /// What many requests at once record into.
  private final class Recorder: Sendable {
    struct State: ~Copyable {
      var latency = LatencyHistogram()
      var service = LatencyHistogram()
      var outstanding = 0
      var unfinished = 0
      var failed = 0
    }

    let state = Mutex(State())
  }

  private func open(_ rate: Rate, _ window: Range<Nanoseconds>) async throws -> Outcome {
    let (arrivals, feed) = AsyncStream<Nanoseconds>.makeStream()
    let clock = Thread { arrive(rate, until: window.upperBound, into: feed) }
    clock.start()
    let recorder = Recorder()
    try await withThrowingDiscardingTaskGroup { group in
      var number = 0
      var random = SeededRandom(seed: seed, stream: 0)
      for await intended in arrivals {
        let isCounted = window.contains(intended)
        let mayGo = recorder.state.withLock { state in
          guard state.outstanding < Self.outstandingLimit else {
            if isCounted { state.unfinished += 1 }
            return false
          }
          state.outstanding += 1
          return true
        }
        guard mayGo else { continue }
        let key = keys[Int(random.below(UInt64(keys.count)))]
        number += 1
        group.addTask { [number] in
          await one(key, number, intended, isCounted, recorder)
        }
      }
      let patience = window.upperBound + .seconds(10)
      while MonotonicClock.now() < patience, recorder.state.withLock({ $0.outstanding > 0 }) {
        try await Task.sleep(for: .milliseconds(10))
      }
      group.cancelAll()
    }
    return recorder.state.withLock { state in
      Outcome(
        latency: state.latency.snapshot(), service: state.service.snapshot(),
        failed: state.failed, unfinished: state.unfinished)
    }
  }

  private func one(
    _ key: Data, _ number: Int, _ intended: Nanoseconds, _ isCounted: Bool, _ recorder: Recorder
  ) async {
    let begun = MonotonicClock.now()
    let isAnswered: Bool
    do {
      try await send(key, from: number)
      isAnswered = true
    } catch {
      isAnswered = false
    }
    let ended = MonotonicClock.now()
    let isCancelled = Task.isCancelled
    recorder.state.withLock { state in
      state.outstanding -= 1
      guard isCounted else { return }
      if isAnswered {
        state.latency.record(UInt64((ended - intended).count))
        state.service.record(UInt64((ended - begun).count))
      } else if isCancelled {
        state.unfinished += 1
      } else {
        state.failed += 1
      }
    }
  }

  /// The Poisson process, on a thread of its own: tasks are not woken to the microsecond.
  private func arrive(
    _ rate: Rate, until end: Nanoseconds, into feed: AsyncStream<Nanoseconds>.Continuation
  ) {
    cl_sharp_timers()
    var random = SeededRandom(seed: seed, stream: 2 << 32)
    var next = MonotonicClock.now()
    while true {
      // Inverse of the exponential distribution; 1 - u lies in (0, 1].
      let gap = -log(1 - random.unit()) / rate.perSecond
      next = next + Nanoseconds(Int64(gap * 1e9))
      guard next < end else { break }
      if next > MonotonicClock.now() { MonotonicClock.sleep(until: next) }
      if case .terminated = feed.yield(next) { return }
    }
    feed.finish()
  }
}
