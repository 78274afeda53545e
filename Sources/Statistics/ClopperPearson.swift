public import Measure

/// The exact interval of a share from how many trials succeeded (Clopper & Pearson, 1934).
///
/// It never covers the truth less often than it says, at the price of being wider than needed:
/// right for a limit such as "99.9 % of deploys are ready within 300 s".
public enum ClopperPearson {
  /// An interval of the share of successes.
  public struct Interval: Hashable, Codable, Sendable {
    /// The lower end; 0 if nothing succeeded.
    public var lower: Fraction
    /// The upper end; 1 if everything succeeded.
    public var upper: Fraction

    /// States an interval.
    public init(lower: Fraction, upper: Fraction) {
      self.lower = lower
      self.upper = upper
    }
  }

  /// The two-sided interval: half of what the confidence leaves lies on either side.
  ///
  /// Traps unless 0 <= successes <= trials, trials >= 1 and 0 < confidence < 1. O(sqrt(trials)).
  public static func interval(
    successes: Int, of trials: Int, confidence: Fraction
  ) -> Interval {
    let each = Fraction((1 + confidence.value) / 2)
    return Interval(
      lower: lowerBound(successes: successes, of: trials, confidence: each),
      upper: upperBound(successes: successes, of: trials, confidence: each))
  }

  /// What the share is at least, with this confidence; nothing is said of how large it may be.
  ///
  /// 0 if nothing succeeded. Traps as ``interval(successes:of:confidence:)``. O(sqrt(trials)).
  public static func lowerBound(
    successes: Int, of trials: Int, confidence: Fraction
  ) -> Fraction {
    check(successes, trials, confidence)
    guard successes > 0 else { return Fraction(0) }
    // The share at which so many successes, or more, have just the probability 1 - confidence.
    return Fraction(
      Beta.quantile(
        1 - confidence.value, a: Double(successes), b: Double(trials - successes + 1)))
  }

  /// What the share is at most, with this confidence; the mirror image of the lower bound.
  ///
  /// 1 if everything succeeded; about 3 / trials at 95 % if nothing did (the rule of three).
  /// Traps as ``interval(successes:of:confidence:)``. O(sqrt(trials)).
  public static func upperBound(
    successes: Int, of trials: Int, confidence: Fraction
  ) -> Fraction {
    check(successes, trials, confidence)
    guard successes < trials else { return Fraction(1) }
    return Fraction(
      Beta.quantile(confidence.value, a: Double(successes + 1), b: Double(trials - successes)))
  }

  private static func check(_ successes: Int, _ trials: Int, _ confidence: Fraction) {
    precondition(trials >= 1 && 0...trials ~= successes, "successes are some of the trials")
    precondition(confidence.value > 0 && confidence.value < 1, "a confidence is within 0 and 1")
  }
}
