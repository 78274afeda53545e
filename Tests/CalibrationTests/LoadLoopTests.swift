import Foundation
import Measure
import SwiftProtobuf
import TestSupport
import Testing

@testable import Calibration

/// The load generator's one thread, with a real etcd where one is due.
@Suite struct LoadLoops {
  private func run(
    _ requests: [[UInt8]], _ schedule: LoadLoop.Schedule, for span: Nanoseconds, ports: [Int]
  ) throws(LoadFault) -> LoadGenerator.Outcome {
    let messages = LoadMessages("/etcdserverpb.KV/Put", requests)
    defer { messages.release() }
    let now = MonotonicClock.now()
    let loop = LoadLoop(messages, schedule, now..<(now + span), seed: 1)
    defer { loop.release() }
    try loop.run(ports: ports) { false }
    return loop.outcome()
  }

  @Test func whereNobodyListensIsTold() throws {
    let port = try #require(try LoopbackPorts.choose(count: 1, base: 0).first)
    #expect {
      try run([[0]], .closed(clients: 1), for: .milliseconds(10), ports: [port])
    } throws: {
      "\($0)" == "port \(port): Connection refused"
    }
  }

  @Test func aMessageHasItsLengthBeforeIt() {
    let messages = LoadMessages("/p", [[7, 8, 9], Array(repeating: 1, count: 70_000)])
    defer { messages.release() }
    let bytes = { (place: Int, count: Int) in
      Array(UnsafeBufferPointer(start: messages[place], count: count))
    }
    #expect(messages.size(of: 0) == 8 && bytes(0, 8) == [0, 0, 0, 0, 3, 7, 8, 9])
    #expect(messages.size(of: 1) == 70_005 && bytes(1, 5) == [0, 0, 1, 0x11, 0x70])
    #expect(messages.count == 2 && messages.headers.count == 7)
  }

  @Test(
    .enabled("needs etcd: scripts/setup --calibrate") { (try? EtcdProgram.find(at: nil)) != nil })
  func eachMessageArrivesOnceAndRefusalsAreToldInEtcdsWords() async throws {
    let folder = try TemporaryFolder()
    var cluster = try await EtcdCluster.start(
      EtcdProgram.find(at: nil), EtcdClusterSettings(members: 1), in: folder.path, basePort: 0)
    defer { cluster.stop() }
    let port = cluster.members[0].clientPort
    // Some larger than a frame of HTTP/2 (16 KiB), more than one connection's window (64 KiB).
    let puts = try (0..<200).map { number -> [UInt8] in
      var put = PutRequest()
      (put.key, put.value) = (Data("k\(number)".utf8), Data(repeating: 1, count: number * 300))
      return try put.serializedBytes()
    }
    let before = try await EtcdMetrics.read(port: port, within: 10)
    let all = try run(puts, .onceEach(atOnce: 16), for: .zero, ports: [port, port, port])
    let after = try await EtcdMetrics.read(port: port, within: 10)
    let metric = "etcd_debugging_mvcc_put_total"
    #expect(after[metric] - before[metric] == 200 && all.failed == 0)

    let some = try run(
      puts, .poisson(Rate(perSecond: 500)), for: .seconds(1), ports: [port, port])
    // Five standard deviations of a Poisson process.
    #expect(abs(Double(some.latency.count) - 500) < 5 * 500.0.squareRoot() && some.failed == 0)
    #expect(some.service.count == some.latency.count && some.unfinished == 0)
    #expect {
      // A put without a key.
      try run([[]], .closed(clients: 2), for: .seconds(10), ports: [port])
    } throws: {
      "\($0)" == "etcd says 3: etcdserver: key is not provided"
    }
  }
}
