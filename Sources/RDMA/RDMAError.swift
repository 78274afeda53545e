internal import CVerbs
internal import Glibc

/// What RDMA could not do, and how to mend it.
public struct RDMAError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, and where.
  public var message: String
  /// How to mend it.
  public var hint: String
  /// What stands behind it, for a caller that knows more of the protocol above.
  public var cause: Cause

  /// Why something failed.
  public enum Cause: Hashable, Sendable {
    /// There is no RDMA device here, or none behind this address.
    case noDevice
    /// A device file may not be opened.
    case permission
    /// The limit of locked memory is too small.
    case lockedMemory
    /// The peer said no; the reason is the connection manager's, the data the peer's own.
    case rejected(reason: Int32, data: [UInt8])
    /// No answer within the deadline, or the address is not reachable.
    case unreachable
    /// Anything else, by errno; 0 where there is none.
    case other(errno: Int32)
  }

  /// Makes an error.
  public init(_ message: String, hint: String, cause: Cause) {
    self.message = message
    self.hint = hint
    self.cause = cause
  }

  /// Message and hint in two lines.
  public var description: String { message + "\n  " + hint }

  /// A failed call, by its errno.
  static func failed(_ action: String, code: Int32) -> RDMAError {
    let reason = String(cString: strerror(code))
    switch code {
    case ENODEV, ENOENT, ENOSYS, ENXIO:
      return RDMAError(
        "\(action) failed: this machine has no RDMA device (\(reason))",
        hint: "load the adapter's driver and the modules ib_uverbs and rdma_ucm; a software device "
          + "is made by `modprobe rdma_rxe && rdma link add rxe0 type rxe netdev INTERFACE`",
        cause: .noDevice)
    case EACCES, EPERM:
      return RDMAError(
        "\(action) failed: \(reason)",
        hint: "get read and write permission for /dev/infiniband/rdma_cm and "
          + "/dev/infiniband/uverbs* (a udev rule or the group that owns them), or run as root",
        cause: .permission)
    case ENOMEM, EAGAIN: return noMemory(action, reason: reason)
    default:
      return RDMAError(
        "\(action) failed: \(reason)", hint: "`rdma link` and dmesg tell the device's state",
        cause: .other(errno: code))
    }
  }

  /// Memory that a device reads and writes is locked, and that is limited.
  private static func noMemory(_ action: String, reason: String) -> RDMAError {
    let limit = cv_lockable_bytes()
    guard limit != .max else {
      return RDMAError(
        "\(action) failed: \(reason)", hint: "ask for less: a smaller queue depth or block size",
        cause: .other(errno: ENOMEM))
    }
    return RDMAError(
      "\(action) failed: \(reason); this process may lock \(limit >> 10) KiB (RLIMIT_MEMLOCK), "
        + "and memory that an RDMA device uses is locked",
      hint: "raise the limit: `ulimit -l unlimited` as root, a `memlock` line in "
        + "/etc/security/limits.conf, or LimitMEMLOCK=infinity of the systemd unit; or use a "
        + "smaller queue depth or block size",
      cause: .lockedMemory)
  }
}
