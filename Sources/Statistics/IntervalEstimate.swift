public import Measure

/// An estimate with the interval that a method gives it.
public struct IntervalEstimate: Hashable, Codable, Sendable {
  /// The estimate.
  public var value: Double
  /// The lower end.
  public var lower: Double
  /// The upper end.
  public var upper: Double
  /// The confidence that was reached, both sides together; at least the one asked for.
  public var level: Fraction
  /// How many values, or pairs, it rests on; of two samples both together.
  public var count: Int

  /// States an estimate.
  public init(value: Double, lower: Double, upper: Double, level: Fraction, count: Int) {
    self.value = value
    self.lower = lower
    self.upper = upper
    self.level = level
    self.count = count
  }

  /// The same under a rising function, such as exp for an interval of logarithms.
  public func map(_ rising: (Double) -> Double) -> IntervalEstimate {
    IntervalEstimate(
      value: rising(value), lower: rising(lower), upper: rising(upper), level: level, count: count)
  }
}
