internal import Ledger
internal import Measure

/// Where a value lies: a point, or all that a bound leaves open.
struct Span {
  /// The number as given.
  var value: Double
  /// The least that it can be.
  var low: Double
  /// The most that it can be.
  var high: Double

  /// The ratio of two values that are not negative; the divisor's number is not 0.
  static func / (left: Span, right: Span) -> Span {
    Span(
      value: left.value / right.value, low: left.low / right.high,
      high: right.low == 0 ? .infinity : left.high / right.low)
  }
}

extension TrialRecord {
  /// Where the metric lies, if the trial has it as a number; no metric is negative.
  func span(of metric: String) -> Span? {
    guard let value = value(of: metric) else { return nil }
    switch metrics[metric]?.bound {
    case .atLeast: return Span(value: value, low: value, high: .infinity)
    case .atMost: return Span(value: value, low: 0, high: value)
    case nil: return Span(value: value, low: value, high: value)
    }
  }
}
