internal import CLinux
internal import Glibc
internal import Measure

/// A target while a trial has it open.
struct OpenTarget: ~Copyable {
  let file: TargetFile
  let facts: TargetFacts
  /// The controller of the user-space initiator.
  let session: FabricsSession?
  private var isLeftOpen = false

  /// Opens for what the workload does and no more; O_RDONLY for pure reads.
  init(_ facts: TargetFacts, workload: StorageWorkload) throws(StorageError) {
    let session = try Self.session(facts, workload)
    let file = try Self.file(facts, workload)
    self.facts = facts
    self.session = session
    self.file = file
  }

  private static func session(
    _ facts: TargetFacts, _ workload: StorageWorkload
  ) throws(StorageError) -> FabricsSession? {
    guard let fabrics = facts.fabrics else { return nil }
    let session = try FabricsSession(fabrics.address)
    try session.grant(queues: workload.jobs)
    guard session.target.sizeBytes == fabrics.sizeBytes else {
      throw StorageError(
        "\(facts.name) has \(session.target.sizeBytes.count) B now and had "
          + "\(fabrics.sizeBytes.count) B a moment ago",
        hint: "let nobody resize it during a run")
    }
    return session
  }

  private static func file(
    _ facts: TargetFacts, _ workload: StorageWorkload
  ) throws(StorageError) -> TargetFile {
    guard let path = facts.path else { return TargetFile(descriptor: -1, isBlockDevice: false) }
    let direct = workload.direct && !facts.isPassthrough ? Int32(CL_O_DIRECT) : 0
    let access = workload.pattern.isDestructive ? O_RDWR : O_RDONLY
    let flags = access | direct | Int32(CL_O_CLOEXEC)
    // Without access times a read is a read; only owners may ask for that.
    var descriptor = cl_open(path, flags | Int32(CL_O_NOATIME), 0)
    if descriptor < 0 && errno == EPERM { descriptor = cl_open(path, flags, 0) }
    guard descriptor >= 0 else { throw openError(path, workload) }
    var opened = TargetFile(descriptor: descriptor, isBlockDevice: facts.isBlockDevice)
    opened.logicalBlock = facts.directAlignmentBytes ?? 512
    if let segments = facts.commandSegments { opened.commandSegments = segments }
    if facts.isPassthrough {
      let namespace = cl_nvme_namespace_id(descriptor)
      guard namespace > 0 else {
        let reason = String(cString: strerror(errno))
        close(descriptor)
        throw StorageError(
          "\(path) does not tell its NVMe namespace: \(reason)",
          hint: "give the generic device of a namespace, /dev/ngXnY")
      }
      opened.namespaceID = UInt32(namespace)
    }
    return opened
  }

  /// How workers reach the controller of the user-space initiator.
  var route: FabricsRoute? {
    session.map { FabricsRoute(target: $0.target, host: $0.host) }
  }

  deinit { if file.descriptor >= 0 && !isLeftOpen { close(file.descriptor) } }

  /// Keeps the descriptor open for good.
  mutating func leaveOpen() { isLeftOpen = true }

  private static func openError(_ path: String, _ workload: StorageWorkload) -> StorageError {
    let code = errno
    let reason = "cannot open \(path): \(String(cString: strerror(code)))"
    switch code {
    case EINVAL where workload.direct:
      return StorageError(
        reason + " (its file system has no O_DIRECT)",
        hint: "set `direct: false`, or use a file system with direct I/O such as ext4 or xfs")
    case EACCES, EPERM:
      return StorageError(
        reason,
        hint: "run as root, or get \(workload.pattern.isDestructive ? "write" : "read") "
          + "permission (ls -l \(path))")
    case EROFS:
      return StorageError(reason, hint: "the target is read-only: use a read pattern")
    default:
      return StorageError(reason, hint: "check that the device is there: `lsblk`")
    }
  }

  /// Whether the device went away while it was open.
  ///
  /// The errors of its I/Os do not say so: beyond the end of a removed disk, which has size 0,
  /// reads give nothing and writes ENOSPC. Its node goes a moment later than its I/Os.
  func isGone() -> Bool {
    guard facts.isBlockDevice, let path = facts.path else { return false }
    for _ in 0..<50 {
      var bytes: UInt64 = 0
      if !facts.isPassthrough, cl_block_size_bytes(file.descriptor, &bytes) == 0, bytes == 0 {
        return true
      }
      if access(path, F_OK) != 0 && errno == ENOENT { return true }
      usleep(10_000)
    }
    return false
  }

  /// Makes what was written durable and the page cache forget it, so that reads see the device.
  func dropCache() {
    if let session { _ = session.flush() }
    guard file.descriptor >= 0 else { return }
    _ = file.sync(dataOnly: false)
    _ = posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED)
  }

  /// The closing fsync of a workload; the errno of a failure.
  func sync() -> Int32 {
    if let session { return session.flush() }
    guard file.descriptor >= 0 else { return 0 }
    return file.sync(dataOnly: false) == 0 ? 0 : errno
  }
}
