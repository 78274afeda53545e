internal import CLinux
internal import Measure

/// A fabrics controller of the kernel's initiator, as sysfs tells of it
/// (drivers/nvme/host/sysfs.c).
struct FabricsController {
  /// `nvme3`.
  let name: String
  let transport: String
  /// `traddr=192.0.2.10,trsvcid=4420`.
  let address: String
  let subsystem: String
  let host: String?
  let hostIdentifier: String?
  /// Of its folder in sysfs: no other of this boot has it.
  let inode: UInt64
  let machine: MachineFiles

  var folder: String { "/sys/class/nvme/\(name)" }

  /// nil for controllers that are not on a fabric, and those that are just going.
  init?(_ name: String, _ machine: MachineFiles) {
    let folder = "/sys/class/nvme/\(name)"
    guard let transport = machine.value("\(folder)/transport"), transport != "pcie",
      let subsystem = machine.value("\(folder)/subsysnqn"),
      let status = Files.status(machine.root + folder)
    else { return nil }
    self.name = name
    self.machine = machine
    self.transport = transport
    self.subsystem = subsystem
    address = machine.value("\(folder)/address") ?? ""
    host = machine.value("\(folder)/hostnqn")
    hostIdentifier = machine.value("\(folder)/hostid")
    inode = UInt64(status.st_ino)
  }

  static func all(_ machine: MachineFiles = MachineFiles()) -> [FabricsController] {
    machine.names(in: "/sys/class/nvme").compactMap { FabricsController($0, machine) }
  }

  var state: String? { machine.value("\(folder)/state") }

  /// A part of the address: `traddr`.
  private func part(_ key: String) -> String? {
    let fields = address.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
    return fields.first { $0.first.map(String.init) == key && $0.count == 2 }.map { String($0[1]) }
  }

  /// Whether this is the connection that was written down, and not another of the same name.
  func isOf(_ change: FabricsConnectionChange) -> Bool {
    guard subsystem == change.subsystem, host == change.host, transport == change.transport else {
      return false
    }
    if let known = change.controller, let inode = change.inode {
      return name == known && self.inode == inode
    }
    // Killed before the kernel had answered: there was none like this before.
    return part("traddr") == change.address && part("trsvcid") == change.port.map { String($0) }
  }

  /// Lets the kernel drop the connection and waits until it is gone.
  ///
  /// With a target that answers no more the kernel may wait for its own timeouts first. A
  /// controller that somebody else drops meanwhile is gone as well.
  func delete(within patience: Nanoseconds) throws(HostError) {
    let start = MonotonicClock.now()
    do throws(HostError) {
      try machine.write("1", to: "\(folder)/delete_controller", within: patience)
    } catch {
      if isThere, state?.hasPrefix("deleting") != true { throw error }
    }
    let rest = max(patience - (MonotonicClock.now() - start), .milliseconds(100))
    guard Patience.poll(for: rest, { !isThere }) else {
      throw HostError(
        name, "is not gone \(Int(patience.inSeconds)) s after it was asked to disconnect",
        remedy: "the target does not answer; `assay cleanup` later, or `dmesg`, tells")
    }
  }

  private var isThere: Bool { FabricsController(name, machine)?.inode == inode }

  // MARK: Namespaces

  /// Names of the subsystem's block devices that can be opened, by namespace.
  ///
  /// With native multipath they are the subsystem's and each controller has hidden paths
  /// (`nvme0c1n1`); without it they are the controller's.
  func blockDevices() -> [UInt32: String] {
    var found: [UInt32: String] = [:]
    for folder in [subsystemFolder, folder].compactMap({ $0 }) {
      for name in machine.names(in: folder) where Self.isBlockDevice(name) {
        guard let number = machine.integer("\(folder)/\(name)/nsid") else { continue }
        found[UInt32(truncatingIfNeeded: number)] = name
      }
    }
    return found
  }

  /// `nvme0n1`, not `nvme0c1n1` or `nvme0`.
  static func isBlockDevice(_ name: String) -> Bool {
    name.wholeMatch(of: #/nvme\d+n\d+/#) != nil
  }

  private var subsystemFolder: String? {
    let root = "/sys/class/nvme-subsystem"
    return machine.names(in: root).map { "\(root)/\($0)" }.first { folder in
      machine.value("\(folder)/subsysnqn") == subsystem && machine.exists("\(folder)/\(name)")
    }
  }

  /// How I/O is spread over the paths to the subsystem: `numa`, `round-robin`, ...
  var multipathPolicy: String? { subsystemFolder.flatMap { machine.value("\($0)/iopolicy") } }
}
