/// The block device that leads to a namespace by a controller.
struct FunctionDisk: Hashable {
  /// `nvme1n1`.
  var name: String
  /// Where the kernel counts what goes by this controller: the disk, or its hidden path.
  var counted: String
  /// Whether it is the head of native multipath.
  var isHead: Bool
  /// Controllers that lead to it as well.
  var others: [String]

  /// nil where the kernel has made none.
  init?(of controller: String, namespace: UInt32, _ machine: MachineFiles) {
    let folder = "/sys/class/nvme/\(controller)"
    let node = machine.names(in: folder).first { name in
      name.wholeMatch(of: #/nvme\d+(c\d+)?n\d+/#) != nil
        && (machine.integer("\(folder)/\(name)/nsid")
          ?? machine.integer("/sys/block/\(name)/nsid")) == Int64(namespace)
    }
    guard let node else { return nil }
    counted = node
    guard let path = node.wholeMatch(of: #/(nvme\d+)(c\d+)(n\d+)/#) else {
      name = node
      isHead = false
      others = []
      return
    }
    name = "\(path.1)\(path.3)"
    isHead = true
    others = NVMePaths.of(name, machine).filter { $0 != node }.compactMap { other in
      other.firstMatch(of: #/c(\d+)n/#).map { "nvme\($0.1)" }
    }
  }
}
