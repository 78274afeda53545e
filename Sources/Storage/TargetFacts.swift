internal import CLinux
internal import Glibc
internal import Host
public import Measure

/// What must be known of a target before I/O on it is planned.
public struct TargetFacts: Codable, Hashable, Sendable {
  /// The path; nil for engines without a device.
  public var path: String?
  /// Bytes that can be addressed.
  public var sizeBytes: ByteCount
  /// Whether it is a block device.
  public var isBlockDevice: Bool
  /// Whether it is an NVMe generic device.
  public var isPassthrough: Bool
  /// Alignment that direct I/O needs of offset and length; nil where direct I/O is refused.
  public var directAlignmentBytes: Int?
  /// Largest single command a device takes; nil where unknown or not a device.
  public var largestCommandBytes: ByteCount?
  /// Memory segments that one command to a device may have; nil where unknown or not a device.
  public var commandSegments: Int?
  /// Whether a device has queues for polled I/O; nil where unknown or not a device.
  public var takesPolledIO: Bool?
  /// What the controller told the user-space initiator; nil elsewhere.
  public var fabrics: FabricsTarget?

  /// Whether I/O goes to the device as commands, past the block layer.
  var isRaw: Bool { isPassthrough || fabrics != nil }
  /// What a message calls it.
  var name: String { path ?? fabrics?.address.text ?? "the target" }

  /// Examines a target; a file that does not exist yet has the size it will be given.
  ///
  /// Throws ``StorageError`` where the target is missing, of the wrong kind or not readable.
  public static func examine(_ target: StorageTarget) throws(StorageError) -> TargetFacts {
    switch target {
    case .none(let size):
      return TargetFacts(
        path: nil, sizeBytes: size, isBlockDevice: false, isPassthrough: false,
        directAlignmentBytes: 1)
    case .device(let path): return try examineDevice(path)
    case .fabrics(let address): return try examineFabrics(address)
    case .file(let file): return try examineFile(file)
    case .virtualFunction(let place):
      throw StorageError("\(place.text) is not there", hint: "a run makes it before it looks")
    }
  }

  private static func examineDevice(_ path: String) throws(StorageError) -> TargetFacts {
    guard access(path, F_OK) == 0 else {
      throw StorageError(
        "device \(path) does not exist", hint: "`lsblk` lists the block devices of this machine")
    }
    do {
      let device = try BlockDevice(path: path)
      guard access(path, R_OK) == 0 else {
        throw StorageError(
          "device \(path) is not readable: \(String(cString: strerror(errno)))",
          hint: "run as root, or add yourself to the device's group (ls -l \(path))")
      }
      return TargetFacts(
        path: path, sizeBytes: device.capacity, isBlockDevice: true,
        isPassthrough: device.isNVMeGeneric,
        directAlignmentBytes: Int(device.logicalBlock?.count ?? 512),
        largestCommandBytes: device.largestCommand, commandSegments: device.commandSegments,
        takesPolledIO: device.isPolled)
    } catch let error as StorageError {
      throw error
    } catch {
      throw StorageError(
        "\(error)", hint: "give the path of a block device, or use `file:` for a regular file")
    }
  }

  /// Connects to the controller, asks, and disconnects.
  private static func examineFabrics(
    _ address: FabricsAddress
  ) throws(StorageError) -> TargetFacts {
    guard address.initiator == .userSpace else {
      throw StorageError(
        "\(address.text) is not connected", hint: "a run connects it before it looks")
    }
    guard address.transport == .rdma else {
      throw StorageError(
        "the user-space initiator has no transport \(address.transport.rawValue)",
        hint: "use transport: rdma, or initiator: kernel")
    }
    let target = try FabricsSession(address).target
    var facts = TargetFacts(
      path: nil, sizeBytes: target.sizeBytes, isBlockDevice: false, isPassthrough: false,
      directAlignmentBytes: target.blockBytes,
      largestCommandBytes: ByteCount(Int64(target.largestCommandBytes)))
    facts.fabrics = target
    return facts
  }

  private static func examineFile(
    _ file: StorageTarget.ScratchFile
  ) throws(StorageError) -> TargetFacts {
    var status = stat()
    let exists = stat(file.path, &status) == 0
    if exists && status.st_mode & S_IFMT == S_IFBLK {
      throw StorageError(
        "\(file.path) is a block device", hint: "name it with `device:` instead of `file:`")
    }
    if exists && status.st_mode & S_IFMT != S_IFREG {
      throw StorageError("\(file.path) is not a regular file", hint: "give another path")
    }
    guard let size = file.size ?? (exists ? ByteCount(Int64(status.st_size)) : nil) else {
      throw StorageError(
        "file \(file.path) does not exist", hint: "give `size:` to have it created")
    }
    let probe = DirectIO(probing: exists ? file.path : parent(of: file.path))
    return TargetFacts(
      path: file.path, sizeBytes: size, isBlockDevice: false, isPassthrough: false,
      directAlignmentBytes: probe.isSupported ? Int(probe.offsetAlignment?.count ?? 1) : nil)
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
