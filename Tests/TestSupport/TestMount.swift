/// A mount on a fresh folder that is undone when the test drops this value; needs root.
public final class TestMount {
  /// What it is mounted on; makes paths of files in it.
  public let folder: TemporaryFolder
  private var mounted = true

  /// The folder it is mounted on.
  public var path: String { folder.path }

  /// Mounts a device, or a file system without one such as `ramfs` or `tmpfs`.
  ///
  /// - Throws: `Command.Failure` with the words of mount.
  public init(_ device: String, type: String? = nil, options: String? = nil) throws {
    folder = try TemporaryFolder()
    var words = ["mount"]
    if let type { words += ["-t", type] }
    if let options { words += ["-o", options] }
    try Command.run(words + [device, folder.path]).checked()
  }

  deinit { unmount() }

  /// Undoes it now; a second call does nothing.
  public func unmount() {
    guard mounted else { return }
    mounted = false
    _ = try? Command.run(["umount", folder.path])
  }
}
