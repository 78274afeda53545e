internal import Glibc

/// The physical function of an NVMe controller, as sysfs tells of it
/// (Documentation/ABI/testing/sysfs-bus-pci).
struct PhysicalFunction {
  /// Kernel name of the controller (`nvme0`).
  let controller: String
  /// PCI address (`0000:17:00.0`).
  let address: String
  let machine: MachineFiles

  var folder: String { VirtualFunctionsChange.folder(address) }

  /// Finds it by PCI address, controller or serial number.
  ///
  /// Throws ``HostError`` where there is none, several are meant, or another driver has it.
  init(_ name: String, _ machine: MachineFiles = MachineFiles()) throws(HostError) {
    self.machine = machine
    if let address = Self.address(in: name) {
      self.address = address
      controller = try Self.controller(at: address, machine)
    } else if name.hasPrefix("/") {
      guard let match = name.wholeMatch(of: #/\/dev\/(nvme\d+)/#) else {
        throw HostError(
          name, "is not a controller",
          remedy: "give one such as /dev/nvme0, its PCI address or its serial number")
      }
      controller = String(match.1)
      address = try Self.address(of: controller, machine, asked: name)
    } else {
      controller = try Self.controller(serial: name, machine)
      address = try Self.address(of: controller, machine, asked: name)
    }
    if machine.exists("\(folder)/physfn") {
      let parent = machine.linkName("\(folder)/physfn") ?? "?"
      throw HostError(
        name, "is a virtual function itself", remedy: "its physical function is \(parent)")
    }
  }

  /// Functions that there can be; 0 without SR-IOV.
  var most: Int { machine.integer("\(folder)/sriov_totalvfs").flatMap { Int(exactly: $0) } ?? 0 }

  /// Functions that there are.
  var count: Int { machine.integer("\(folder)/sriov_numvfs").flatMap { Int(exactly: $0) } ?? 0 }

  /// PCI address of function `number`, from 1; nil where it is not there.
  func function(_ number: Int) -> String? { machine.linkName("\(folder)/virtfn\(number - 1)") }

  /// Passes when `asked` functions can be made.
  ///
  /// Throws ``HostError``: no SR-IOV, too many, some are there already, not root.
  func requireRoom(for asked: Int) throws(HostError) {
    guard most > 0 else {
      throw HostError(
        address, "has no SR-IOV",
        remedy: "the controller must have it, and the firmware's setup must have it switched on; "
          + "`lspci -s \(address) -vv` lists the capability")
    }
    guard asked <= most else {
      throw HostError(
        address, "has at most \(most) virtual functions, and \(asked) are asked for",
        remedy: "give functions: \(most), or less")
    }
    guard count == 0 else { throw occupied }
    guard access("\(machine.root)\(folder)/sriov_numvfs", W_OK) == 0 else {
      throw HostError(
        address, "making virtual functions needs root", remedy: "run as root (CAP_SYS_ADMIN)")
    }
  }

  /// Functions that are there are somebody's, and would go with ours.
  private var occupied: HostError {
    let uses = (1...count).compactMap { number in
      function(number).map { address in
        let driver = machine.linkName("/sys/bus/pci/devices/\(address)/driver")
        return "\(address) (\(Self.use(by: driver)))"
      }
    }
    return HostError(
      address, "has \(count) virtual functions already: " + uses.joined(separator: ", "),
      remedy: "what a killed run left goes by `assay cleanup`; when nobody needs them: "
        + "echo 0 > \(folder)/sriov_numvfs")
  }

  private static func use(by driver: String?) -> String {
    switch driver {
    case nil: "no driver"
    case "vfio-pci": "vfio-pci, given to a virtual machine"
    case let name?: "driver \(name)"
    }
  }

  // MARK: Finding

  /// `17:00.0` and `0000:17:00.0` as the kernel writes it.
  private static func address(in name: String) -> String? {
    let name = name.lowercased()
    guard
      let match = name.wholeMatch(
        of: #/([0-9a-f]{4,8}:)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])/#)
    else { return nil }
    return (match.1.map(String.init) ?? "0000:") + match.2
  }

  private static func controller(
    at address: String, _ machine: MachineFiles
  ) throws(HostError) -> String {
    let folder = VirtualFunctionsChange.folder(address)
    guard machine.exists(folder) else {
      throw HostError(
        address, "is no PCI device of this machine", remedy: "`lspci -D` lists devices")
    }
    if let name = machine.names(in: "\(folder)/nvme").first { return name }
    let driver = machine.linkName("\(folder)/driver")
    throw HostError(
      address,
      driver == "nvme" || driver == nil
        ? "has no NVMe controller" : "has driver \(driver ?? ""), and nvme is due",
      remedy: "`nvme list -v` lists controllers with their addresses")
  }

  private static func address(
    of controller: String, _ machine: MachineFiles, asked: String
  ) throws(HostError) -> String {
    let folder = "/sys/class/nvme/\(controller)"
    guard machine.exists(folder) else {
      throw HostError(
        asked, "is no NVMe controller of this machine", remedy: "`nvme list -v` lists them")
    }
    guard machine.value("\(folder)/transport") == "pcie",
      let address = machine.linkName("\(folder)/device")
    else {
      throw HostError(asked, "is not on PCI Express", remedy: "a fabric has no virtual functions")
    }
    return address
  }

  private static func controller(
    serial: String, _ machine: MachineFiles
  ) throws(HostError) -> String {
    let root = "/sys/class/nvme"
    let found = machine.names(in: root).filter { name in
      machine.value("\(root)/\(name)/serial") == serial
        && machine.value("\(root)/\(name)/transport") == "pcie"
        && !machine.exists("\(root)/\(name)/device/physfn")
    }
    guard let name = found.first else {
      throw HostError(
        serial, "is the serial number of no NVMe controller on PCI Express",
        remedy: "`nvme list` lists them; a controller is /dev/nvme0 or its PCI address")
    }
    guard found.count == 1 else {
      throw HostError(
        serial, "is the serial number of \(found.joined(separator: " and "))",
        remedy: "name the controller by its PCI address")
    }
    return name
  }
}
