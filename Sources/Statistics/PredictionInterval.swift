public import Measure

/// Where one further value will lie, judged by those there are.
public enum PredictionInterval {
  /// The interval of the next value after `values`, such as the means of sessions.
  ///
  /// mean ± t(m - 1) s sqrt(1 + 1/m), which holds for independent values of one normal distribution
  /// (Hahn & Meeker, Statistical Intervals, 1991, section 4.7). The estimate is the mean. Wider
  /// than a confidence interval of the mean, which says nothing of where a single value lies. nil
  /// for fewer than two values or one that is not finite. Traps unless 0 < confidence < 1. O(m).
  public static func next(after values: [Double], confidence: Fraction) -> IntervalEstimate? {
    precondition(confidence.value > 0 && confidence.value < 1, "a confidence is within 0 and 1")
    guard values.count >= 2, values.allSatisfy(\.isFinite) else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let spread = (squares / (count - 1) * (1 + 1 / count)).squareRoot()
    let half = spread * StudentT.quantile((1 + confidence.value) / 2, degrees: count - 1)
    return IntervalEstimate(
      value: mean, lower: mean - half, upper: mean + half, level: confidence,
      count: values.count)
  }
}
