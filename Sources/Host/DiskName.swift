public import Measure

/// A disk as a user names it: it may be there, be yet to come, or be gone.
public struct DiskName: Hashable, Codable, Sendable {
  /// As it was given.
  public let text: String

  /// Takes a path below /dev, a PCI address, an NVMe qualified name, or a serial number.
  public init(_ text: String) { self.text = text }

  /// Reads the bare text.
  public init(from decoder: any Decoder) throws {
    text = try decoder.singleValueContainer().decode(String.self)
  }
  /// Writes the bare text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  /// What the name is.
  enum Kind {
    /// `/dev/nvme1n1`.
    case node(kernelName: String)
    /// `/dev/disk/by-id/...`: there once udev has made it.
    case link
    /// `0000:3b:00.0`.
    case pciAddress
    /// `nqn.2026-01.example:vol1`.
    case qualifiedName
    /// Anything else.
    case serial
  }

  var kind: Kind {
    if text.hasPrefix("/dev/") {
      let rest = text.dropFirst(5)
      return rest.contains("/") || Files.isLink(text)
        ? .link : .node(kernelName: String(rest))
    }
    if text.hasPrefix("nqn.") { return .qualifiedName }
    return text.wholeMatch(of: /[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/) != nil
      ? .pciAddress : .serial
  }
}

/// Looks for one disk again and again: cheap enough for every millisecond.
///
/// A disk whose identity was read once and is another's is not read again while it stays; reading
/// a serial number can be a request to the disk.
public struct DiskSearch {
  private let name: DiskName
  private var strangers: Set<String> = []
  private let blocks = "/sys/class/block"

  /// Looks for a disk; the disks that are there now and do not match are settled.
  public init(_ name: DiskName) {
    self.name = name
    if find() == nil { strangers = Set(Files.names(in: "/sys/block")) }
  }

  /// The kernel's name of the disk; nil where it is not there or has no size yet.
  public mutating func find() -> String? {
    switch name.kind {
    case .node(let kernelName): return isThere(kernelName) ? kernelName : nil
    case .link:
      guard let path = Files.resolved(name.text), path.hasPrefix("/dev/") else { return nil }
      let kernelName = Files.lastPart(path)
      return isThere(kernelName) ? kernelName : nil
    case .pciAddress, .qualifiedName, .serial:
      let names = Files.names(in: "/sys/block")
      strangers.formIntersection(names)
      return names.first { !strangers.contains($0) && isThere($0) && matches($0) }
    }
  }

  /// The size of a disk by its kernel name; nil where it is gone.
  public static func size(of kernelName: String) -> ByteCount? {
    // In units of 512 bytes whatever the device's block (Documentation/ABI/stable/sysfs-block).
    Files.integer("/sys/class/block/\(kernelName)/size").map { ByteCount($0 * 512) }
  }

  /// The smallest unit that can be read of a disk, bytes.
  public static func logicalBlock(of kernelName: String) -> Int {
    Files.integer("/sys/class/block/\(kernelName)/queue/logical_block_size").map { Int($0) } ?? 4096
  }

  /// The device node of a disk; nil where it is not there.
  public static func node(of kernelName: String) -> String? {
    // Sysfs writes a slash of a name as an exclamation mark.
    let path = "/dev/" + String(kernelName.map { $0 == "!" ? "/" : $0 })
    return Files.exists(path) ? path : nil
  }

  /// Loop and zram devices are always listed: one of size 0 is not there.
  private func isThere(_ kernelName: String) -> Bool {
    Self.size(of: kernelName).map { $0 > .zero } ?? false
  }

  private mutating func matches(_ kernelName: String) -> Bool {
    guard let directory = Files.resolved("\(blocks)/\(kernelName)") else { return false }
    let disk = SysfsDisk(directory: directory)
    switch name.kind {
    case .pciAddress:
      if directory.contains("/\(name.text)/") { return true }
      return disk.controllers.contains { $0.address == name.text }
    case .qualifiedName: return disk.controllers.contains { $0.subsystemNQN == name.text }
    case .serial:
      guard let serial = disk.serial else { return false }
      if serial != name.text { strangers.insert(kernelName) }
      return serial == name.text
    case .node, .link: return false
    }
  }
}
