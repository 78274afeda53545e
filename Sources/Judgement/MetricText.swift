internal import Measure

/// Values in the spelling of a scenario's limits, so that a reason reads like its limit.
enum MetricText {
  /// The values in four significant digits, or in as many as tell each from the bound.
  static func texts(
    _ values: [Double], _ unit: MetricUnit, isRatio: Bool, apartFrom bound: Double
  ) -> [String] {
    let reference = text(bound, unit, isRatio, 4)
    let digits = (4...12).first { digits in
      values.allSatisfy { $0 == bound || text($0, unit, isRatio, digits) != reference }
    }
    return values.map { text($0, unit, isRatio, digits ?? 17) }
  }

  private static func text(
    _ value: Double, _ unit: MetricUnit, _ isRatio: Bool, _ count: Int
  ) -> String {
    switch unit {
    case .count: return digits(value, count) + (isRatio ? "x" : "")
    case .percent: return digits(value, count) + "%"
    case .perSecond:
      return scaled(value, QuantityText.rateUnits.reversed(), count)
    case .bytesPerSecond: return scaled(value, QuantityText.sizeUnits.prefix(5), count) + "/s"
    case .nanoseconds:
      let units = QuantityText.durationUnits.filter { ["s", "ms", "us", "ns"].contains($0.name) }
      return scaled(value, units, count)
    }
  }

  /// In the largest of the units, given from large to small, of which it is at least one.
  private static func scaled(
    _ value: Double, _ units: some Collection<(name: String, factor: Int64)>, _ count: Int
  ) -> String {
    var chosen = (name: "", factor: Int64(1))
    for unit in units {
      chosen = unit
      if value.magnitude >= Double(unit.factor) { break }
    }
    return digits(value / Double(chosen.factor), count) + chosen.name
  }

  /// A number in so many significant digits, without trailing zeros; whole digits are never cut.
  static func digits(_ value: Double, _ count: Int) -> String {
    guard value != 0, value.isFinite else { return decimalText(value) }
    var decimals = count - 1
    var size = value.magnitude
    while size >= 10, decimals > 0 {
      size /= 10
      decimals -= 1
    }
    while size < 1, decimals < 17 {
      size *= 10
      decimals += 1
    }
    var power = 1.0
    for _ in 0..<decimals { power *= 10 }
    return decimalText((value * power).rounded() / power)
  }
}
