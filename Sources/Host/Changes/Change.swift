/// Something that Assay changes on the machine, with all it takes to undo it.
///
/// In JSON a change is one object: `kind` beside the fields of what is changed.
public enum Change: Hashable, Sendable {
  /// A connection to an NVMe over Fabrics subsystem that the kernel holds.
  case fabricsConnection(FabricsConnectionChange)
  /// Virtual functions of a PCI device.
  case virtualFunctions(VirtualFunctionsChange)
  /// Resources of the NVMe controllers behind virtual functions.
  case secondaryControllers(SecondaryControllersChange)
  /// The content of a file below /sys or /proc/sys.
  case setting(SettingChange)
  /// What an online operation did.
  case operation(OperationChange)

  /// What was changed, in words.
  public var text: String {
    switch self {
    case .fabricsConnection(let change): change.text
    case .virtualFunctions(let change): change.text
    case .secondaryControllers(let change): change.text
    case .setting(let change): change.text
    case .operation(let change): change.text
    }
  }

  /// Commands that undo it by hand, as the user whose run made it.
  public var byHand: String {
    switch self {
    case .fabricsConnection(let change): change.byHand
    case .virtualFunctions(let change): change.byHand
    case .secondaryControllers(let change): change.byHand
    case .setting(let change): change.byHand
    case .operation(let change): change.byHand
    }
  }

  /// Whether a boot of this machine ends it: it is in the kernel's memory, and nowhere else.
  var endsWithBoot: Bool {
    switch self {
    case .fabricsConnection, .virtualFunctions, .secondaryControllers, .setting: true
    case .operation: false
    }
  }

  /// Permissions of its entry: what an operation is called with is its user's own business.
  var mode: UInt32 {
    switch self {
    case .fabricsConnection, .virtualFunctions, .secondaryControllers, .setting: 0o644
    case .operation: 0o600
    }
  }
}

/// A connection through /dev/nvme-fabrics.
public struct FabricsConnectionChange: Hashable, Codable, Sendable {
  /// Qualified name of the subsystem.
  public var subsystem: String
  /// Qualified name that this host gave itself.
  public var host: String
  /// `rdma`, `tcp` or `loop`.
  public var transport: String
  /// Address of the target's port; nil for `loop`.
  public var address: String?
  /// Port of the target; nil for `loop`.
  public var port: Int?
  /// The controller that came of it (`nvme3`); nil until the kernel has answered.
  public var controller: String?
  /// Inode of the controller's folder in sysfs, which the kernel gives once between two boots: a
  /// later controller of the same name has another.
  public var inode: UInt64?

  /// Describes a connection that is about to be made.
  public init(subsystem: String, host: String, transport: String, address: String?, port: Int?) {
    self.subsystem = subsystem
    self.host = host
    self.transport = transport
    self.address = address
    self.port = port
  }

  var text: String {
    let place = address.map { " \($0)" + (port.map { ":\($0)" } ?? "") } ?? ""
    let name = controller.map { ", controller \($0)" } ?? ""
    return "NVMe connection by \(transport)\(place) to \(subsystem) as \(host)\(name)"
  }

  var byHand: String {
    controller.map { "nvme disconnect --device=\($0)" } ?? "nvme disconnect --nqn=\(subsystem)"
  }
}

/// Virtual functions of a PCI device (Documentation/ABI/testing/sysfs-bus-pci).
public struct VirtualFunctionsChange: Hashable, Codable, Sendable {
  /// Domain, bus, device, function: `0000:17:00.0`.
  public var device: String
  /// sriov_numvfs as it was.
  public var previousCount: Int
  /// sriov_numvfs as set.
  public var count: Int
  /// sriov_drivers_autoprobe as it was; nil where it is left alone.
  public var previousAutoprobe: Bool?
  /// sriov_drivers_autoprobe as set; nil where it is left alone.
  public var autoprobe: Bool?
  /// driver_override of the functions that were there, by number; restored with them.
  public var previousOverrides: [Int: String]

  /// Reads what is there now, before it becomes `count` functions.
  ///
  /// Throws ``HostError`` where the device has no SR-IOV.
  public init(device: String, count: Int, autoprobe: Bool?) throws(HostError) {
    try self.init(device: device, count: count, autoprobe: autoprobe, machine: MachineFiles())
  }

  init(device: String, count: Int, autoprobe: Bool?, machine: MachineFiles) throws(HostError) {
    let folder = Self.folder(device)
    guard let previous = machine.integer("\(folder)/sriov_numvfs") else {
      throw HostError(
        device, machine.exists(folder) ? "has no SR-IOV" : "is no PCI device of this machine",
        remedy: "`lspci -D` lists devices; SR-IOV is switched on in the firmware's setup")
    }
    self.device = device
    self.count = count
    previousCount = Int(previous)
    self.autoprobe = autoprobe
    previousAutoprobe =
      autoprobe == nil ? nil : machine.integer("\(folder)/sriov_drivers_autoprobe") == 1
    previousOverrides = [:]
    for number in 0..<previousCount {
      let path = "\(folder)/virtfn\(number)/driver_override"
      if let name = machine.value(path), name != "(null)" { previousOverrides[number] = name }
    }
  }

  static func folder(_ device: String) -> String { "/sys/bus/pci/devices/\(device)" }

  var text: String {
    "virtual functions of \(device): \(count) instead of \(previousCount)"
  }

  var byHand: String {
    let folder = Self.folder(device)
    let counts = previousCount == 0 ? ["0"] : ["0", "\(previousCount)"]
    var commands = counts.map { "echo \($0) > \(folder)/sriov_numvfs" }
    if let previousAutoprobe {
      commands.append("echo \(previousAutoprobe ? 1 : 0) > \(folder)/sriov_drivers_autoprobe")
    }
    return commands.joined(separator: "; ")
  }
}

/// A kernel setting that is a small file.
public struct SettingChange: Hashable, Codable, Sendable {
  /// The file, below /sys or /proc/sys.
  public var path: String
  /// Its content as it was; of a file that offers several words, the one in brackets.
  public var previous: String
  /// Its content as set.
  public var value: String

  /// Reads what is there now, before it becomes `value`.
  ///
  /// Throws ``HostError`` where there is no such setting.
  public init(path: String, value: String) throws(HostError) {
    try self.init(path: path, value: value, machine: MachineFiles())
  }

  init(path: String, value: String, machine: MachineFiles) throws(HostError) {
    guard Self.isSetting(path), let previous = Self.current(path, machine) else {
      throw HostError(
        path, "is no setting that can be read", remedy: "settings lie below /sys and /proc/sys")
    }
    self.path = path
    self.previous = previous
    self.value = value
  }

  /// Whether a path is one that a journal's file may have written: nothing else is ever undone.
  static func isSetting(_ path: String) -> Bool {
    (path.hasPrefix("/sys/") || path.hasPrefix("/proc/sys/"))
      && !path.split(separator: "/").contains("..")
  }

  static func current(_ path: String, _ machine: MachineFiles) -> String? {
    machine.choice(path) ?? machine.text(path)
  }

  var text: String { "\(path): \"\(value)\" instead of \"\(previous)\"" }

  var byHand: String { "echo '\(previous)' > \(path)" }
}

extension Change: Codable {
  private enum Kind: String, Codable {
    case fabricsConnection = "fabrics-connection"
    case virtualFunctions = "virtual-functions"
    case secondaryControllers = "secondary-controllers"
    case setting
    case operation
  }

  private enum CodingKeys: CodingKey {
    case kind
  }

  /// Reads the object that ``encode(to:)`` writes; fails on a kind of a newer Assay.
  public init(from decoder: any Decoder) throws {
    self =
      switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind) {
      case .fabricsConnection: .fabricsConnection(try FabricsConnectionChange(from: decoder))
      case .virtualFunctions: .virtualFunctions(try VirtualFunctionsChange(from: decoder))
      case .secondaryControllers:
        .secondaryControllers(try SecondaryControllersChange(from: decoder))
      case .setting: .setting(try SettingChange(from: decoder))
      case .operation: .operation(try OperationChange(from: decoder))
      }
  }

  /// Writes the fields of what is changed, and `kind`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .fabricsConnection(let change):
      try container.encode(Kind.fabricsConnection, forKey: .kind)
      try change.encode(to: encoder)
    case .virtualFunctions(let change):
      try container.encode(Kind.virtualFunctions, forKey: .kind)
      try change.encode(to: encoder)
    case .secondaryControllers(let change):
      try container.encode(Kind.secondaryControllers, forKey: .kind)
      try change.encode(to: encoder)
    case .setting(let change):
      try container.encode(Kind.setting, forKey: .kind)
      try change.encode(to: encoder)
    case .operation(let change):
      try container.encode(Kind.operation, forKey: .kind)
      try change.encode(to: encoder)
    }
  }
}
