/// The hidden devices beneath a multipath namespace, one a controller that leads to it.
///
/// The kernel names the head nvme1n2 and its paths nvme1c4n2: subsystem, controller, namespace
/// (nvme_mpath_set_disk_name of drivers/nvme/host/multipath.c).
enum NVMePaths {
  /// Kernel names of the paths of a block device; empty where it is no multipath head.
  static func of(_ device: String, _ machine: MachineFiles = MachineFiles()) -> [String] {
    guard let head = device.firstMatch(of: #/^(nvme\d+)(n\d+)$/#) else { return [] }
    return machine.names(in: "/sys/block").filter { name in
      guard let path = name.wholeMatch(of: #/(nvme\d+)c\d+(n\d+)/#) else { return false }
      return path.1 == head.1 && path.2 == head.2
    }
  }
}
