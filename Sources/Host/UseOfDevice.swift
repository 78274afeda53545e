internal import CLinux
internal import Glibc

/// Who in the kernel uses a block device, its partitions, or what is built on them.
struct UseOfDevice {
  /// A block device by its sysfs folder.
  private struct Node {
    let directory: String
    var name: String { Files.lastPart(directory) }
    var path: String { "/dev/" + String(name.map { $0 == "!" ? "/" : $0 }) }
    var number: String? { Files.text(directory + "/dev") }
    /// The device mapper's own name, which says more than dm-3.
    var label: String {
      Files.value(directory + "/dm/name").map { "\(path) (\($0))" } ?? path
    }
  }

  private let nodes: [Node]
  private let mounts = MountTable.current()
  private let swapping = UseOfDevice.swaps()

  /// Writing to a disk reaches its partitions, writing to a partition the whole disk's user.
  init(_ device: BlockDevice) {
    guard let directory = device.sysfsDirectory else {
      nodes = []
      return
    }
    let own = Node(directory: directory)
    if device.wholeDisk != nil {
      nodes = [own, Node(directory: Files.parent(directory))]
    } else {
      nodes =
        [own]
        + Files.names(in: directory)
        .map { Node(directory: "\(directory)/\($0)") }
        .filter { Files.exists($0.directory + "/partition") }
    }
  }

  /// All use found, each once.
  func obstacles() -> [WriteObstacle] {
    var found: [WriteObstacle] = []
    var visited: Set<String> = []
    for node in nodes { collect(node, into: &found, visited: &visited) }
    return found
  }

  private func collect(
    _ node: Node, into found: inout [WriteObstacle], visited: inout Set<String>
  ) {
    guard visited.insert(node.directory).inserted, let number = node.number else { return }
    for mount in mounts.mounts(of: number) {
      found.append(
        .mounted(device: node.label, mountPoint: mount.mountPoint, type: mount.type))
    }
    if swapping.contains(where: { $0 == node.path || DeviceNumber.ofNode($0) == number }) {
      found.append(.swap(device: node.label))
    }
    for loop in Self.loops(over: node.path) {
      found.append(.backsLoop(device: node.label, loop: loop))
      if let directory = Files.resolved("/sys/class/block/\(Files.lastPart(loop))") {
        collect(Node(directory: directory), into: &found, visited: &visited)
      }
    }
    for system in Self.multiDeviceFileSystems(of: node.name) {
      found.append(.member(device: node.label, of: system))
    }
    for name in Files.names(in: node.directory + "/holders") {
      guard let directory = Files.resolved("/sys/class/block/\(name)") else { continue }
      let holder = Node(directory: directory)
      found.append(.held(device: node.label, holder: holder.label))
      collect(holder, into: &found, visited: &visited)
    }
  }

  /// Swap spaces in use: device nodes and files, from /proc/swaps.
  static func swaps() -> [String] {
    (Files.text("/proc/swaps") ?? "").split(separator: "\n").dropFirst().compactMap { line in
      line.split(whereSeparator: \.isWhitespace).first.map { MountTable.unescaped(String($0)) }
    }
  }

  /// Loop devices whose backing store is the device or file at `path`.
  static func loops(over path: String) -> [String] {
    guard let wanted = Files.status(path) else { return [] }
    return Files.names(in: "/sys/block").filter { $0.hasPrefix("loop") }.compactMap { name in
      guard let backing = Files.value("/sys/block/\(name)/loop/backing_file"),
        let status = Files.status(backing)
      else { return nil }
      let isDevice = wanted.st_mode & S_IFMT == S_IFBLK
      let isSame =
        isDevice
        ? status.st_mode & S_IFMT == S_IFBLK && status.st_rdev == wanted.st_rdev
        : status.st_dev == wanted.st_dev && status.st_ino == wanted.st_ino
      return isSame ? "/dev/\(name)" : nil
    }
  }

  /// Mounted btrfs file systems with the device among their members; mountinfo names only one.
  private static func multiDeviceFileSystems(of name: String) -> [String] {
    Files.names(in: "/sys/fs/btrfs")
      .filter { Files.exists("/sys/fs/btrfs/\($0)/devices/\(name)") }
      .map { "mounted btrfs \($0)" }
  }
}
