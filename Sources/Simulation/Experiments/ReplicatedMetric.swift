public import Measure
public import Statistics

/// What replications say of one metric, each giving one value: its mean, its 99th percentile, ...
public struct ReplicatedMetric: Hashable, Codable, Sendable {
  /// The mean of the values with Student's interval.
  public var mean: IntervalEstimate
  /// The median of the values with the interval of two of them; nil for too few.
  ///
  /// It assumes nothing of the distribution: right for percentiles of few or heavy-tailed values.
  public var median: OrderStatisticInterval?
  /// The least value.
  public var least: Double
  /// The largest value.
  public var largest: Double

  /// Summarises one value a replication.
  ///
  /// nil for fewer than two, or one that is not finite. Traps unless 0 < confidence < 1.
  /// O(n log n).
  public init?(_ values: [Double], confidence: Fraction = .percent(95)) {
    guard let mean = Moments(values)?.interval(confidence: confidence),
      let least = values.min(), let largest = values.max()
    else { return nil }
    self.mean = mean
    median = OrderStatisticInterval(medianOf: values, confidence: confidence)
    self.least = least
    self.largest = largest
  }
}
