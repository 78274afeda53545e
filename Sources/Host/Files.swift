internal import CLinux
internal import Glibc

/// Small reads of /proc and /sys: whole file in one go, absent facts as nil.
enum Files {
  /// The text of a file without white space at its ends; nil when it is absent or unreadable.
  static func text(_ path: String) -> String? {
    bytes(path).map { trimmed(String(decoding: $0, as: UTF8.self)) }
  }

  /// The text of a file, nil also when it is empty.
  static func value(_ path: String) -> String? {
    text(path).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A whole number in a file of sysfs.
  static func integer(_ path: String) -> Int64? { text(path).flatMap { Int64($0) } }

  /// All bytes of a file; files of /proc and /sys have no size to ask for beforehand.
  static func bytes(_ path: String) -> [UInt8]? {
    let file = cl_open(path, O_RDONLY | Int32(CL_O_CLOEXEC), 0)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return bytes(descriptor: file)
  }

  /// All bytes from an open file.
  static func bytes(descriptor: Int32) -> [UInt8]? {
    var content: [UInt8] = []
    var failed = false
    repeat {
      let room = max(4096, content.count)
      let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        let got = read(descriptor, buffer.baseAddress, room)
        failed = got < 0
        count = max(got, 0)
      }
      if failed { return nil }
      if piece.isEmpty { return content }
      content.append(contentsOf: piece)
    } while true
  }

  /// Names in a directory in alphabetical order; empty when it is absent.
  static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether a symbolic link is at `path`.
  static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// Whether something is at `path`.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The path with links and dots resolved.
  static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// The last part of a path.
  static func lastPart(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The folder a path is in.
  static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// stat(2) of a path, following links.
  static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  /// Numbers in the kernel's list format, "0-3,8,10-11".
  static func numbers(inList list: String) -> [Int] {
    list.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int(trimmed(String($0))) }
      guard let first = ends.first, let last = ends.last, first <= last else { return [] }
      return Array(first...last)
    }
  }

  /// Value of a `key: value` or `key=value` line.
  static func field(_ key: String, in text: String, separator: Character) -> String? {
    for line in text.split(separator: "\n") {
      guard let cut = line.firstIndex(of: separator) else { continue }
      if trimmed(String(line[..<cut])) == key {
        return trimmed(String(line[line.index(after: cut)...]))
      }
    }
    return nil
  }

  /// A text without white space and zero bytes at its ends.
  static func trimmed(_ text: String) -> String {
    let isBlank = { (character: Character) in character.isWhitespace || character == "\0" }
    guard let first = text.firstIndex(where: { !isBlank($0) }),
      let last = text.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(text[first...last])
  }

  /// Writes all bytes to an open file; errno tells why not.
  static func write(_ content: [UInt8], descriptor: Int32) -> Bool {
    var rest = content[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Writes a text to a file of the kernel in one go; gives 0 or errno.
  static func write(_ text: String, to path: String) -> Int32 {
    let file = cl_open(path, O_WRONLY | O_TRUNC | Int32(CL_O_CLOEXEC), 0)
    guard file >= 0 else { return errno }
    defer { close(file) }
    return Glibc.write(file, text, text.utf8.count) == text.utf8.count ? 0 : errno
  }

  /// Syncs a folder, so that a name in it outlives a crash.
  static func sync(_ folder: String) -> Bool {
    let file = cl_open(folder, O_RDONLY | Int32(CL_O_CLOEXEC), 0)
    guard file >= 0 else { return false }
    defer { close(file) }
    return fsync(file) == 0
  }
}
