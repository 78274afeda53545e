import Testing

@testable import Host

extension MachineTree {
  static let functionsDevice = "0000:17:00.0"

  /// The files of SR-IOV of a device.
  func writeFunctions(count: Int, autoprobe: Bool) throws {
    let folder = VirtualFunctionsChange.folder(Self.functionsDevice)
    try write("\(folder)/sriov_numvfs", "\(count)\n")
    try write("\(folder)/sriov_drivers_autoprobe", autoprobe ? "1\n" : "0\n")
    for number in 0..<count { try write("\(folder)/virtfn\(number)/driver_override", "(null)\n") }
  }

  /// A controller on a fabric with a subsystem of two namespaces; the second one's path is hidden,
  /// as it is with native multipath.
  @discardableResult
  func writeController(
    _ name: String, subsystem: String = "nqn.2026-01.example:vol1"
  ) throws -> FabricsController {
    let folder = "/sys/class/nvme/\(name)"
    for (file, text) in [
      ("transport", "tcp"), ("address", "traddr=192.0.2.10,trsvcid=4420,src_addr=192.0.2.1"),
      ("subsysnqn", subsystem), ("hostnqn", "nqn.2026-01.example:host"),
      ("hostid", "01234567-89ab-cdef-0123-456789abcdef"), ("state", "live"), ("queue_count", "3"),
    ] {
      try write("\(folder)/\(file)", text + "\n")
    }
    try write("\(folder)/delete_controller", "")
    try write("\(folder)/nvme0c3n1/nsid", "1\n")
    let above = "/sys/class/nvme-subsystem/nvme-subsys0"
    try write("\(above)/subsysnqn", subsystem + "\n")
    try write("\(above)/iopolicy", "numa\n")
    try write("\(above)/\(name)/state", "live\n")
    try write("\(above)/nvme0n1/nsid", "1\n")
    try write("\(above)/nvme0n2/nsid", "7\n")
    return try #require(FabricsController(name, machine))
  }
}
