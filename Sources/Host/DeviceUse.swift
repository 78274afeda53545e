internal import CLinux
internal import Glibc

/// One reason against writing to a device or file, with what was seen.
public enum WriteObstacle: Hashable, Codable, Sendable, CustomStringConvertible {
  /// A file system on `device` is mounted.
  case mounted(device: String, mountPoint: String, type: String)
  /// `device` is swap space in use.
  case swap(device: String)
  /// `holder` (md, dm, bcache, ...) is built on `device`.
  case held(device: String, holder: String)
  /// A loop device has `device` or the file as its backing store.
  case backsLoop(device: String, loop: String)
  /// `device` is a member of a mounted multi-device file system.
  case member(device: String, of: String)
  /// The kernel or another program holds an exclusive claim.
  case claimed(device: String)
  /// It cannot be opened, so that neither a claim nor its content could be looked for.
  case unexamined(device: String, reason: String)
  /// The device is read-only.
  case readOnly(device: String)
  /// It carries a partition table.
  case partitionTable(PartitionTable)
  /// It carries a file system, RAID, LVM, LUKS or other known signature.
  case signature(Signature)

  /// Whether it is about what is stored there, which the owner may give up, and not about use at
  /// this moment, which nobody may override.
  public var isContent: Bool {
    switch self {
    case .partitionTable, .signature: true
    case .mounted, .swap, .held, .backsLoop, .member, .claimed, .unexamined, .readOnly: false
    }
  }

  /// The evidence, worded to follow the device's name: "is mounted on /data (ext4)".
  public var description: String {
    switch self {
    case .mounted(let device, let mountPoint, let type):
      "\(device) is mounted on \(mountPoint) (\(type))"
    case .swap(let device): "\(device) is swap space in use"
    case .held(let device, let holder): "\(device) is held by \(holder)"
    case .backsLoop(let device, let loop): "\(device) is the backing store of \(loop)"
    case .member(let device, let whole): "\(device) is a member of \(whole)"
    case .claimed(let device): "\(device) is opened exclusively by the kernel or another program"
    case .unexamined(let device, let reason): "\(device) cannot be examined: \(reason)"
    case .readOnly(let device): "\(device) is read-only"
    case .partitionTable(let table): "carries a \(table.evidence)"
    case .signature(let signature): "carries a \(signature.evidence)"
    }
  }
}

/// What stands against writing to a device or file, and by which names its owner may free it.
public struct DeviceUse: Hashable, Codable, Sendable {
  /// The path examined.
  public var path: String
  /// All that stands against writing; empty when nothing does.
  public var obstacles: [WriteObstacle]
  /// Names that `--allow-destroy` accepts for it: ``BlockDevice/identities`` of a device, the
  /// absolute path of a regular file.
  public var identities: [String]

  /// Examines a block device, NVMe generic device or regular file; reads only.
  ///
  /// Looks at mounts of this mount namespace, swap, holders in sysfs, loop devices, members of
  /// multi-device file systems, and content (libblkid). What none of these shows, such as a mount
  /// in another namespace or a daemon that claimed the disk, shows as an exclusive claim.
  ///
  /// What cannot be opened for examination is an obstacle too (``WriteObstacle/unexamined``),
  /// beside whatever sysfs and mountinfo tell without it.
  ///
  /// - Throws: ``HostError`` when it does not exist, is neither of these, or reading it fails.
  public static func examine(_ path: String) throws(HostError) -> DeviceUse {
    guard let status = Files.status(path) else {
      throw .refused(path, "look at the target", code: errno)
    }
    if status.st_mode & S_IFMT == S_IFREG { return try examine(file: path) }
    let device = try BlockDevice(path: path)
    var obstacles = UseOfDevice(device).obstacles()
    let claim = cl_open_claim(device.blockPath)
    if claim >= 0 {
      close(claim)
    } else if errno == EBUSY {
      obstacles.append(.claimed(device: device.blockPath))
    }
    if device.isReadOnly { obstacles.append(.readOnly(device: device.blockPath)) }
    obstacles += try content(device.blockPath)
    return DeviceUse(path: path, obstacles: obstacles, identities: device.identities)
  }

  private static func examine(file path: String) throws(HostError) -> DeviceUse {
    let real = Files.resolved(path) ?? path
    var obstacles: [WriteObstacle] = []
    if UseOfDevice.swaps().contains(real) { obstacles.append(.swap(device: path)) }
    obstacles += UseOfDevice.loops(over: real).map { .backsLoop(device: path, loop: $0) }
    if access(path, W_OK) != 0, errno == EROFS { obstacles.append(.readOnly(device: path)) }
    obstacles += try content(path)
    return DeviceUse(path: path, obstacles: obstacles, identities: [real])
  }

  private static func content(_ path: String) throws(HostError) -> [WriteObstacle] {
    let file = cl_open(path, O_RDONLY | O_NONBLOCK | Int32(CL_O_CLOEXEC), 0)
    guard file >= 0 else {
      return [.unexamined(device: path, reason: String(cString: strerror(errno)))]
    }
    defer { close(file) }
    let found = try Content(descriptor: file, path: path)
    return found.tables.map { .partitionTable($0) } + found.signatures.map { .signature($0) }
  }

  /// Lets writing pass, or says why not.
  ///
  /// What is in use is refused whatever is allowed. Everything else on a device is written over
  /// only if one of its ``identities`` is among `allowDestroy`, blank or not: a blank look is no
  /// proof that nothing of value is there.
  ///
  /// - Parameter allowDestroy: what the user gave to `--allow-destroy`.
  /// - Throws: ``HostError`` with all evidence and the words that would free it.
  public func requireWritable(allowDestroy: [String]) throws(HostError) {
    let inUse = obstacles.filter { !$0.isContent }
    let evidence = obstacles.map(\.description).joined(separator: "; ")
    guard inUse.isEmpty else {
      throw HostError(
        path, "refused for writing: \(evidence)",
        remedy: "unmount, detach or release it; no option overrides this")
    }
    guard identities.contains(where: allowDestroy.contains) else {
      let names = identities.map { "--allow-destroy '\($0)'" }.joined(separator: " or ")
      let reason = evidence.isEmpty ? "its content would be lost" : evidence
      // A run of two devices is given a name for each: what fits no one is not known here.
      let given = allowDestroy.map { "'\($0)'" }.joined(separator: ", ")
      let mismatch = given.isEmpty ? "" : "; what was given does not name it: \(given)"
      throw HostError(
        path, "refused for writing: \(reason)",
        remedy: "if everything on it may be destroyed, say \(names)\(mismatch)")
    }
  }
}
