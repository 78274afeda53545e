/// A block device over a fresh sparse file; needs root (`Requires.loopDevices`).
///
/// It is detached and its file deleted when the test drops this value; write
/// `defer { device.detach() }` where only its path is used on.
public final class LoopDevice {
  /// The device, such as `/dev/loop3`.
  public let path: String
  /// The file behind it.
  public let file: String
  private let folder: TemporaryFolder
  private var attached = true

  /// The device's name without `/dev/`, as sysfs has it.
  public var name: String { String(path.dropFirst("/dev/".count)) }

  /// Makes the file, attaches a free loop device to it, and puts a file system on it if told to.
  ///
  /// - Parameters:
  ///   - bytes: its size.
  ///   - logicalSector: its logical block, 512 or 4096.
  ///   - fileSystem: `ext4`, `xfs`, ...: what `mkfs.<name>` makes; nothing by default.
  ///   - readOnly: whether the kernel refuses writes to it.
  ///   - partitionScan: whether the kernel looks for a partition table.
  ///   - parent: the folder of its file; TMPDIR by default.
  /// - Throws: `Command.Failure` with the words of losetup or mkfs.
  public init(
    bytes: Int = 64 << 20, logicalSector: Int = 512, fileSystem: String? = nil,
    readOnly: Bool = false, partitionScan: Bool = false, in parent: String? = nil
  ) throws {
    folder = try TemporaryFolder(in: parent)
    file = folder.path("disk.img")
    try Command.run(["truncate", "-s", "\(bytes)", file]).checked()
    if let fileSystem {
      // On the file, before it is attached: a read-only device can carry one too.
      let options = Self.options(of: fileSystem, logicalSector: logicalSector)
      try Command.run(["mkfs.\(fileSystem)"] + options + [file]).checked()
    }
    var words = ["losetup", "--find", "--show", "--sector-size", "\(logicalSector)"]
    if readOnly { words.append("--read-only") }
    if partitionScan { words.append("--partscan") }
    let answer = try Command.run(words + [file]).checked()
    path = String(answer.stdout.prefix { !$0.isNewline })
  }

  deinit {
    detach()
  }

  /// Quiet and by force, and for the sector size where mkfs must know it.
  private static func options(of fileSystem: String, logicalSector: Int) -> [String] {
    switch fileSystem {
    case "ext2", "ext3", "ext4": ["-q", "-F", "-b", "4096"]
    case "xfs": ["-q", "-f", "-s", "size=\(logicalSector)"]
    default: []
    }
  }

  /// Detaches it now and deletes the file; a second call does nothing.
  public func detach() {
    guard attached else { return }
    attached = false
    _ = try? Command.run(["losetup", "--detach", path])
    folder.delete()
  }
}
