extension MetricUnit {
  /// A value in the spelling of a scenario's limits, in so many significant digits.
  public func text(_ value: Double, digits: Int = 4) -> String {
    switch self {
    case .count: return significant(value, digits)
    case .percent: return significant(value, digits) + "%"
    case .perSecond: return Self.scaled(value, QuantityText.rateUnits.reversed(), digits)
    case .bytesPerSecond:
      return Self.scaled(value, QuantityText.sizeUnits.prefix(5), digits) + "/s"
    case .nanoseconds:
      let units = QuantityText.durationUnits.filter { ["s", "ms", "us", "ns"].contains($0.name) }
      return Self.scaled(value, units, digits)
    }
  }

  /// In the largest of the units, given from large to small, of which it is at least one.
  private static func scaled(
    _ value: Double, _ units: some Collection<(name: String, factor: Int64)>, _ digits: Int
  ) -> String {
    var chosen = (name: "", factor: Int64(1))
    for unit in units {
      chosen = unit
      if value.magnitude >= Double(unit.factor) { break }
    }
    return significant(value / Double(chosen.factor), digits) + chosen.name
  }
}

/// A number in so many significant digits, without trailing zeros; whole digits are never cut.
public func significant(_ value: Double, _ digits: Int) -> String {
  guard value != 0, value.isFinite else { return decimalText(value) }
  var decimals = digits - 1
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
