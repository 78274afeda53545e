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
    _ value: Double, _ unit: MetricUnit, _ isRatio: Bool, _ digits: Int
  ) -> String {
    unit.text(value, digits: digits) + (unit == .count && isRatio ? "x" : "")
  }
}
