import Foundation
import Measure
import Networking
import RDMA
import Testing

/// `assay peer --memory 1MiB` of the lab's guest, which LabTests starts.
private let running = ProcessInfo.processInfo.environment["ASSAY_LAB_PEER"].map {
  FabricPeer(address: $0)
}

/// A peer that runs, and clients that do not behave.
@Suite(.serialized, .enabled(if: running != nil, "needs ASSAY_LAB_PEER"))
struct StrangeClientTests {
  private var peer: FabricPeer { running ?? FabricPeer(address: "") }
  private var deadline: Nanoseconds { MonotonicClock.now() + .seconds(10) }

  private func queuePair() throws -> QueuePair {
    try QueuePair(
      to: RDMAAddress(host: peer.address, port: peer.port),
      options: .init(sendEntries: 32, receiveEntries: 4), deadline: deadline)
  }

  /// Asks with some bytes, and gives the code with which it is refused.
  private func refusal(of data: [UInt8]) throws -> UInt16? {
    var pair = try queuePair()
    do {
      try pair.connect(privateData: data, deadline: deadline)
      return nil
    } catch {
      guard case .rejected(_, let answer) = error.cause, answer.count >= 8 else { throw error }
      return UInt16(answer[6]) << 8 | UInt16(answer[7])
    }
  }

  /// A request for sends of 64 bytes, one at a time, as version 1 has it.
  private static func request(
    version: UInt8 = 1, measure: UInt8 = 1, depth: UInt8 = 1, size: [UInt8] = [0, 0, 0, 64]
  ) -> [UInt8] {
    [0x41, 0x53, 0x56, 0x52, 0, version, 1, 1, measure, 0, 0, depth, 0, 0] + size
      + [0, 0, 0x27, 0x10] + [UInt8](repeating: 0, count: 20)
  }

  @Test func garbageIsRefusedAndThePeerGoesOn() throws {
    var random = SeededRandom(seed: 1)
    for count in [0, 1, 5, 6, 41, 42, 56, 56, 56] {
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      #expect(try refusal(of: bytes) == 2)
    }
    let good = Self.request()
    for count in stride(from: 6, to: good.count, by: 5) {
      // What is cut off comes as zeros, so that sizes and depths of zero are among these.
      let status = try refusal(of: Array(good.prefix(count)))
      #expect(status == 2 || count > 17)
    }
    try VerbsTrial.probe(peer)
  }

  @Test func whatIsTooLargeIsRefusedWithItsCode() throws {
    #expect(try refusal(of: Self.request(version: 2)) == 3)
    #expect(try refusal(of: Self.request(size: [0, 0x40, 0, 0])) == 4)
    try VerbsTrial.probe(peer)
  }

  @Test func aClientThatSendsMoreThanItMayIsLetGo() throws {
    var pair = try queuePair()
    let (base, keys) = try pair.allocate(bytes: 4096)
    try pair.connect(privateData: Self.request(), deadline: deadline)
    for number in 0..<32 {
      pair.prepare(
        WorkRequest(
          id: UInt64(number), operation: .send, address: UInt64(UInt(bitPattern: base)), bytes: 64,
          key: keys.local))
    }
    #expect(pair.post() == 0)
    let end = deadline
    while pair.checkConnection() == nil && MonotonicClock.now() < end { usleep(1000) }
    #expect(MonotonicClock.now() < end, "the peer ends the connection")
    try VerbsTrial.probe(peer)
  }

  @Test func aClientThatGoesWithoutAWordLeavesNothing() throws {
    for _ in 0..<5 {
      var pair = try queuePair()
      try pair.connect(privateData: Self.request(), deadline: deadline)
    }
    try VerbsTrial.probe(peer)
  }
}
