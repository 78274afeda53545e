internal import CLinux
internal import Glibc
internal import Measure

extension BlockDevice {
  /// Describes the block device at `path`: a disk, partition, loop device, or NVMe generic device.
  ///
  /// - Throws: ``HostError`` when nothing is there, or it is not a block device.
  public init(path: String) throws(HostError) {
    guard let status = Files.status(path) else {
      throw .refused(path, "look at the device", code: errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFBLK:
      let numbers = (Int(cl_major(UInt64(status.st_rdev))), Int(cl_minor(UInt64(status.st_rdev))))
      try self.init(path: path, numbers: numbers, isNVMeGeneric: false)
    case S_IFCHR:
      guard let numbers = Self.blockBeneathGeneric(status.st_rdev) else {
        throw HostError(
          path, "is a character device, not a disk", remedy: "`lsblk -p` lists the block devices")
      }
      try self.init(path: path, numbers: numbers, isNVMeGeneric: true)
    default:
      throw HostError(
        path, "is not a block device",
        remedy: "give a device such as /dev/nvme0n1, or use it as a file")
    }
  }

  /// Describes the block device that carries the file system `path` lies on.
  ///
  /// Gives nil where no block device does: tmpfs, network file systems, overlay. File systems over
  /// several devices (btrfs) have anonymous device numbers; then it is the device that mountinfo
  /// names as source.
  ///
  /// - Throws: ``HostError`` when `path` does not exist.
  public static func beneath(path: String) throws(HostError) -> BlockDevice? {
    guard let status = Files.status(path) else {
      throw .refused(path, "look at the file", code: errno)
    }
    let numbers = (Int(cl_major(UInt64(status.st_dev))), Int(cl_minor(UInt64(status.st_dev))))
    if let directory = Files.resolved("/sys/dev/block/\(numbers.0):\(numbers.1)") {
      return try BlockDevice(
        path: "/dev/" + nodeName(directory), numbers: numbers, isNVMeGeneric: false)
    }
    guard let source = MountTable.current().mount(holding: path)?.source,
      source.hasPrefix("/dev/"), Files.exists(source)
    else { return nil }
    return try BlockDevice(path: source)
  }

  /// Describes the whole disk of a partition; a whole disk describes itself again.
  ///
  /// - Throws: ``HostError`` when the device is gone.
  public func whole() throws(HostError) -> BlockDevice {
    guard let wholeDisk else { return self }
    return try BlockDevice(path: "/dev/\(wholeDisk)")
  }

  /// The device's folder in sysfs.
  var sysfsDirectory: String? { Files.resolved("/sys/dev/block/\(major):\(minor)") }

  /// Name of the node in /dev; sysfs writes `!` for a slash (`cciss!c0d0`).
  private static func nodeName(_ directory: String) -> String {
    String(Files.lastPart(directory).map { $0 == "!" ? "/" : $0 })
  }

  /// The namespace of a generic device: drivers/nvme/host names both with the same numbers, `ng0n1`
  /// beside `nvme0n1`.
  private static func blockBeneathGeneric(_ device: dev_t) -> (Int, Int)? {
    let link = "/sys/dev/char/\(DeviceNumber.text(device))"
    guard let directory = Files.resolved(link) else { return nil }
    let name = Files.lastPart(directory)
    guard name.hasPrefix("ng") else { return nil }
    let numbers = Files.text("/sys/class/block/nvme\(name.dropFirst(2))/dev")?.split(separator: ":")
    guard let parts = numbers?.compactMap({ Int($0) }), parts.count == 2 else { return nil }
    return (parts[0], parts[1])
  }

  private init(path: String, numbers: (Int, Int), isNVMeGeneric: Bool) throws(HostError) {
    let link = "/sys/dev/block/\(numbers.0):\(numbers.1)"
    guard let directory = Files.resolved(link), let size = Files.integer(directory + "/size") else {
      throw HostError(path, "is unknown to sysfs (\(link))", remedy: "is /sys mounted?")
    }
    let partition = Files.integer(directory + "/partition").map { Int($0) }
    let disk = partition == nil ? directory : Files.parent(directory)
    self.path = path
    name = Files.lastPart(directory)
    (major, minor) = numbers
    wholeDisk = partition == nil ? nil : Self.nodeName(disk)
    partitionNumber = partition
    self.isNVMeGeneric = isNVMeGeneric
    capacity = ByteCount(size * 512)
    isReadOnly = Files.integer(directory + "/ro") == 1
    let paths = SysfsDisk(directory: disk)
    (model, serial) = (paths.model, paths.serial)
    (wwid, firmware) = (paths.wwid, paths.firmware)
    controllers = paths.controllers
    transport = paths.transport
    numaNode = paths.numaNode
    pcieLink = paths.link
    backingFile = Files.value(disk + "/loop/backing_file")
    let queue = SysfsQueue(directory: disk + "/queue")
    (logicalBlock, physicalBlock) = (queue.bytes("logical_block_size"), queue.physicalBlock)
    isRotational = queue.flag("rotational")
    scheduler = queue.scheduler
    writeCache = Files.value(disk + "/queue/write_cache")
    queuedRequests = Files.integer(disk + "/queue/nr_requests").map { Int($0) }
    largestRequest = Files.integer(disk + "/queue/max_sectors_kb").map { ByteCount($0 * 1024) }
    largestCommand = Files.integer(disk + "/queue/max_hw_sectors_kb").map { ByteCount($0 * 1024) }
    commandSegments = Files.integer(disk + "/queue/max_segments").map { Int($0) }
    isPolled = queue.flag("io_poll")
    largestDiscard = queue.positiveBytes("discard_max_bytes")
    discardGranularity = largestDiscard == nil ? nil : queue.positiveBytes("discard_granularity")
  }
}

/// The queue folder of a disk (Documentation/ABI/stable/sysfs-block).
struct SysfsQueue {
  let directory: String

  func bytes(_ name: String) -> ByteCount? {
    Files.integer("\(directory)/\(name)").map { ByteCount($0) }
  }

  func positiveBytes(_ name: String) -> ByteCount? {
    bytes(name).flatMap { $0.count > 0 ? $0 : nil }
  }

  func flag(_ name: String) -> Bool? { Files.integer("\(directory)/\(name)").map { $0 != 0 } }

  var physicalBlock: ByteCount? { bytes("physical_block_size") }

  /// The name in brackets of `none [mq-deadline] kyber`; a lone name stands without brackets.
  var scheduler: String? {
    Files.value(directory + "/scheduler").flatMap { Self.chosen(in: $0) }
  }

  /// The bracketed word of a sysfs choice, or the only word.
  static func chosen(in choice: String) -> String? {
    let words = choice.split(whereSeparator: \.isWhitespace)
    if let word = words.first(where: { $0.hasPrefix("[") && $0.hasSuffix("]") }) {
      return String(word.dropFirst().dropLast())
    }
    return words.count == 1 ? String(words[0]) : nil
  }
}
