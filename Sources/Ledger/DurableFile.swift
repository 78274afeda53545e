internal import CLinux
internal import Foundation

/// File writes that survive a kill and a power cut.
enum DurableFile {
  /// Replaces `path` as a whole: a reader sees the old content or the new, never a part.
  static func write(_ data: Data, to path: String) throws(LedgerError) {
    let temporary = path + ".part"
    let descriptor = cl_open(temporary, O_WRONLY | O_CREAT | O_TRUNC | Int32(O_CLOEXEC), 0o644)
    guard descriptor >= 0 else { throw failed("create", temporary) }
    defer { close(descriptor) }
    try writeAll(data, to: descriptor, path: temporary)
    guard fsync(descriptor) == 0 else { throw failed("sync", temporary) }
    guard rename(temporary, path) == 0 else { throw failed("rename to", path) }
    syncFolder(of: path)
  }

  /// Writes all of `data` at the descriptor's position.
  static func writeAll(_ data: Data, to descriptor: Int32, path: String) throws(LedgerError) {
    var rest = data[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { unsafe in
        CLinux.write(descriptor, unsafe.baseAddress, unsafe.count)
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failed("write", path) }
      rest = rest.dropFirst(written)
    }
  }

  /// Makes a rename or a new file of this folder durable; best effort.
  static func syncFolder(of path: String) {
    let folder = (path as NSString).deletingLastPathComponent
    let descriptor = cl_open(folder.isEmpty ? "." : folder, O_RDONLY, 0)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }

  static func failed(_ verb: String, _ path: String) -> LedgerError {
    let code = errno
    let hint =
      switch code {
      case EACCES, EPERM, EROFS: "choose a folder that you may write to with --results FOLDER"
      case ENOSPC: "free some space or choose another folder with --results FOLDER"
      default: "check the path and its file system"
      }
    return LedgerError(
      .io, "cannot \(verb) \(path): \(String(cString: strerror(code)))", hint: hint)
  }
}
