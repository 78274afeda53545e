internal import CLinux
internal import Foundation
internal import Measure
internal import Scenario
internal import Storage

/// A file that a run makes for itself, fills, and removes.
///
/// A file made here carries an extended attribute from its first moment, so that what a killed run
/// leaves behind is known as ours by the next one and never mistaken for somebody's data. On a file
/// system without such attributes (ramfs, vfat, many NFS servers) a small file beside it names its
/// inode instead.
enum ScratchFile {
  private static let attribute = "user.assay.scratch"
  private static let beside = ".assay-scratch"

  /// What stands at a path.
  enum State: Equatable {
    /// Nothing.
    case missing
    /// Made by an earlier run; whether it was filled to the end.
    case ours(size: Int64, filled: Bool)
    /// Somebody's file.
    case foreign(size: Int64)
  }

  static func state(of path: String) -> State {
    var status = stat()
    guard stat(path, &status) == 0 else { return .missing }
    guard let word = word(of: path, inode: status.st_ino) else {
      return .foreign(size: Int64(status.st_size))
    }
    return .ours(size: Int64(status.st_size), filled: word == "filled")
  }

  /// What the mark of a file says; nil for a file that is not ours.
  private static func word(of path: String, inode: UInt) -> String? {
    var value = [UInt8](repeating: 0, count: 16)
    let length = getxattr(path, attribute, &value, value.count)
    if length > 0 { return String(decoding: value.prefix(length), as: UTF8.self) }
    guard let text = try? String(contentsOfFile: path + beside, encoding: .utf8) else { return nil }
    let fields = text.split(separator: " ").map(String.init)
    return fields.count == 2 && fields[1] == String(inode) ? fields[0] : nil
  }

  /// Creates the file, marked as ours and not yet filled, with all its space reserved.
  static func create(_ path: String, size: ByteCount) throws {
    let descriptor = try marked(path)
    defer { close(descriptor) }
    let status = cl_fallocate(descriptor, 0, 0, size.count)
    if status != 0 && errno == EOPNOTSUPP {
      guard ftruncate(descriptor, off_t(size.count)) == 0 else {
        throw failure("cannot make \(path) \(size.text) long", path)
      }
    } else if status != 0 {
      let error = failure("cannot reserve \(size.text) for \(path)", path)
      remove(path)
      throw error
    }
  }

  /// A new file that is marked before it has its name, so that one who is killed in between leaves
  /// nothing; on a file system without nameless files (NFS, FAT) right after.
  private static func marked(_ path: String) throws -> Int32 {
    let folder = (path as NSString).deletingLastPathComponent
    let nameless = cl_open(
      folder.isEmpty ? "." : folder, O_RDWR | tmpfile | Int32(CL_O_CLOEXEC), 0o600)
    let descriptor =
      nameless >= 0
      ? nameless : cl_open(path, O_RDWR | O_CREAT | O_EXCL | Int32(CL_O_CLOEXEC), 0o600)
    guard descriptor >= 0 else { throw failure("cannot create \(path)", path) }
    do {
      try mark("making", descriptor, path)
      guard nameless >= 0 else { return descriptor }
      let link = linkat(
        AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, path, AT_SYMLINK_FOLLOW)
      guard link == 0 else { throw failure("cannot create \(path)", path) }
      return descriptor
    } catch {
      close(descriptor)
      // A mark beside no file of ours.
      if nameless >= 0 { unlink(path + beside) }
      throw error
    }
  }

  /// `O_TMPFILE` (asm-generic/fcntl.h), which is a macro that Swift does not take in.
  private static let tmpfile = 0o20_000_000 | O_DIRECTORY

  /// Says that the content is written: an interrupted fill is done again.
  static func markFilled(_ path: String) {
    let descriptor = cl_open(path, O_RDWR | Int32(CL_O_CLOEXEC), 0)
    guard descriptor >= 0 else { return }
    try? mark("filled", descriptor, path)
    close(descriptor)
  }

  /// Forgets that the file is ours: it stays after the run.
  static func keep(_ path: String) {
    guard case .ours = state(of: path) else { return }
    _ = removexattr(path, attribute)
    unlink(path + beside)
  }

  /// Removes the file if it is ours.
  static func remove(_ path: String) {
    guard case .ours = state(of: path) else { return }
    unlink(path)
    unlink(path + beside)
  }

  private static func mark(_ word: String, _ descriptor: Int32, _ path: String) throws {
    let bytes = Array(word.utf8)
    if fsetxattr(descriptor, attribute, bytes, bytes.count, 0) == 0 { return }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("cannot look at \(path)", path) }
    try "\(word) \(status.st_ino)".write(
      toFile: path + beside, atomically: false, encoding: .utf8)
  }

  private static func failure(_ what: String, _ path: String) -> RunError {
    let code = errno
    let hint =
      switch code {
      case ENOSPC: "free some space, or give a smaller size"
      case EACCES, EPERM, EROFS: "give a path in a folder that you may write to"
      case ENOENT: "create the folder first, or give another path"
      case EFBIG: "the file system takes no file of that size: give a smaller one"
      default: "give another path"
      }
    let kind: RunError.Kind =
      switch code {
      case EACCES, EPERM, EROFS, ENOENT: .unavailable
      default: .refused
      }
    return RunError(kind, ["\(what): \(String(cString: strerror(code)))\n  hint: \(hint)"])
  }
}
