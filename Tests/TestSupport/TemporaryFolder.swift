public import Foundation

/// A fresh folder that deletes itself, with everything in it, when the test drops this value.
///
/// Keep it in a property or write `defer { folder.delete() }` where only its path is used on: an
/// optimised build may drop a value after its last use.
public final class TemporaryFolder {
  /// Its absolute path.
  public let path: String

  /// Makes the folder under TMPDIR, or /tmp, or in `parent`.
  ///
  /// - Throws: what the file system says.
  public init(in parent: String? = nil) throws {
    let parent = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
    path = parent.appendingPathComponent("assay-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    delete()
  }

  /// The URL of a file in it, which need not exist; of the folder itself without a name.
  public func url(_ name: String = "") -> URL {
    name.isEmpty
      ? URL(fileURLWithPath: path) : URL(fileURLWithPath: path).appendingPathComponent(name)
  }

  /// The path of a file in it, which need not exist.
  public func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a text file, making folders on its way.
  ///
  /// - Returns: the file's path.
  /// - Throws: what the file system says.
  @discardableResult public func write(_ text: String, to name: String) throws -> String {
    let file = url(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  /// A text file's content.
  ///
  /// - Throws: what the file system says.
  public func read(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: url(name)), as: UTF8.self)
  }

  /// Paths of all files in it, relative to it, sorted.
  public func files() -> [String] {
    (FileManager.default.subpaths(atPath: path) ?? []).sorted()
  }

  /// Deletes it now; a second call does nothing.
  public func delete() {
    try? FileManager.default.removeItem(atPath: path)
  }
}
