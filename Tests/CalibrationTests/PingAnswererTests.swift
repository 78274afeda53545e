import Measure
import NIOCore
import NIOEmbedded
import Testing

@testable import Calibration

/// What the HTTP/2 layer sees of a connection, and what etcd gets for its PINGs.
@Suite struct PingAnswers {
  /// A frame with its header (RFC 9113, section 4.1).
  private func frame(type: UInt8, flags: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let count = payload.count
    return [
      UInt8(truncatingIfNeeded: count >> 16), UInt8(truncatingIfNeeded: count >> 8),
      UInt8(truncatingIfNeeded: count), type, flags, 0, 0, 0, type == 6 ? 0 : 1,
    ] + payload
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func onlyPingsAreTakenHoweverTheBytesArrive(
    _ seed: UInt64
  ) throws {
    var random = SeededRandom(seed: seed)
    var sent: [UInt8] = []
    var passed: [UInt8] = []
    var answers: [UInt8] = []
    for _ in 0..<50 {
      let payload = { (count: Int) in
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      }
      if random.below(2) == 0 {
        let opaque = payload(8)
        sent += frame(type: 6, flags: 0, opaque)
        answers += frame(type: 6, flags: 1, opaque)
      } else {
        // Data, settings, an acknowledged PING of our own, and a type that nobody knows.
        let type: UInt8 = [0, 4, 6, 77][Int(random.below(4))]
        let other = frame(
          type: type, flags: type == 6 ? 1 : 0,
          payload(type == 6 ? 8 : Int(random.below(type == 0 ? 5000 : 30))))
        sent += other
        passed += other
      }
    }
    let channel = EmbeddedChannel(handler: PingAnswerer())
    while !sent.isEmpty {
      let most = random.below(3) == 0 ? 4000 : 20
      let count = min(1 + Int(random.below(UInt64(most))), sent.count)
      try channel.writeInbound(ByteBuffer(bytes: sent.prefix(count)))
      sent.removeFirst(count)
    }
    var (inbound, outbound): ([UInt8], [UInt8]) = ([], [])
    while let buffer = try channel.readInbound(as: ByteBuffer.self) {
      inbound += Array(buffer.readableBytesView)
    }
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
      outbound += Array(buffer.readableBytesView)
    }
    #expect(inbound == passed, "seed \(seed)")
    #expect(outbound == answers, "seed \(seed)")
  }
}
