internal import CLinux
internal import Glibc
internal import Synchronization

/// Holds a target against a second run of Assay, for as long as the value lives.
///
/// The lock is flock(2) on the device node or file, as systemd asks of tools that write to block
/// devices (systemd.io/BLOCK_DEVICE_LOCKING), so udev leaves the device alone too. A partition is
/// locked by itself and shares a lock of its whole disk: two partitions may be used at once, a disk
/// and its partition may not. The kernel drops the lock with the process, however it ends.
public final class TargetLock: Sendable {
  /// The path locked.
  public let path: String
  private let files: Mutex<[Int32]>

  /// Locks the device or file at `path`.
  ///
  /// - Parameters:
  ///   - path: a block device, NVMe generic device or regular file.
  ///   - claiming: whether to hold an exclusive claim (O_EXCL) on the block device too, which keeps
  ///     mount(8), mkfs and the kernel's own users away. For writing; opens without O_EXCL still
  ///     work. Ignored for files.
  /// - Throws: ``HostError`` which names the holder where /proc/locks tells it.
  public init(path: String, claiming: Bool) throws(HostError) {
    self.path = path
    guard let status = Files.status(path) else { throw .refused(path, "lock it", code: errno) }
    var open: [Int32] = []
    do throws(HostError) {
      if status.st_mode & S_IFMT == S_IFREG {
        open.append(try Self.locked(path, LOCK_EX))
      } else {
        let device = try BlockDevice(path: path)
        if let disk = device.wholeDisk { open.append(try Self.locked("/dev/\(disk)", LOCK_SH)) }
        open.append(try Self.locked(device.blockPath, LOCK_EX))
        if claiming { open.append(try Self.claimed(device.blockPath)) }
      }
    } catch {
      for file in open { close(file) }
      throw error
    }
    files = Mutex(open)
  }

  deinit { release() }

  /// Gives the target free; a second call does nothing.
  public func release() {
    files.withLock { open in
      for file in open { close(file) }
      open = []
    }
  }

  /// Opens and locks, asking again for half a second before the lock counts as taken: udev holds a
  /// shared one for moments while it probes a device.
  private static func locked(_ path: String, _ operation: Int32) throws(HostError) -> Int32 {
    let file = cl_open(path, O_RDONLY | O_NONBLOCK | Int32(CL_O_CLOEXEC), 0)
    guard file >= 0 else { throw .refused(path, "open it to lock it", code: errno) }
    for attempt in 0..<26 {
      if attempt > 0 { usleep(20_000) }
      if cl_flock(file, operation | LOCK_NB) == 0 { return file }
      let code = errno
      guard code == EWOULDBLOCK || code == EINTR else {
        close(file)
        throw .refused(path, "lock it", code: code)
      }
    }
    let holders = LockTable.holders(of: file)
    close(file)
    throw HostError(
      path, "is locked by " + (holders.isEmpty ? "another process" : holders),
      remedy: "wait until that run has ended, or end it")
  }

  private static func claimed(_ path: String) throws(HostError) -> Int32 {
    let file = cl_open_claim(path)
    if file >= 0 { return file }
    if errno == EBUSY {
      throw HostError(
        path, "is opened exclusively by the kernel or another program",
        remedy: "`lsblk \(path)` and `fuser -v \(path)` tell by whom")
    }
    throw .refused(path, "claim it exclusively", code: errno)
  }
}

/// The kernel's table of file locks, /proc/locks (proc(5)).
enum LockTable {
  /// Processes that hold an flock on the open file: `process 4711 (assay)`.
  static func holders(of file: Int32) -> String {
    var status = stat()
    guard fstat(file, &status) == 0 else { return "" }
    let device = UInt64(status.st_dev)
    let major = hexadecimal(cl_major(device))
    let minor = hexadecimal(cl_minor(device))
    let place = "\(major):\(minor):\(status.st_ino)"
    // "1: FLOCK  ADVISORY  WRITE 4711 00:06:120 0 EOF"; waiters have "->" behind the number.
    let processes = (Files.text("/proc/locks") ?? "").split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ").map(String.init)
      return fields.count > 5 && fields[1] == "FLOCK" && fields[5] == place ? fields[4] : nil
    }
    let names = processes.map { process in
      "process \(process)" + (Files.value("/proc/\(process)/comm").map { " (\($0))" } ?? "")
    }
    return names.joined(separator: ", ")
  }

  /// At least two digits, as fs/locks.c prints (`%02x`).
  private static func hexadecimal(_ number: UInt32) -> String {
    let digits = String(number, radix: 16)
    return digits.count < 2 ? "0" + digits : digits
  }
}
