public import Measure

/// What an NVMe controller says of itself (Identify Controller).
///
///     let identity = try NVMeIdentity.read("/dev/nvme0")
///
/// Fields after the NVMe Base Specification 2.0, Figure 275.
public struct NVMeIdentity: Hashable, Codable, Sendable {
  /// PCI vendor; 0 on a fabric.
  public var vendor: Int
  /// Serial number.
  public var serial: String?
  /// Model number.
  public var model: String?
  /// Firmware revision.
  public var firmware: String?
  /// Largest data of one command (MDTS); nil is no limit.
  ///
  /// In units of the smallest memory page of the controller, taken as 4 KiB, as all known have it.
  public var largestTransfer: ByteCount?
  /// Number of the controller in its subsystem.
  public var controllerID: Int
  /// Version of the specification: `1.4`.
  public var version: String
  /// `I/O`, `discovery` or `administrative`; nil before version 1.4.
  public var kind: String?
  /// Whether the subsystem may have several ports.
  public var hasSeveralPorts: Bool
  /// Whether the subsystem may have several controllers.
  public var hasSeveralControllers: Bool
  /// Whether it is a virtual function of SR-IOV.
  public var isVirtualFunction: Bool
  /// Namespaces that it can have.
  public var namespaces: Int
  /// Memory of the subsystem; nil where it is not told.
  public var totalCapacity: ByteCount?
  /// Temperature from which it warns, degrees Celsius; nil where it is not told.
  public var warningTemperature: Int?
  /// Temperature from which it is in danger, degrees Celsius; nil where it is not told.
  public var criticalTemperature: Int?
  /// Whether there is a volatile write cache.
  public var hasWriteCache: Bool
  /// Qualified name of the subsystem.
  public var subsystemNQN: String?
  /// Data that fits into a command capsule (IOCCSZ less the command's 64 bytes); nil off fabrics.
  public var inCapsule: ByteCount?
  /// Data descriptors in a capsule (MSDBD); nil off fabrics.
  public var descriptors: Int?

  enum CodingKeys: String, CodingKey {
    case vendor, serial, model, firmware
    case largestTransfer = "largestTransferBytes"
    case controllerID, version, kind, hasSeveralPorts, hasSeveralControllers, isVirtualFunction
    case namespaces
    case totalCapacity = "totalCapacityBytes"
    case warningTemperature = "warningTemperatureCelsius"
    case criticalTemperature = "criticalTemperatureCelsius"
    case hasWriteCache, subsystemNQN
    case inCapsule = "inCapsuleBytes"
    case descriptors
  }

  /// Asks a controller, by its own node or one of its namespaces'.
  ///
  /// Throws ``HostError`` where it cannot be opened (root only) or does not answer.
  public static func read(_ path: String) throws(HostError) -> NVMeIdentity {
    NVMeIdentity(data: try NVMeAdmin(path: path).identify(.controller))
  }

  /// Decodes the 4096 bytes of Identify Controller.
  public init(data bytes: [UInt8]) {
    let data = NVMeData(bytes)
    vendor = Int(data.number(0, 2))
    serial = data.text(4, 20)
    model = data.text(24, 40)
    firmware = data.text(64, 8)
    let ports = data.byte(76)
    hasSeveralPorts = ports & 1 != 0
    hasSeveralControllers = ports & 2 != 0
    isVirtualFunction = ports & 4 != 0
    let exponent = Int64(data.byte(77))
    largestTransfer = exponent == 0 || exponent > 40 ? nil : ByteCount(4096 << exponent)
    controllerID = Int(data.number(78, 2))
    // VER: major in bits 31:16, minor in 15:8, tertiary in 7:0.
    let parts = [data.number(82, 2), data.number(81, 1), data.number(80, 1)]
    version = (parts[2] == 0 ? parts.dropLast() : parts[...]).map { String($0) }
      .joined(separator: ".")
    kind =
      switch data.byte(111) {
      case 1: "I/O"
      case 2: "discovery"
      case 3: "administrative"
      default: nil
      }
    warningTemperature = Self.celsius(data.number(266, 2))
    criticalTemperature = Self.celsius(data.number(268, 2))
    let capacity = data.number(280, 16)
    totalCapacity = capacity == 0 ? nil : Int64(exactly: capacity).map { ByteCount($0) }
    namespaces = Int(data.number(516, 4))
    hasWriteCache = data.byte(525) & 1 != 0
    subsystemNQN = data.text(768, 256)
    // IOCCSZ in units of 16 bytes; zero on PCI Express.
    let capsule = Int64(data.number(1792, 4)) * 16
    inCapsule = capsule >= 64 ? ByteCount(capsule - 64) : nil
    descriptors = capsule >= 64 ? Int(data.byte(1803)) : nil
  }

  /// Whole kelvins to degrees Celsius as the field rounds, 273; 0 is "not told".
  static func celsius(_ kelvins: UInt64) -> Int? { kelvins == 0 ? nil : Int(kelvins) - 273 }
}

/// What an NVMe namespace says of itself (Identify Namespace).
///
/// Fields after the NVM Command Set Specification 1.0, Figures 97 and 98.
public struct NVMeNamespace: Hashable, Codable, Sendable {
  /// A layout that the namespace can be formatted to.
  public struct Format: Hashable, Codable, Sendable {
    /// Data of a block.
    public var block: ByteCount
    /// Metadata of a block.
    public var metadata: ByteCount
    /// `best`, `better`, `good` or `degraded`, as its maker says.
    public var performance: String

    enum CodingKeys: String, CodingKey {
      case block = "blockBytes"
      case metadata = "metadataBytes"
      case performance
    }
  }

  /// Its number in the subsystem.
  public var number: UInt32
  /// What can be addressed (NSZE).
  public var size: ByteCount
  /// What can be allocated (NCAP); below the size where it is thin.
  public var capacity: ByteCount
  /// What is allocated (NUSE); a full device is another than an empty one.
  public var utilisation: ByteCount
  /// Whether it may be thin (NSFEAT bit 0).
  public var isThin: Bool
  /// Layouts it can be formatted to.
  public var formats: [Format]
  /// Which of them is in force, from 0.
  public var format: Int
  /// The layout in force; nil where it is none of ``formats``.
  public var layout: Format? { format < formats.count ? formats[format] : nil }
  /// Whether several controllers may reach it at once.
  public var isShared: Bool
  /// Globally unique identifier; nil where it has none.
  public var nguid: String?
  /// IEEE extended unique identifier; nil where it has none.
  public var eui64: String?

  enum CodingKeys: String, CodingKey {
    case number
    case size = "sizeBytes"
    case capacity = "capacityBytes"
    case utilisation = "utilisationBytes"
    case isThin, formats, format, isShared, nguid, eui64
  }

  /// Asks a namespace, by its block device (`/dev/nvme0n1`) or generic device (`/dev/ng0n1`).
  ///
  /// - Parameters:
  ///   - path: the device.
  ///   - number: its number; the kernel knows it as `nsid` in sysfs.
  /// - Returns: what it says.
  /// - Throws: ``HostError`` where it cannot be opened (root only) or does not answer.
  public static func read(_ path: String, number: UInt32) throws(HostError) -> NVMeNamespace {
    let data = try NVMeAdmin(path: path).identify(.namespace, namespace: number)
    return NVMeNamespace(number: number, data: data)
  }

  /// Decodes the 4096 bytes of Identify Namespace.
  public init(number: UInt32, data bytes: [UInt8]) {
    let data = NVMeData(bytes)
    self.number = number
    isThin = data.byte(24) & 1 != 0
    // NLBAF counts from 0, and up to 64 formats have room.
    let count = min(Int(data.byte(25)) + 1, 64)
    formats = (0..<count).map { Self.format(UInt32(data.number(128 + $0 * 4, 4))) }
    // FLBAS: bits 3:0, and where there are more than 16 formats bits 6:5 above them.
    let set = data.byte(26)
    format = Int(set & 0xF) | (count > 16 ? Int(set >> 5 & 3) << 4 : 0)
    let block = format < count ? formats[format].block.count : 0
    let bytesOf = { (offset: Int) in
      let product = Int64(clamping: data.number(offset, 8)).multipliedReportingOverflow(by: block)
      return ByteCount(product.overflow ? .max : product.partialValue)
    }
    size = bytesOf(0)
    capacity = bytesOf(8)
    utilisation = bytesOf(16)
    isShared = data.byte(30) & 1 != 0
    nguid = data.digits(104, 16)
    eui64 = data.digits(120, 8)
  }

  /// MS in bits 15:0, LBADS (a power of two) in 23:16, RP in 25:24.
  private static func format(_ word: UInt32) -> Format {
    let exponent = Int64(word >> 16 & 0xFF)
    return Format(
      block: ByteCount((9...40).contains(exponent) ? 1 << exponent : 0),
      metadata: ByteCount(Int64(word & 0xFFFF)),
      performance: ["best", "better", "good", "degraded"][Int(word >> 24 & 3)])
  }
}
