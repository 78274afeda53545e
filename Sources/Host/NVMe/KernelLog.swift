internal import CLinux
internal import Glibc

/// The kernel's log from a moment on, where this process may read it
/// (Documentation/ABI/testing/dev-kmsg).
struct KernelLog: ~Copyable {
  private let file: Int32

  /// Begins now.
  init() {
    file = cl_open("/dev/kmsg", O_RDONLY | O_NONBLOCK | Int32(CL_O_CLOEXEC), 0)
    if file >= 0 { lseek(file, 0, SEEK_END) }
  }

  deinit { if file >= 0 { close(file) } }

  /// What NVMe's initiator has said since; nothing where that may not be read.
  func linesOfInitiator() -> [String] {
    guard file >= 0 else { return [] }
    var lines: [String] = []
    var buffer = [UInt8](repeating: 0, count: 8192)
    // One record a read; EPIPE tells that records were overwritten before they were read.
    while true {
      let count = read(file, &buffer, buffer.count)
      if count < 0, errno == EPIPE || errno == EINTR { continue }
      guard count > 0 else { return lines }
      if let line = Self.message(String(decoding: buffer[..<count], as: UTF8.self)),
        line.hasPrefix("nvme"), !line.hasPrefix("nvmet")
      {
        lines.append(line)
      }
    }
  }

  /// The message of a record `6,1234,5678901,-;nvme nvme0: text`, without what follows it.
  static func message(_ record: String) -> String? {
    guard let start = record.firstIndex(of: ";") else { return nil }
    return record[record.index(after: start)...].split(separator: "\n").first.map(String.init)
  }
}
