/// A submission queue entry: 64 bytes, written in place, little-endian.
///
/// Layout after the NVMe Base Specification 2.0, 3.3.3.1 (common command format), and for fabrics
/// commands section 6; checked against struct nvme_command of Linux's include/linux/nvme.h.
struct NVMeCommand {
  /// Length of an entry.
  static var bytes: Int { 64 }

  private let base: UnsafeMutableRawPointer

  /// Clears the entry and writes what all commands have.
  @inline(__always)
  init(at base: UnsafeMutableRawPointer, opcode: UInt8, id: UInt16, namespace: UInt32 = 0) {
    self.base = base
    let words = base.assumingMemoryBound(to: UInt64.self)
    for index in 2..<8 { words[index] = 0 }
    // PSDT (bits 15:14 of dword 0) 01b: SGLs, as all commands over fabrics have it.
    let first = UInt32(opcode) | 0x40 << 8 | UInt32(id) << 16
    words[0] = (UInt64(first) | UInt64(namespace) << 32).littleEndian
    words[1] = 0
    noData()
  }

  /// Puts a number at a byte offset.
  @inline(__always)
  func put<Number: FixedWidthInteger>(_ value: Number, at offset: Int) {
    base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Number.self)
  }

  /// Data in this host's memory, which the controller reads or writes by RDMA.
  ///
  /// Keyed SGL Data Block descriptor (type 4h, subtype 0h): address, 24-bit length, key. A length
  /// is below 16 MiB.
  @inline(__always)
  func keyed(address: UInt64, bytes: Int, key: UInt32) {
    put(address, at: 24)
    // Length in bytes 2:0 and the key in 6:3 of the second half, type and subtype in byte 7.
    put(UInt64(bytes & 0xFF_FFFF) | UInt64(key) << 24 | 0x40 << 56, at: 32)
  }

  /// Data that follows the command in its capsule.
  ///
  /// SGL Data Block descriptor (type 0h) with subtype 1h: the address is an offset.
  @inline(__always)
  func inCapsule(bytes: Int) {
    put(UInt64(0), at: 24)
    put(UInt64(UInt32(truncatingIfNeeded: bytes)) | 0x01 << 56, at: 32)
  }

  /// No data: a keyed descriptor of length 0, as hosts over RDMA send it.
  @inline(__always)
  func noData() { keyed(address: 0, bytes: 0, key: 0) }
}

extension NVMeCommand {
  /// Opcodes: NVMe Base Specification 2.0, figure of admin opcodes; NVM Command Set 1.0, section 3.
  enum Opcode {
    static var flush: UInt8 { 0x00 }
    static var write: UInt8 { 0x01 }
    static var read: UInt8 { 0x02 }
    static var datasetManagement: UInt8 { 0x09 }
    static var identify: UInt8 { 0x06 }
    static var setFeatures: UInt8 { 0x09 }
    static var keepAlive: UInt8 { 0x18 }
    static var fabrics: UInt8 { 0x7F }
  }

  /// Kinds of a fabrics command, byte 4.
  enum FabricsType {
    static var propertySet: UInt8 { 0x00 }
    static var connect: UInt8 { 0x01 }
    static var propertyGet: UInt8 { 0x04 }
  }

  /// A Read or Write of logical blocks.
  @inline(__always)
  func blocks(first: UInt64, count: UInt32) {
    put(first, at: 40)
    // NLB counts from 0.
    put(UInt16(truncatingIfNeeded: count &- 1), at: 48)
  }

  /// Connect: creates a queue, and for queue 0 the controller.
  func connect(queue: UInt16, lastEntry: UInt16, keepAliveMilliseconds: UInt32) {
    put(FabricsType.connect, at: 4)
    put(UInt16(0), at: 40)
    put(queue, at: 42)
    put(lastEntry, at: 44)
    put(keepAliveMilliseconds, at: 48)
  }

  /// Property Get, of 4 or 8 bytes.
  func propertyGet(_ property: FabricsProperty) {
    put(FabricsType.propertyGet, at: 4)
    put(UInt8(property.isWide ? 1 : 0), at: 40)
    put(property.rawValue, at: 44)
  }

  /// Property Set, of 4 bytes.
  func propertySet(_ property: FabricsProperty, to value: UInt32) {
    put(FabricsType.propertySet, at: 4)
    put(property.rawValue, at: 44)
    put(UInt64(value), at: 48)
  }

  /// Identify: CNS 00h is a namespace, 01h the controller.
  func identify(_ structure: UInt8) { put(structure, at: 40) }

  /// Set Features, Number of Queues (07h); both counts from 0.
  func setQueueCount(_ count: Int) {
    put(UInt8(0x07), at: 40)
    let wanted = UInt32(truncatingIfNeeded: count - 1) & 0xFFFF
    put(wanted | wanted << 16, at: 44)
  }

  /// Dataset Management of one range, Deallocate (attribute bit 2).
  @inline(__always)
  func deallocateOneRange() {
    put(UInt32(0), at: 40)
    put(UInt32(1 << 2), at: 44)
  }
}

/// Properties of a controller (NVMe Base Specification 2.0, 3.1.3), by their offset.
enum FabricsProperty: UInt32 {
  case capabilities = 0x00
  case version = 0x08
  case configuration = 0x14
  case status = 0x1C

  var isWide: Bool { self == .capabilities }
}

/// A completion queue entry: 16 bytes (NVMe Base Specification 2.0, 3.3.3.2).
struct NVMeResponse {
  /// Length of an entry.
  static var bytes: Int { 16 }

  /// Of the command, such as a property's value.
  var result: UInt64
  /// Identifier of the command that is complete.
  var id: UInt16
  /// Status code (7:0), its type (10:8) and the bits above, without the phase.
  var status: UInt16

  @inline(__always)
  init(at base: UnsafeRawPointer) {
    result = UInt64(littleEndian: base.loadUnaligned(as: UInt64.self))
    id = UInt16(littleEndian: base.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
    status = UInt16(littleEndian: base.loadUnaligned(fromByteOffset: 14, as: UInt16.self)) >> 1
  }
}

/// What is exchanged when an RDMA connection for a queue is made.
///
/// After the NVMe RDMA Transport Specification 1.0 (RDMA_CM private data, record format 0); checked
/// against include/linux/nvme-rdma.h.
enum FabricsHandshake {
  /// The host's request: record format, queue, its receive and send queue sizes, controller.
  ///
  /// The send queue's size counts from 0, the receive queue's from 1, as all targets read them
  /// (drivers/nvme/host/rdma.c, nvme_rdma_route_resolved).
  static func request(queue: UInt16, entries: UInt16, controller: UInt16) -> [UInt8] {
    words([0, queue, entries, entries - 1, controller]) + [UInt8](repeating: 0, count: 22)
  }

  /// The controller's receive queue size out of its answer; nil where it tells none.
  static func receiveQueueSize(_ answer: [UInt8]) -> Int? {
    guard answer.count >= 4, word(answer, 0) == 0, word(answer, 2) > 0 else { return nil }
    return Int(word(answer, 2))
  }

  /// The reason of a refusal in words; nil where it tells none.
  static func refusal(_ data: [UInt8]) -> String? {
    guard data.count >= 4, word(data, 0) == 0 else { return nil }
    switch word(data, 2) {
    case 0x01: return "invalid length of the request"
    case 0x02: return "unknown record format"
    case 0x03: return "invalid queue"
    case 0x04: return "invalid size of the host's send queue"
    case 0x05: return "invalid size of the host's receive queue"
    case 0x06: return "no resources left"
    case 0x07: return "invalid number of RDMA reads as responder"
    case 0x08: return "invalid number of RDMA reads as initiator"
    default: return nil
    }
  }

  /// The 1024 bytes of data of a Connect.
  static func connectData(
    hostIdentifier: String, controller: UInt16, subsystem: String, host: String
  ) -> [UInt8] {
    var data = [UInt8](repeating: 0, count: 1024)
    let digits = hostIdentifier.compactMap { $0.hexDigitValue.map(UInt8.init) }
    for index in 0..<min(16, digits.count / 2) {
      data[index] = digits[2 * index] << 4 | digits[2 * index + 1]
    }
    data.replaceSubrange(16..<18, with: words([controller]))
    for (offset, name) in [(256, subsystem), (512, host)] {
      let bytes = name.utf8.prefix(255)
      data.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    return data
  }

  private static func words(_ numbers: [UInt16]) -> [UInt8] {
    numbers.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
  }

  private static func word(_ data: [UInt8], _ offset: Int) -> UInt16 {
    UInt16(data[offset]) | UInt16(data[offset + 1]) << 8
  }
}
