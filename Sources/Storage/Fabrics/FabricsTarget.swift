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

/// What Identify Controller tells an initiator alone, beside ``NVMeIdentity``.
///
/// Offsets after the NVMe Base Specification 2.0, 5.17.2.1 (Identify Controller data structure);
/// checked against struct nvme_id_ctrl of include/linux/nvme.h.
struct ControllerLimits {
  /// MDTS: a power of two in units of the controller's smallest page; 0 is no limit.
  var transferExponent: Int
  /// MAXCMD; nil where it is not told.
  var commandsPerQueue: Int?
  var deallocates: Bool
  /// SGLS bit 2: keyed descriptors, without which there is no RDMA.
  var takesKeyedDescriptors: Bool
  /// Data that fits behind a command; none where it would have to lie at an offset.
  var inCapsuleBytes: Int

  init(data bytes: [UInt8]) {
    let data = NVMeData(bytes)
    transferExponent = Int(data.number(77, 1))
    let commands = Int(data.number(514, 2))
    commandsPerQueue = commands == 0 ? nil : commands
    deallocates = data.number(520, 2) & 1 << 2 != 0
    let descriptors = data.number(536, 4)
    takesKeyedDescriptors = descriptors & 1 << 2 != 0
    // SGLS bit 20: offsets as addresses, without which there is no data in capsules; ICDOFF.
    let isBehindCommand = descriptors & 1 << 20 != 0 && data.number(1800, 2) == 0
    let inCapsule = NVMeIdentity(data: bytes).inCapsule ?? .zero
    inCapsuleBytes = isBehindCommand ? Int(inCapsule.count) : 0
  }
}
