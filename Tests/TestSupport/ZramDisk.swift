internal import Foundation

/// A compressed RAM disk of its own (`Requires.zram`), gone when the test drops this value.
public final class ZramDisk {
  /// The device's name without `/dev/`, as sysfs has it.
  public let name: String

  /// The device, such as `/dev/zram3`.
  public var path: String { "/dev/\(name)" }

  /// Adds a disk of `bytes`; it takes memory only for what is written.
  ///
  /// - Throws: what the kernel says.
  public init(bytes: Int) throws {
    let number = try String(contentsOfFile: "/sys/class/zram-control/hot_add", encoding: .utf8)
    name = "zram" + number.trimmingCharacters(in: .whitespacesAndNewlines)
    try "\(bytes)".write(toFile: "/sys/block/\(name)/disksize", atomically: false, encoding: .utf8)
  }

  deinit {
    // Whoever looks at new disks, such as udev, may still have it open.
    for _ in 0..<50 {
      let removed: Void? = try? String(name.dropFirst("zram".count))
        .write(toFile: "/sys/class/zram-control/hot_remove", atomically: false, encoding: .utf8)
      if removed != nil { return }
      Thread.sleep(forTimeInterval: 0.01)
    }
  }
}
