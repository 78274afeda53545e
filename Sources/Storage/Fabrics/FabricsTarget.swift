public import Host
public import Measure

/// What a controller and its namespace told the user-space initiator.
public struct FabricsTarget: Hashable, Codable, Sendable {
  /// Where it is.
  public var address: FabricsAddress
  /// Number of the controller in its subsystem, given by Connect.
  public var controllerID: UInt16
  /// Model, as the controller tells it.
  public var model: String
  /// Serial number.
  public var serial: String
  /// Firmware's revision.
  public var firmware: String
  /// Version of the NVMe specification: `1.3`.
  public var version: String
  /// The RDMA device on this side.
  public var device: String
  /// Most entries of a queue (CAP.MQES + 1).
  public var queueEntries: Int
  /// Most commands in flight on a queue (MAXCMD); nil where it is not told.
  public var commandsPerQueue: Int?
  /// Bytes of data that a command capsule may carry; 0 for none.
  public var inCapsuleBytes: Int
  /// Most bytes of one command.
  public var largestCommandBytes: Int
  /// Whether it takes Dataset Management, and so trims.
  public var deallocates: Bool
  /// Whether it has a volatile write cache.
  public var hasWriteCache: Bool
  /// Size of the namespace.
  public var sizeBytes: ByteCount
  /// Bytes of a logical block.
  public var blockBytes: Int
}

/// Fields of Identify Controller that an initiator goes by.
///
/// Offsets after the NVMe Base Specification 2.0, 5.17.2.1 (Identify Controller data structure);
/// checked against struct nvme_id_ctrl of include/linux/nvme.h.
struct ControllerIdentity {
  var serial: String
  var model: String
  var firmware: String
  /// MDTS: a power of two in units of the controller's smallest page; 0 is no limit.
  var transferExponent: Int
  var commandsPerQueue: Int
  var namespaces: UInt32
  var deallocates: Bool
  var hasWriteCache: Bool
  /// SGLS bit 2: keyed descriptors, without which there is no RDMA.
  var takesKeyedDescriptors: Bool
  /// SGLS bit 20: offsets as addresses, without which there is no data in capsules.
  var takesOffsets: Bool
  /// IOCCSZ in bytes.
  var capsuleBytes: Int
  /// ICDOFF in bytes.
  var inCapsuleOffset: Int

  init(_ data: UnsafeRawBufferPointer) {
    serial = Self.text(data, 4, 20)
    model = Self.text(data, 24, 40)
    firmware = Self.text(data, 64, 8)
    transferExponent = Int(data[77])
    commandsPerQueue = Int(Self.number(data, 514, as: UInt16.self))
    namespaces = Self.number(data, 516, as: UInt32.self)
    deallocates = Self.number(data, 520, as: UInt16.self) & 1 << 2 != 0
    hasWriteCache = data[525] & 1 != 0
    let descriptors = Self.number(data, 536, as: UInt32.self)
    takesKeyedDescriptors = descriptors & 1 << 2 != 0
    takesOffsets = descriptors & 1 << 20 != 0
    capsuleBytes = Int(Self.number(data, 1792, as: UInt32.self)) * 16
    inCapsuleOffset = Int(Self.number(data, 1800, as: UInt16.self)) * 16
  }

  /// Data that fits behind a command; none where it would have to lie at an offset.
  var inCapsuleBytes: Int {
    guard takesOffsets, inCapsuleOffset == 0 else { return 0 }
    return max(0, capsuleBytes - NVMeCommand.bytes)
  }

  static func number<Number: FixedWidthInteger>(
    _ data: UnsafeRawBufferPointer, _ offset: Int, as: Number.Type
  ) -> Number {
    Number(littleEndian: data.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  private static func text(_ data: UnsafeRawBufferPointer, _ offset: Int, _ length: Int) -> String {
    let field = data[offset..<offset + length].prefix { $0 != 0 }
    let blank = UInt8(ascii: " ")
    let end = field.lastIndex { $0 != blank }.map { $0 + 1 } ?? field.startIndex
    return String(decoding: field[..<end].drop { $0 == blank }, as: UTF8.self)
  }
}

/// Fields of Identify Namespace that an initiator goes by.
///
/// Offsets after the NVM Command Set Specification 1.0, 4.1.5.1 (Identify Namespace); checked
/// against struct nvme_id_ns.
struct NamespaceIdentity {
  /// NSZE; 0 where there is no such namespace.
  var blocks: UInt64
  /// 0 where the format is of no use.
  var blockBytes: Int
  var metadataBytes: Int

  init(_ data: UnsafeRawBufferPointer) {
    blocks = ControllerIdentity.number(data, 0, as: UInt64.self)
    let formats = Int(data[25]) + 1
    // FLBAS: bits 3:0, and where there are more than 16 formats bits 6:5 above them.
    let low = Int(data[26] & 0xF)
    let format = min(formats > 16 ? low | Int(data[26] >> 5 & 3) << 4 : low, 63)
    let word = ControllerIdentity.number(data, 128 + 4 * format, as: UInt32.self)
    let exponent = Int(word >> 16 & 0xFF)
    blockBytes = (9...20).contains(exponent) ? 1 << exponent : 0
    metadataBytes = Int(word & 0xFFFF)
  }
}
