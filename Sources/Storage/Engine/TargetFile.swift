internal import CLinux
internal import Glibc

/// An open target, shared by all workers of a trial.
struct TargetFile: Sendable {
  /// The descriptor; -1 for engines without a device.
  var descriptor: Int32
  /// Whether it is a block device (discards by BLKDISCARD) rather than a file (holes punched).
  var isBlockDevice: Bool
  /// NVMe passthrough: the namespace; 0 otherwise.
  var namespaceID: UInt32 = 0
  /// Memory segments that one command to the device may have.
  var commandSegments = Int.max
  /// Bytes in a logical block.
  var logicalBlock = 512

  /// Carries out a trim or sync at once; gives the bytes, or -1 with errno set.
  @inline(never)
  func perform(_ request: IORequest, dataSync: Bool) -> Int {
    let status: Int32
    switch request.operation {
    case .sync: return sync(dataOnly: dataSync) == 0 ? request.length : -1
    case .trim where isBlockDevice:
      status = cl_discard(descriptor, UInt64(request.offset), UInt64(request.length))
    case .trim:
      status = cl_fallocate(
        descriptor, Int32(CL_FALLOC_PUNCH_HOLE | CL_FALLOC_KEEP_SIZE), request.offset,
        Int64(request.length))
    case .read, .write: preconditionFailure("data goes through the engine")
    }
    return status == 0 ? request.length : -1
  }

  /// Carries out a trim or sync at once, as fio does it, and gives its completion.
  @inline(never)
  func completeAtOnce(_ request: IORequest, dataSync: Bool) -> Completion {
    let moved = perform(request, dataSync: dataSync)
    return Completion(slot: Int32(request.slot), result: Int32(moved < 0 ? -Int(errno) : moved))
  }

  /// Makes what was written durable; gives 0, or -1 with errno set.
  ///
  /// A generic device has no fsync (EINVAL): it is sent the Flush that fsync ends in.
  func sync(dataOnly: Bool) -> Int32 {
    guard namespaceID != 0 else { return dataOnly ? fdatasync(descriptor) : fsync(descriptor) }
    let status = cl_nvme_flush(descriptor, namespaceID)
    guard status > 0 else { return status }
    errno = EIO
    return -1
  }
}
