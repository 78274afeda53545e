import Measure
import Testing

@testable import Networking

/// Private data of the connection manager: what a stranger sends decides nothing by itself.
@Suite struct HandshakeTests {
  private static func requests(_ count: Int, _ random: inout SeededRandom) -> [PeerRequest] {
    (0..<count).map { _ in
      PeerRequest(
        purpose: [.test, .probe].randomElement(using: &random) ?? .test,
        operation: VerbsWorkload.Operation.allCases.randomElement(using: &random) ?? .send,
        measure: VerbsWorkload.Measure.allCases.randomElement(using: &random) ?? .latency,
        messageSize: Int.random(in: 1...PeerRequest.largestMessage, using: &random),
        depth: Int.random(in: PeerRequest.depths, using: &random),
        inlineBytes: Int.random(in: 0...65535, using: &random),
        milliseconds: Int.random(in: 0...PeerRequest.longestMilliseconds, using: &random),
        address: random.next(), key: UInt32(truncatingIfNeeded: random.next()),
        test: random.next())
    }
  }

  @Test func aRequestComesBackAsItWasFilledUpWithZerosOrNot() throws {
    var random = SeededRandom(seed: 1)
    for request in Self.requests(500, &random) {
      let bytes = request.bytes
      #expect(bytes.count == PeerRequest.byteCount)
      #expect(try PeerRequest(bytes) == request)
      #expect(try PeerRequest(bytes + [UInt8](repeating: 0, count: 14)) == request)
    }
    // rdma_connect(3): 56 bytes are what a request can carry.
    #expect(PeerRequest.byteCount <= 56)
  }

  @Test func everyTruncationIsRefused() {
    let bytes = PeerRequest(messageSize: 64, test: 7).bytes
    for count in 0..<bytes.count {
      #expect(throws: HandshakeFault.self) { try PeerRequest(Array(bytes.prefix(count))) }
    }
    let answer = PeerAnswer(code: .accepted, limit: 1, address: 2, key: 3).bytes
    for count in 0..<answer.count {
      #expect(throws: HandshakeFault.self) { try PeerAnswer(Array(answer.prefix(count))) }
    }
  }

  @Test func everyValueOutOfRangeIsRefused() {
    let good = PeerRequest(messageSize: 64).bytes
    // By place: magic, version, purpose, operation, measure, reserved, depth, size, duration.
    let bad: [(at: Int, value: [UInt8], fault: HandshakeFault)] = [
      (0, [0], .foreign), (4, [0, 2], .version(2)), (6, [0], .field("purpose")),
      (6, [3], .field("purpose")), (7, [0], .field("operation")), (7, [4], .field("operation")),
      (8, [0], .field("measure")), (8, [3], .field("measure")), (9, [1], .field("reserved")),
      (10, [0, 0], .field("queue depth")), (10, [0x40, 0x01], .field("queue depth")),
      (14, [0, 0, 0, 0], .field("message size")),
      (14, [0x40, 0, 0, 1], .field("message size")),
      (14, [0xFF, 0xFF, 0xFF, 0xFF], .field("message size")),
      (18, [0xFF, 0xFF, 0xFF, 0xFF], .field("duration")),
    ]
    for (place, value, fault) in bad {
      var bytes = good
      bytes.replaceSubrange(place..<place + value.count, with: value)
      #expect(throws: fault) { try PeerRequest(bytes) }
    }
    #expect(throws: HandshakeFault.field("length")) { try PeerRequest(good + [1]) }
  }

  @Test func noBytesWhateverAreMoreThanRefused() {
    var random = SeededRandom(seed: 2)
    let good = PeerRequest(messageSize: 64).bytes
    var read = 0
    for round in 0..<50_000 {
      var bytes = good
      if round % 2 == 0 {
        bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
          UInt8(truncatingIfNeeded: random.next())
        }
      } else {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          bytes[Int.random(in: 6..<bytes.count, using: &random)] = UInt8(
            truncatingIfNeeded: random.next())
        }
      }
      _ = try? PeerAnswer(bytes)
      guard let request = try? PeerRequest(bytes) else { continue }
      read += 1
      #expect(request.bytes == bytes)
      #expect(PeerRequest.depths.contains(request.depth))
      let memory = MessageMemory(request)
      #expect(memory.bytes <= 3 << 30)
    }
    #expect(read > 1000)
  }

  @Test func messagesLieWithinTheMemoryAndApart() {
    var random = SeededRandom(seed: 3)
    for request in Self.requests(2000, &random) {
      let memory = MessageMemory(request)
      let places = [0, memory.slots - 1, request.depth - 1, 16383].map { memory.offset($0) }
      for place in places {
        #expect(place >= UInt64(MessageMemory.header))
        #expect(place + UInt64(request.messageSize) <= UInt64(memory.bytes))
      }
      #expect(memory.stride >= request.messageSize)
    }
  }

  @Test func aPeerThatRefusesSaysWhyAndHow() {
    for code in PeerAnswer.Code.allCases {
      let error = FabricError(PeerAnswer(code: code, limit: 4096), "192.0.2.1:18515")
      #expect(error.message.hasPrefix("the peer at 192.0.2.1:18515 "))
      #expect(!error.hint.isEmpty)
    }
  }
}
