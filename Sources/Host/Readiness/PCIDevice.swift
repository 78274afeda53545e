/// A device on PCI, as sysfs tells of it (Documentation/ABI/testing/sysfs-bus-pci).
public struct PCIDevice: Hashable, Codable, Sendable {
  /// Speed and width of a PCI Express link.
  public struct Link: Hashable, Codable, Sendable {
    /// Transfers per second and lane, in 10^9: 16.0 for PCIe 4.0.
    public var gigatransfers: Double
    /// Lanes.
    public var width: Int

    enum CodingKeys: String, CodingKey {
      case gigatransfers = "gigatransfersPerSecond"
      case width
    }

    /// `x4 at 16.0 GT/s`.
    var text: String { "x\(width) at \(gigatransfers) GT/s" }

    /// Whether it is slower or narrower than `other`.
    func isBelow(_ other: Link) -> Bool {
      gigatransfers < other.gigatransfers || width < other.width
    }
  }

  /// Domain, bus, device, function: `0000:17:00.0`.
  public var address: String
  /// Vendor and device by number: `8086:1572`.
  public var identifier: String
  /// Class, subclass and programming interface: 0x020000 is Ethernet.
  public var classCode: Int
  /// Vendor and device by name, where pci.ids is installed.
  public var name: String?
  /// The class by name, where pci.ids is installed.
  public var className: String?
  /// The driver bound to it.
  public var driver: String?
  /// Its NUMA node, where the machine has several.
  public var numaNode: Int?
  /// The link as trained now.
  public var link: Link?
  /// The best link that the device can train.
  public var bestLink: Link?
  /// The best link that the port above it can train.
  public var portLink: Link?
  /// Virtual functions it can have; nil where it has no SR-IOV.
  public var totalVFs: Int?
  /// Virtual functions it has now.
  public var currentVFs: Int?

  /// PCI base classes of the PCI Code and ID Assignment Specification 1.15.
  enum BaseClass: Int {
    case display = 0x03
    case bridge = 0x06
  }

  var baseClass: Int { classCode >> 16 }

  static func all(in machine: MachineFiles) -> [PCIDevice] {
    let folder = "/sys/bus/pci/devices"
    var devices = machine.names(in: folder).compactMap {
      PCIDevice(address: $0, folder: "\(folder)/\($0)", machine)
    }
    let names = PCINames.find(devices, in: machine)
    for index in devices.indices {
      devices[index].name = names.device(devices[index].identifier)
      devices[index].className = names.class(devices[index].classCode)
    }
    return devices
  }

  private init?(address: String, folder: String, _ machine: MachineFiles) {
    let hex = { (file: String) in
      machine.value("\(folder)/\(file)").flatMap { Int($0.dropFirst(2), radix: 16) }
    }
    guard let vendor = hex("vendor"), let device = hex("device"), let code = hex("class") else {
      return nil
    }
    self.address = address
    identifier = Self.digits(vendor) + ":" + Self.digits(device)
    classCode = code
    driver = machine.linkName("\(folder)/driver")
    numaNode = machine.integer("\(folder)/numa_node").flatMap { $0 >= 0 ? Int($0) : nil }
    link = Self.link("current", folder, machine)
    bestLink = Self.link("max", folder, machine)
    if let real = Files.resolved(machine.root + folder) {
      // What is above a device's folder is its port, or the host bridge, which has no link.
      portLink = Self.link("max", Files.parent(real), MachineFiles())
    }
    totalVFs = machine.integer("\(folder)/sriov_totalvfs").map { Int($0) }
    currentVFs = machine.integer("\(folder)/sriov_numvfs").map { Int($0) }
  }

  /// "16.0 GT/s PCIe" and "4"; "Unknown" and a width of 0 or 255 are no link.
  private static func link(_ which: String, _ folder: String, _ machine: MachineFiles) -> Link? {
    guard let speed = machine.value("\(folder)/\(which)_link_speed"),
      let number = speed.split(separator: " ").first.flatMap({ Double($0) }),
      let width = machine.integer("\(folder)/\(which)_link_width"), (1...64).contains(width)
    else { return nil }
    return Link(gigatransfers: number, width: Int(width))
  }

  /// Four hexadecimal digits.
  static func digits(_ number: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(4 - text.count, 0)) + text
  }
}

/// Names of the devices and classes that are here, from pci.ids where it is installed.
struct PCINames {
  private var vendors: [String: String] = [:]
  private var devices: [String: String] = [:]
  private var classes: [String: String] = [:]

  func device(_ identifier: String) -> String? {
    let vendor = vendors[String(identifier.prefix(4))]
    return vendor.map { $0 + (devices[identifier].map { " \($0)" } ?? "") }
  }

  func `class`(_ code: Int) -> String? { classes[String(PCIDevice.digits(code >> 8))] }

  /// Reads the names of `devices`.
  ///
  /// The format: a vendor or, after `C `, a class at the start of a line; its devices or subclasses
  /// behind one tab; subsystems behind two. O(length of the file).
  static func find(_ devices: [PCIDevice], in machine: MachineFiles) -> PCINames {
    var names = PCINames()
    let places = ["/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids", "/usr/share/pci.ids"]
    guard !devices.isEmpty, let bytes = places.lazy.compactMap({ machine.bytes($0) }).first else {
      return names
    }
    let vendors = Set(devices.map { String($0.identifier.prefix(4)) })
    let (tab, letterC) = (UInt8(ascii: "\t"), UInt8(ascii: "C"))
    // The vendor or class that the indented lines belong to; nil for one that is not here.
    var vendor: String?
    var base: String?
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let first = line.first, first != UInt8(ascii: "#") else { continue }
      if first == tab {
        guard vendor != nil || base != nil, line.dropFirst().first != tab else { continue }
        let (key, name) = split(line.dropFirst())
        if let vendor { names.devices["\(vendor):\(key)"] = name }
        if let base { names.classes[base + key] = name }
      } else {
        let isClass = first == letterC && line.dropFirst().first == UInt8(ascii: " ")
        let (key, name) = split(isClass ? line.dropFirst(2) : line)
        base = isClass ? key : nil
        vendor = !isClass && vendors.contains(key) ? key : nil
        if let vendor { names.vendors[vendor] = name }
      }
    }
    return names
  }

  /// `8086  Intel Corporation`.
  private static func split(_ line: ArraySlice<UInt8>) -> (key: String, name: String) {
    let text = String(decoding: line, as: UTF8.self)
    let key = text.prefix { $0 != " " }
    return (String(key), Files.trimmed(String(text.dropFirst(key.count))))
  }
}
