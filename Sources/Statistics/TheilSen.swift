public import Measure

/// The slope of a series that no few values can pull: the median of the slopes between all pairs.
///
/// Theil, A rank-invariant method of linear and polynomial regression analysis (1950); the interval
/// by Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968).
public enum TheilSen {
  /// The slope a place, values standing at places 0, 1, 2 ..., with its interval.
  ///
  /// The ends are two of the pairs' slopes, so many ranks from the middle as the normal
  /// approximation of Kendall's score says. It takes the values for independent. nil for fewer
  /// than three values or one that is not finite. Traps unless 0 < confidence < 1.
  /// O(n² log n) and 4 n² bytes: take means of neighbours first for more than some thousands.
  public static func slope(of values: [Double], confidence: Fraction) -> IntervalEstimate? {
    precondition(confidence.value > 0 && confidence.value < 1, "a confidence is within 0 and 1")
    guard values.count >= 3, values.allSatisfy(\.isFinite) else { return nil }
    var slopes: [Double] = []
    slopes.reserveCapacity(values.count * (values.count - 1) / 2)
    for later in values.indices {
      for earlier in 0..<later {
        slopes.append((values[later] - values[earlier]) / Double(later - earlier))
      }
    }
    slopes.sort()
    let deviation = MannKendall.variance(
      count: values.count, ties: MannKendall.tieSizes(values)
    ).squareRoot()
    let reach = -Normal.quantile((1 - confidence.value) / 2) * deviation
    let pairs = Double(slopes.count)
    let low = ((pairs - reach) / 2).rounded(.toNearestOrEven) - 1
    let high = ((pairs + reach) / 2).rounded(.toNearestOrEven)
    return IntervalEstimate(
      value: Median.of(sorted: slopes), lower: slopes[max(0, Int(low))],
      upper: slopes[min(slopes.count - 1, Int(high))], level: confidence, count: values.count)
  }
}
