public import Ledger

/// How numbers are shown to people: three significant digits, scaled units, no locale.
///
/// The same number gives the same bytes on every machine. Time scales by 1000, amounts of data by
/// 1024 (IEC 80000-13), counts and rates by 1000 with k, M, G.
public struct Quantity: Hashable, Sendable {
  /// What a number counts.
  public enum Kind: String, Hashable, Sendable {
    /// Nanoseconds.
    case time
    /// Seconds of elapsed time, shown as s, min and h.
    case elapsed
    /// Bytes.
    case bytes
    /// Bytes per second.
    case bandwidth
    /// Events per second.
    case rate
    /// Hundredths.
    case percent
    /// A plain number: exact when whole and small.
    case count
    /// A ratio with 1 as "no difference".
    case ratio

    /// The kind of a metric's unit as records write it; plain numbers where it is not known.
    public init(unit: String) {
      switch unit {
      case "ns": self = .time
      case "s": self = .elapsed
      case "B": self = .bytes
      case "B/s": self = .bandwidth
      case "1/s": self = .rate
      case "%": self = .percent
      default: self = .count
      }
    }
  }

  /// The number in the kind's base unit.
  public var value: Double
  /// What it counts.
  public var kind: Kind

  /// Names a number.
  public init(_ value: Double, _ kind: Kind) {
    self.value = value
    self.kind = kind
  }

  /// Takes a metric's value with its unit.
  public init(_ metric: MetricValue) {
    self.init(metric.value, Kind(unit: metric.unit))
  }

  /// The text, such as `12.3k`, `84.1 µs` or `1.52 GiB/s`; `-` for what is not a number.
  public var text: String { text(ascii: false) }

  /// The text, with `us` for `µs` where the terminal is not known to speak UTF-8.
  public func text(ascii: Bool) -> String {
    guard value.isFinite else { return ascii ? "-" : "–" }
    switch kind {
    case .percent: return Self.digits(value) + " %"
    case .ratio: return Self.fixed(value, 3)
    case .elapsed where abs(value) >= 1: return Self.elapsed(value)
    case .count where value == value.rounded() && abs(value) < 100_000:
      return Self.fixed(value, 0)
    default:
      let scale = Self.scale(for: value, kind)
      let unit = ascii && scale.unit == "µs" ? "us" : scale.unit
      return Self.digits(value / scale.factor) + (scale.isPrefix ? unit : " " + unit)
    }
  }
}

extension Quantity {
  /// A unit and how many base units it holds.
  struct Scale: Hashable {
    var factor: Double
    var unit: String
    /// Whether the unit is a bare prefix (`k`) that stands without a space.
    var isPrefix = false
  }

  /// The unit in which `value` reads best; the rounded number decides, so 999.9 µs is 1.00 ms.
  static func scale(for value: Double, _ kind: Kind) -> Scale {
    let scales = scales(of: kind)
    let step = scales.count > 1 ? scales[1].factor / scales[0].factor : 1000
    for scale in scales where abs(rounded(value / scale.factor)) < step { return scale }
    return scales[scales.count - 1]
  }

  private static func scales(of kind: Kind) -> [Scale] {
    switch kind {
    case .time:
      [
        Scale(factor: 1, unit: "ns"), Scale(factor: 1e3, unit: "µs"),
        Scale(factor: 1e6, unit: "ms"), Scale(factor: 1e9, unit: "s"),
      ]
    case .elapsed: [Scale(factor: 1e-3, unit: "ms"), Scale(factor: 1, unit: "s")]
    case .bytes: binary("")
    case .bandwidth: binary("/s")
    case .rate, .count:
      [
        Scale(factor: 1, unit: "", isPrefix: true), Scale(factor: 1e3, unit: "k", isPrefix: true),
        Scale(factor: 1e6, unit: "M", isPrefix: true),
        Scale(factor: 1e9, unit: "G", isPrefix: true),
      ]
    case .percent: [Scale(factor: 1, unit: "%")]
    case .ratio: [Scale(factor: 1, unit: "", isPrefix: true)]
    }
  }

  private static func binary(_ suffix: String) -> [Scale] {
    ["B", "KiB", "MiB", "GiB", "TiB"].enumerated().map { power, unit in
      Scale(factor: Double(sign: .plus, exponent: 10 * power, significand: 1), unit: unit + suffix)
    }
  }

  private static func elapsed(_ seconds: Double) -> String {
    if abs(seconds) < 120 { return digits(seconds) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 7200 {
      let rest = whole % 60
      return "\(whole / 60) min" + (rest == 0 ? "" : " \(rest) s")
    }
    let minutes = whole % 3600 / 60
    return "\(whole / 3600) h" + (minutes == 0 ? "" : " \(minutes) min")
  }

  /// Rounds to three significant digits, and to a whole number from 100 on.
  private static func rounded(_ value: Double) -> Double {
    let scale = power(decimals(value))
    return (value * scale).rounded() / scale
  }

  /// Three significant digits; whole numbers from 100 on are never cut.
  static func digits(_ value: Double) -> String {
    if value == 0 { return "0" }
    if abs(value) < 0.001 { return fixed(value, 6) }
    let decimals = decimals(value)
    // 9.999 rounds to 10.00: one decimal less keeps three digits.
    let afterRounding = Self.decimals((value * power(decimals)).rounded() / power(decimals))
    return fixed(value, afterRounding)
  }

  private static func decimals(_ value: Double) -> Int {
    switch abs(value) {
    case 100...: 0
    case 10...: 1
    case 1...: 2
    case 0.1...: 3
    case 0.01...: 4
    default: 5
    }
  }

  private static func power(_ digits: Int) -> Double {
    (0..<digits).reduce(1) { product, _ in product * 10 }
  }

  /// The number with exactly `decimals` digits after the point, rounded half away from zero.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    let scaled = (value * power(decimals)).rounded()
    guard let all = Int64(exactly: scaled) else { return "\(value)" }
    let magnitude = String(all.magnitude)
    let sign = all < 0 ? "-" : ""
    if decimals == 0 { return sign + magnitude }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - magnitude.count)) + magnitude
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// The number with at most `decimals` digits after the point, without trailing zeros.
  static func short(_ value: Double, _ decimals: Int = 1) -> String {
    var text = fixed(value, decimals)
    guard decimals > 0, text.contains(".") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text == "-0" ? "0" : text
  }
}
