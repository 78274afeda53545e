internal import Measure

/// What one queue pair of a test asks of the peer, as private data of the connection manager.
///
/// 42 bytes, big-endian: the connection manager carries at most 56 of a request over InfiniBand and
/// RoCE (rdma_connect(3)). Magic number and version come first and never move, so that two versions
/// know of each other.
struct PeerRequest: Equatable {
  /// Why the peer is asked.
  enum Purpose: UInt8 { case test = 1, probe = 2 }

  var purpose = Purpose.test
  var operation = VerbsWorkload.Operation.send
  var measure = VerbsWorkload.Measure.latency
  var messageSize = 1
  var depth = 1
  /// Messages up to this size travel inside the work request.
  var inlineBytes = 0
  /// How long the test takes at most; the peer lets go some time after it.
  var milliseconds = 0
  /// This side's memory, where the peer answers by writing.
  var address: UInt64 = 0
  var key: UInt32 = 0
  /// Common to all queue pairs of a test.
  var test: UInt64 = 0

  static let magic: UInt32 = 0x4153_5652
  static let version: UInt16 = 1
  static let byteCount = 42

  /// Half of what reliable connections carry in one message (2 GiB).
  static let largestMessage = Int(VerbsWorkload.largestMessage.count)
  static let depths = 1...16384
  static let longestMilliseconds = 7 * 24 * 3600 * 1000
}

/// Why private data is not what was due.
enum HandshakeFault: Error, Equatable {
  /// It is not of Assay at all.
  case foreign
  /// Of another version.
  case version(UInt16)
  /// A field is out of its range.
  case field(String)
}

extension PeerRequest {
  var bytes: [UInt8] {
    var out = WireWriter(magic: Self.magic, version: Self.version)
    out.put(purpose.rawValue)
    out.put(operation.code)
    out.put(measure.code)
    out.put(UInt8(0))
    out.put(UInt16(clamping: depth))
    out.put(UInt16(clamping: inlineBytes))
    out.put(UInt32(clamping: messageSize))
    out.put(UInt32(clamping: milliseconds))
    out.put(address)
    out.put(key)
    out.put(test)
    return out.bytes
  }

  /// Reads what a stranger sent: every field is checked.
  init(_ bytes: [UInt8]) throws(HandshakeFault) {
    var input = try WireReader(bytes, magic: Self.magic, version: Self.version)
    guard bytes.count >= Self.byteCount else { throw .field("length") }
    // The connection manager fills up with zeros; anything else is not of this version.
    guard bytes[Self.byteCount...].allSatisfy({ $0 == 0 }) else { throw .field("length") }
    guard let purpose = Purpose(rawValue: input.take()) else { throw .field("purpose") }
    guard let operation = VerbsWorkload.Operation(code: input.take()) else {
      throw .field("operation")
    }
    guard let measure = VerbsWorkload.Measure(code: input.take()) else { throw .field("measure") }
    guard input.take() as UInt8 == 0 else { throw .field("reserved") }
    let depth = Int(input.take() as UInt16)
    let inlineBytes = Int(input.take() as UInt16)
    let size = Int(input.take() as UInt32)
    let milliseconds = Int(input.take() as UInt32)
    guard Self.depths.contains(depth) else { throw .field("queue depth") }
    guard (1...Self.largestMessage).contains(size) else { throw .field("message size") }
    guard (0...Self.longestMilliseconds).contains(milliseconds) else { throw .field("duration") }
    self.init(
      purpose: purpose, operation: operation, measure: measure, messageSize: size, depth: depth,
      inlineBytes: inlineBytes, milliseconds: milliseconds, address: input.take(),
      key: input.take(), test: input.take())
  }
}

/// What the peer says to a request: where its memory lies, or why it refuses.
struct PeerAnswer: Equatable {
  /// Why it refuses; the values never change.
  enum Code: UInt16, CaseIterable {
    case accepted = 0
    /// The answer to a probe: it is there.
    case alive = 1
    case notUnderstood = 2
    case otherVersion = 3
    /// `limit` is the largest size, bytes.
    case messageTooLarge = 4
    /// `limit` is the deepest queue.
    case queueTooDeep = 5
    /// `limit` is what is left of the memory that it may register, bytes.
    case noMemory = 6
    /// `limit` is how many connections it serves at once.
    case tooManyConnections = 7
    /// Its device would not; its log tells why.
    case failed = 8
  }

  var code = Code.accepted
  var limit: UInt64 = 0
  /// The first byte of its memory: the count of what it received, then the messages.
  var address: UInt64 = 0
  var key: UInt32 = 0

  static let byteCount = 28
}

extension PeerAnswer {
  var bytes: [UInt8] {
    var out = WireWriter(magic: PeerRequest.magic, version: PeerRequest.version)
    out.put(code.rawValue)
    out.put(limit)
    out.put(address)
    out.put(key)
    return out.bytes
  }

  init(_ bytes: [UInt8]) throws(HandshakeFault) {
    var input = try WireReader(bytes, magic: PeerRequest.magic, version: PeerRequest.version)
    guard bytes.count >= Self.byteCount else { throw .field("length") }
    guard let code = Code(rawValue: input.take()) else { throw .field("code") }
    self.init(code: code, limit: input.take(), address: input.take(), key: input.take())
  }
}

/// How the memory of each side is laid out; both work it out from the request.
struct MessageMemory: Equatable {
  /// Messages begin here; before it stands the count of what was received.
  static let header = 4096
  /// Memory of a deep queue that its messages share, as perftest does: caches stay as they are.
  private static let shared = 4 << 20

  /// From one message to the next.
  let stride: Int
  /// Messages that have a place of their own.
  let slots: Int

  init(size: Int, depth: Int, measure: VerbsWorkload.Measure) {
    stride = (size + 63) & ~63
    slots =
      switch measure {
      // One to send from, one that the peer answers to.
      case .latency: 2
      case .bandwidth: max(1, min(depth, Self.shared / stride))
      }
  }

  init(_ request: PeerRequest) {
    self.init(size: request.messageSize, depth: request.depth, measure: request.measure)
  }

  var bytes: Int { (Self.header + stride * slots + 4095) & ~4095 }

  /// Where a message lies, from the first byte.
  func offset(_ slot: Int) -> UInt64 {
    UInt64(truncatingIfNeeded: Self.header &+ (slot % slots) &* stride)
  }
}

extension VerbsWorkload.Operation {
  fileprivate var code: UInt8 {
    switch self {
    case .send: 1
    case .write: 2
    case .read: 3
    }
  }

  fileprivate init?(code: UInt8) {
    guard let operation = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = operation
  }
}

extension VerbsWorkload.Measure {
  fileprivate var code: UInt8 {
    switch self {
    case .latency: 1
    case .bandwidth: 2
    }
  }

  fileprivate init?(code: UInt8) {
    guard let measure = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = measure
  }
}

// MARK: - Bytes

/// Writes whole numbers, the highest byte first.
private struct WireWriter {
  private(set) var bytes: [UInt8] = []

  init(magic: UInt32, version: UInt16) {
    put(magic)
    put(version)
  }

  mutating func put<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
  }
}

/// Reads them back; past the end it reads zeros.
private struct WireReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8], magic: UInt32, version: UInt16) throws(HandshakeFault) {
    rest = bytes[...]
    guard bytes.count >= 6, take() == magic else { throw .foreign }
    let theirs: UInt16 = take()
    guard theirs == version else { throw .version(theirs) }
  }

  mutating func take<Number: FixedWidthInteger & UnsignedInteger>() -> Number {
    var number: Number = 0
    for _ in 0..<MemoryLayout<Number>.size {
      // Shifting a byte by eight gives zero, as it should.
      number = (number << 8) | Number(rest.popFirst() ?? 0)
    }
    return number
  }
}
