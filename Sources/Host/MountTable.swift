internal import CLinux
internal import Glibc

/// One line of /proc/self/mountinfo (proc(5)).
struct Mount {
  var identifier: Int64
  /// `major:minor` of the file system; anonymous (0:N) where it has no single block device.
  var device: String
  var mountPoint: String
  var options: [String]
  var type: String
  var source: String
  var superOptions: [String]
}

/// The mounts this process sees.
struct MountTable {
  let mounts: [Mount]

  static func current() -> MountTable {
    MountTable(parsing: Files.text("/proc/self/mountinfo") ?? "")
  }

  /// Reads the text of a mountinfo file; lines it cannot read are left out.
  init(parsing text: String) {
    mounts = text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      // Optional fields stand between the sixth field and a lone hyphen.
      guard fields.count > 6, let identifier = Int64(fields[0]),
        let hyphen = fields[6...].firstIndex(of: "-"), fields.count > hyphen + 3
      else { return nil }
      return Mount(
        identifier: identifier, device: fields[2],
        mountPoint: Self.unescaped(fields[4]),
        options: fields[5].split(separator: ",").map(String.init),
        type: fields[hyphen + 1], source: Self.unescaped(fields[hyphen + 2]),
        superOptions: fields[hyphen + 3].split(separator: ",").map(String.init))
    }
  }

  /// The mount `path` lies on: by the kernel's mount number, or before Linux 5.8 the last of the
  /// longest mount points above it.
  func mount(holding path: String) -> Mount? {
    let identifier = cl_mount_id(path)
    if let mount = mounts.first(where: { $0.identifier == identifier }) { return mount }
    guard let real = Files.resolved(path) else { return nil }
    let above = mounts.filter { mount in
      mount.mountPoint == "/" || real == mount.mountPoint || real.hasPrefix(mount.mountPoint + "/")
    }
    guard let longest = above.map(\.mountPoint.count).max() else { return nil }
    return above.last { $0.mountPoint.count == longest }
  }

  /// Mounts of the block device with these numbers: by number, or by the source's number where the
  /// file system's own is anonymous.
  func mounts(of device: String) -> [Mount] {
    mounts.filter { mount in
      if mount.device == device { return true }
      guard mount.device.hasPrefix("0:"), mount.source.hasPrefix("/dev/") else { return false }
      return DeviceNumber.ofNode(mount.source) == device
    }
  }

  /// The kernel writes space, tab, newline and backslash as `\ooo` (fs/seq_file.c, mangle_path).
  static func unescaped(_ text: String) -> String {
    guard text.contains("\\") else { return text }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      let isOctal = digits.count == 3 && digits.allSatisfy { (48...55).contains($0) }
      if byte == UInt8(ascii: "\\"), isOctal {
        bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 &- 48) })
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Device numbers as the kernel writes them, `major:minor`.
enum DeviceNumber {
  /// The number of the block device whose node is at `path`; nil when it is none.
  static func ofNode(_ path: String) -> String? {
    guard let status = Files.status(path), status.st_mode & S_IFMT == S_IFBLK else { return nil }
    return text(status.st_rdev)
  }

  /// `major:minor` of a number from stat(2).
  static func text(_ device: dev_t) -> String {
    "\(cl_major(UInt64(device))):\(cl_minor(UInt64(device)))"
  }
}
