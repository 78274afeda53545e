internal import CLinux
internal import Glibc
public import Measure

/// What the file system beneath a path is and how it is mounted.
public struct FileSystemFacts: Hashable, Codable, Sendable {
  /// The path asked about.
  public var path: String
  /// Type as mountinfo names it (`ext4`, `xfs`, `tmpfs`, ...).
  public var type: String
  /// Where it is mounted.
  public var mountPoint: String
  /// What is mounted: usually the device.
  public var source: String
  /// Options of the mount and of the file system (`rw`, `noatime`, `discard`, ...), each once.
  public var options: [String]
  /// Room an unprivileged user can still fill.
  public var free: ByteCount
  /// Size of the file system.
  public var size: ByteCount
  /// Whether files here can be opened with O_DIRECT and what that asks for.
  public var directIO: DirectIO

  enum CodingKeys: String, CodingKey {
    case path, type, mountPoint, source, options
    case free = "freeBytes"
    case size = "sizeBytes"
    case directIO
  }

  /// Looks at the file or folder at `path`; of a file yet to be made, at the folder it will be in.
  ///
  /// Probes O_DIRECT by opening the file for reading, or in a folder an unnamed temporary file; it
  /// writes nothing.
  ///
  /// - Throws: ``HostError`` when neither the path nor its folder exists.
  public init(path: String) throws(HostError) {
    let place = Files.exists(path) ? path : Files.parent(path)
    guard Files.exists(place) else { throw .refused(path, "find its folder", code: ENOENT) }
    guard let mount = MountTable.current().mount(holding: place) else {
      throw HostError(path, "lies on no mount of /proc/self/mountinfo", remedy: "is /proc mounted?")
    }
    var room = statvfs()
    guard statvfs(place, &room) == 0 else {
      throw .refused(path, "ask the file system for its size", code: errno)
    }
    self.path = path
    (type, mountPoint, source) = (mount.type, mount.mountPoint, mount.source)
    var seen: Set<String> = []
    options = (mount.options + mount.superOptions).filter { seen.insert($0).inserted }
    free = ByteCount(Int64(room.f_bavail) * Int64(room.f_frsize))
    size = ByteCount(Int64(room.f_blocks) * Int64(room.f_frsize))
    directIO = DirectIO(probing: place)
  }
}

/// Whether O_DIRECT works at a place, and the alignment it asks for.
public struct DirectIO: Hashable, Codable, Sendable {
  /// Where the alignment comes from.
  public enum AlignmentSource: String, Codable, Sendable {
    /// statx(2) with STATX_DIOALIGN: the file system's own word.
    case statx
    /// The logical block size of the device beneath; what Linux asks for since 2.6.
    case logicalBlock
    /// No source: nothing beneath has a block size (tmpfs).
    case unknown
  }

  /// Whether a file opens with O_DIRECT and the file system does not say it is ignored.
  public var isSupported: Bool
  /// Alignment of buffers in memory; nil when unknown.
  public var memoryAlignment: ByteCount?
  /// Alignment of offset and length; nil when unknown.
  public var offsetAlignment: ByteCount?
  /// Where the alignments come from.
  public var alignmentSource: AlignmentSource

  enum CodingKeys: String, CodingKey {
    case isSupported
    case memoryAlignment = "memoryAlignmentBytes"
    case offsetAlignment = "offsetAlignmentBytes"
    case alignmentSource
  }

  /// Probes an existing file, block device or folder by a real open.
  public init(probing path: String) {
    let isFolder = Files.status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    let direct = Int32(CL_O_DIRECT) | Int32(CL_O_CLOEXEC)
    let file =
      isFolder
      ? cl_open(path, Int32(CL_O_TMPFILE) | O_RDWR | direct, 0o600)
      : cl_open(path, O_RDONLY | O_NONBLOCK | direct, 0)
    isSupported = file >= 0
    alignmentSource = .unknown
    if file >= 0 {
      var (memory, offset): (UInt32, UInt32) = (0, 0)
      let answer = cl_direct_alignment(file, &memory, &offset)
      close(file)
      if answer == 1 {
        alignmentSource = .statx
        // Both 0: the file system opens it and falls back to the page cache (ext4 data=journal).
        isSupported = memory > 0 && offset > 0
        if isSupported {
          memoryAlignment = ByteCount(Int64(memory))
          offsetAlignment = ByteCount(Int64(offset))
        }
        return
      }
    }
    let device = (try? BlockDevice(path: path)) ?? (try? BlockDevice.beneath(path: path)) ?? nil
    guard let block = device?.logicalBlock else { return }
    (memoryAlignment, offsetAlignment) = (block, block)
    alignmentSource = .logicalBlock
  }
}
