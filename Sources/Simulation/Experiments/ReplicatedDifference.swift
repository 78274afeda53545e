public import Measure
internal import RealModule
public import Statistics

/// What a change does to a metric: the difference and the ratio between two arms of replications.
public struct ReplicatedDifference: Hashable, Codable, Sendable {
  /// What the changed arm lies above the base, on average, in the metric's unit.
  public var difference: IntervalEstimate
  /// The changed arm as a multiple of the base, of geometric means; nil unless all values are above
  /// zero.
  public var ratio: IntervalEstimate?
  /// The correlation between replications of one number; nil for arms without common numbers, or
  /// where an arm does not vary.
  public var correlation: Double?

  /// Whether the interval of the difference leaves zero out.
  public var isDetected: Bool { difference.lower > 0 || difference.upper < 0 }

  /// Two arms whose replications of one number share their random numbers, by Student's test of
  /// pairs.
  ///
  /// The more the arms have in common, the narrower (Law, Simulation Modeling and Analysis, 5th ed.
  /// 2015, sections 10.2.1 and 11.2). nil for fewer than two pairs or a value that is not finite.
  /// Traps unless the arms have as many values, and 0 < confidence < 1. O(n).
  public init?(
    pairs base: [Double], _ changed: [Double], confidence: Fraction = .percent(95)
  ) {
    precondition(base.count == changed.count, "pairs have two values")
    guard let before = Moments(base), let after = Moments(changed),
      let moments = Moments(zip(base, changed).map { $1 - $0 }),
      let difference = moments.interval(confidence: confidence)
    else { return nil }
    self.difference = difference
    ratio = Self.logarithms(base, changed).flatMap { first, second in
      Moments(zip(first, second).map { $1 - $0 })?.interval(confidence: confidence)
    }?.map { .exp($0) }
    // var(b - a) = var a + var b - 2 cov(a, b).
    let covariance = (before.variance + after.variance - moments.variance) / 2
    let scale = (before.variance * after.variance).squareRoot()
    correlation = scale > 0 ? covariance / scale : nil
  }

  /// Two arms of independent seeds, by Welch's test.
  ///
  /// Welch, The generalization of Student's problem when several different population variances are
  /// involved, Biometrika 34 (1947), with Satterthwaite's degrees of freedom. nil for fewer than
  /// two values in an arm or one that is not finite. Traps unless 0 < confidence < 1. O(n).
  public init?(
    independent base: [Double], _ changed: [Double], confidence: Fraction = .percent(95)
  ) {
    guard let difference = Self.welch(base, changed, confidence: confidence) else { return nil }
    self.difference = difference
    ratio = Self.logarithms(base, changed).flatMap {
      Self.welch($0, $1, confidence: confidence)
    }?.map { .exp($0) }
    correlation = nil
  }

  private static func logarithms(
    _ base: [Double], _ changed: [Double]
  ) -> (base: [Double], changed: [Double])? {
    guard base.allSatisfy({ $0 > 0 }), changed.allSatisfy({ $0 > 0 }) else { return nil }
    return (base.map { .log($0) }, changed.map { .log($0) })
  }

  private static func welch(
    _ base: [Double], _ changed: [Double], confidence: Fraction
  ) -> IntervalEstimate? {
    guard let before = Moments(base), let after = Moments(changed), base.count >= 2,
      changed.count >= 2
    else { return nil }
    let first = before.standardError * before.standardError
    let second = after.standardError * after.standardError
    let squares =
      first * first / Double(base.count - 1) + second * second / Double(changed.count - 1)
    let degrees =
      squares > 0
      ? (first + second) * (first + second) / squares
      : Double(base.count + changed.count - 2)
    let reach =
      (first + second).squareRoot() * StudentT.reach(confidence: confidence, degrees: degrees)
    let value = after.mean - before.mean
    return IntervalEstimate(
      value: value, lower: value - reach, upper: value + reach, level: confidence,
      count: base.count + changed.count)
  }
}
