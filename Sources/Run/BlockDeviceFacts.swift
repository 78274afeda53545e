public import Host
internal import Measure
internal import Storage

/// The device that a target's I/O ends on.
public struct BlockDeviceFacts: Codable, Sendable {
  /// Identity and state.
  public var device: BlockDevice
  /// Whether the target is the device itself rather than a file on it.
  public var isTarget: Bool
  /// The file system between, for a file.
  public var fileSystem: FileSystemFacts?

  /// Finds the device of a target; nil where there is none, as on tmpfs.
  static func of(_ target: StorageTarget) -> BlockDeviceFacts? {
    switch target {
    case .none, .fabrics, .virtualFunction: return nil
    case .device(let path):
      guard let device = try? BlockDevice(path: path) else { return nil }
      return BlockDeviceFacts(device: device, isTarget: true, fileSystem: nil)
    case .file(let file):
      let place = existing(file.path)
      guard let device = (try? BlockDevice.beneath(path: place)) ?? nil else { return nil }
      return BlockDeviceFacts(
        device: device, isTarget: false, fileSystem: try? FileSystemFacts(path: place))
    }
  }

  /// The path itself, or the folder in which it will be made.
  static func existing(_ path: String) -> String {
    if case .missing = ScratchFile.state(of: path) {
      guard let slash = path.lastIndex(of: "/") else { return "." }
      return slash == path.startIndex ? "/" : String(path[..<slash])
    }
    return path
  }

  /// What the bits end on, in the words of a disclosure.
  var medium: String {
    if device.name.hasPrefix("zram") { return "memory (zram)" }
    if device.name.hasPrefix("loop") { return "file (\(device.backingFile ?? "loop"))" }
    let kind = device.isRotational.map { $0 ? "rotating disk" : "solid state" } ?? "block device"
    return [device.model, kind].compactMap(\.self).joined(separator: ", ")
  }
}
