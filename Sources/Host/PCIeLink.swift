internal import Measure

/// A PCI Express link: what it runs at and what it could.
public struct PCIeLink: Hashable, Codable, Sendable {
  /// PCI address of the device at the link's lower end (`0000:3b:00.0`).
  public var address: String
  /// Transfer rate a lane now, in GT/s.
  public var currentSpeed: Double?
  /// Highest transfer rate a lane, in GT/s.
  public var maximumSpeed: Double?
  /// Lanes in use.
  public var currentWidth: Int?
  /// Lanes the device has.
  public var maximumWidth: Int?

  enum CodingKeys: String, CodingKey {
    case address
    case currentSpeed = "currentSpeedGTps"
    case maximumSpeed = "maximumSpeedGTps"
    case currentWidth = "currentWidthLanes"
    case maximumWidth = "maximumWidthLanes"
  }
}

extension PCIeLink {
  /// Generation by transfer rate, with the share of transferred bits that is left for packets.
  ///
  /// PCI Express Base Specification 6.0, section 4.2: 8b/10b up to 5.0 GT/s, 128b/130b up to
  /// 32.0 GT/s, and at 64.0 GT/s 236 of a flit's 256 bytes.
  private static let generations: [Double: (name: String, share: Double)] = [
    2.5: ("1.0", 8 / 10), 5: ("2.0", 8 / 10), 8: ("3.0", 128 / 130), 16: ("4.0", 128 / 130),
    32: ("5.0", 128 / 130), 64: ("6.0", 236 / 256),
  ]

  /// What it carries at most in one direction as it runs now, bytes per second.
  ///
  /// After encoding, before the headers of packets, which take some percent more; nil where speed
  /// or width is not known.
  public var bytesPerSecond: Double? {
    guard let currentSpeed, let currentWidth, let generation = Self.generations[currentSpeed]
    else { return nil }
    return currentSpeed * 1e9 * Double(currentWidth) / 8 * generation.share
  }

  /// What it runs at now, in the words of a disclosure: `PCIe 4.0 x4 (7.88 GB/s)`.
  ///
  /// nil where speed or width is not known.
  public var text: String? {
    guard let bytesPerSecond, let currentSpeed, let currentWidth,
      let generation = Self.generations[currentSpeed]
    else { return nil }
    // To the hundredth, as vendors name it.
    let hundredths = decimalText((bytesPerSecond / 1e7).rounded() / 100)
    return "PCIe \(generation.name) x\(currentWidth) (\(hundredths) GB/s)"
  }
}
