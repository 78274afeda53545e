public import Measure

/// Mean and variance of a sample, and what they say of the mean of the population.
public struct Moments: Hashable, Sendable {
  /// How many values there are.
  public let count: Int
  /// Their mean.
  public let mean: Double
  /// Their variance with divisor n - 1; 0 for a single value.
  public let variance: Double

  /// Measures the values; nil for none, or one that is not finite.
  ///
  /// In two passes, the second of which takes back what rounding did to the first (Chan, Golub &
  /// LeVeque, Algorithms for computing the sample variance, 1983). O(n).
  public init?(_ values: [Double]) {
    guard !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    var squares = 0.0
    var rest = 0.0
    for value in values {
      squares += (value - mean) * (value - mean)
      rest += value - mean
    }
    self.count = values.count
    self.mean = mean
    variance = values.count > 1 ? max(0, squares - rest * rest / count) / (count - 1) : 0
  }

  /// The standard error of the mean; 0 for a single value, which tells nothing of it.
  public var standardError: Double { (variance / Double(count)).squareRoot() }

  /// Student's interval of the population's mean; nil for fewer than two values.
  ///
  /// Exact for independent normal values. Traps unless 0 < confidence < 1. O(sqrt(n)).
  public func interval(confidence: Fraction) -> IntervalEstimate? {
    guard count >= 2 else { return nil }
    let reach =
      standardError * StudentT.reach(confidence: confidence, degrees: Double(count - 1))
    return IntervalEstimate(
      value: mean, lower: mean - reach, upper: mean + reach, level: confidence, count: count)
  }
}

extension StudentT {
  /// The t that is passed, on either side together, with probability 1 - confidence.
  ///
  /// Traps unless 0 < confidence < 1 and degrees > 0. O(sqrt(degrees)).
  public static func reach(confidence: Fraction, degrees: Double) -> Double {
    precondition(confidence.value > 0 && confidence.value < 1, "a confidence is within 0 and 1")
    return -quantile((1 - confidence.value) / 2, degrees: degrees)
  }
}
