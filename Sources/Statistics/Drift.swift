public import Measure

/// What is known of a slow change over a series: figures, no verdict.
///
/// Robust slope and rank test together, as the environmental sciences report trends (Gilbert,
/// Statistical Methods for Environmental Pollution Monitoring, 1987, chapters 16 and 17).
public struct Drift: Hashable, Codable, Sendable {
  /// The change from one place to the next, in the unit of the values, with its interval.
  public var slope: IntervalEstimate
  /// The slope over the whole span, as a part of the median value; nil if that is not above zero.
  public var relativeChange: Fraction?
  /// The rank test of there being a trend.
  public var test: MannKendall

  /// Measures the values in their order, at equal distances.
  ///
  /// nil for fewer than three values or one that is not finite. Traps unless 0 < confidence < 1.
  /// O(n² log n) as ``TheilSen``.
  public init?(of values: [Double], confidence: Fraction) {
    guard let slope = TheilSen.slope(of: values, confidence: confidence),
      let test = MannKendall(values), let median = Median.of(values)
    else { return nil }
    self.slope = slope
    self.test = test
    relativeChange =
      median > 0 ? Fraction(slope.value * Double(values.count - 1) / median) : nil
  }
}
