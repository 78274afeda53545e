public import Host
public import Measure

/// What a storage workload runs against.
public enum StorageTarget: Hashable, Codable, Sendable {
  /// A block device, or an NVMe generic device for passthrough.
  case device(path: String)
  /// A regular file.
  case file(ScratchFile)
  /// A namespace over NVMe over Fabrics.
  case fabrics(FabricsAddress)
  /// A virtual function of an NVMe controller, made for the run.
  case virtualFunction(VirtualFunctionPlace)
  /// No device: for the engines that need none.
  case none(size: ByteCount)

  /// A file that a run works on.
  public struct ScratchFile: Hashable, Codable, Sendable {
    /// Where it is.
    public var path: String
    /// How large it is made; nil takes an existing file as it is.
    public var size: ByteCount?
    /// Whether it stays after the run.
    public var keep: Bool
    /// Whether writes may go to a file that was there before the run.
    public var overwriteExisting: Bool

    /// Names a file.
    public init(path: String, size: ByteCount?, keep: Bool, overwriteExisting: Bool) {
      self.path = path
      self.size = size
      self.keep = keep
      self.overwriteExisting = overwriteExisting
    }
  }

  /// The path, where there is one.
  public var path: String? {
    switch self {
    case .device(let path): path
    case .file(let file): file.path
    case .fabrics, .virtualFunction, .none: nil
    }
  }
}
