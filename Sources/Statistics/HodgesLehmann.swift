public import Measure

/// Location, and the shift between two samples, by medians of pairs, with intervals by rank tests.
///
/// Nearly as sharp as the mean for normal values and far sharper for heavy tails. Hodges & Lehmann,
/// Estimates of Location Based on Rank Tests, Annals of Mathematical Statistics 34 (1963);
/// intervals: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed. 2014, sections
/// 3.2, 3.3 (one sample) and 4.2, 4.3 (two). With ties the intervals hold at least their level.
public enum HodgesLehmann {
  /// The median of the means of all pairs of values, a value with itself among them.
  ///
  /// The centre of a symmetric distribution, with the interval of all centres that Wilcoxon's
  /// signed-rank test does not reject; exact up to 50 values. nil when there are too few values for
  /// the confidence, see ``fewestValues(confidence:)``, or one is not finite. O(n log n), and
  /// O(n^3) while exact; traps unless 0 < confidence < 1.
  static func center(of values: [Double], confidence: Fraction) -> IntervalEstimate? {
    guard let pairs = WalshAverages(values) else { return nil }
    let count = values.count
    let ends: EndRank?
    if count <= WilcoxonSignedRank.mostExact {
      ends = EndRank(ScoreSumDistribution(takingEach: Array(1...count)), confidence: confidence)
    } else {
      let moments = WilcoxonSignedRank.moments(count: count)
      ends = EndRank(mean: moments.mean, deviation: moments.deviation, confidence: confidence)
    }
    return ends?.interval(of: pairs, count: count)
  }

  /// The estimate of ``center(of:confidence:)`` alone; nil for no values or one not finite.
  ///
  /// O(n log n).
  static func centerEstimate(of values: [Double]) -> Double? {
    WalshAverages(values)?.median
  }

  /// The median of what values of `b` lie above values of `a`, over all pairs of the two samples.
  ///
  /// What is to be added to `a` to bring it to `b`, with the interval of all shifts that the test
  /// of Mann and Whitney does not reject; exact while the product of the counts is at most 784.
  /// nil when there are too few values for the confidence, see ``fewestValuesEach(confidence:)``,
  /// or one is not finite. O(n log n), and O(n^2 * pairs) at most while exact; traps unless
  /// 0 < confidence < 1.
  public static func shift(
    from a: [Double], to b: [Double], confidence: Fraction
  ) -> IntervalEstimate? {
    guard let pairs = PairDifferences(from: a, to: b) else { return nil }
    let count = a.count + b.count
    let ends: EndRank?
    if a.count * b.count <= MannWhitney.mostExactPairs {
      let smaller = min(a.count, b.count)
      ends = EndRank(
        ScoreSumDistribution(taking: smaller, of: Array(1...count)), confidence: confidence)
    } else {
      let moments = MannWhitney.moments(a.count, b.count)
      ends = EndRank(mean: moments.mean, deviation: moments.deviation, confidence: confidence)
    }
    return ends?.interval(of: pairs, count: count)
  }

  /// The estimate of ``shift(from:to:confidence:)`` alone; nil for an empty sample or a value that
  /// is not finite.
  ///
  /// O(n log n).
  static func shiftEstimate(from a: [Double], to b: [Double]) -> Double? {
    PairDifferences(from: a, to: b)?.median
  }

  /// The fewest values whose center has an interval of this confidence: 6 for 95 %, 8 for 99 %.
  ///
  /// The widest interval misses with probability 2 / 2^n, as that of the median does. Traps unless
  /// 0 < confidence < 1.
  public static func fewestValues(confidence: Fraction) -> Int {
    OrderStatisticInterval.fewestValues(confidence: confidence)
  }

  /// The fewest values in each of two equal samples whose shift has an interval of this
  /// confidence: 4 for 95 %, 5 for 99 %.
  ///
  /// The widest interval misses with probability 2 / C(2n, n). Traps unless 0 < confidence < 1.
  public static func fewestValuesEach(confidence: Fraction) -> Int {
    precondition(confidence.value > 0 && confidence.value < 1, "a confidence is within 0 and 1")
    var count = 1
    var ways = 2.0
    while 1 - 2 / ways < confidence.value {
      ways *= Double(2 * (2 * count + 1)) / Double(count + 1)
      count += 1
    }
    return count
  }
}

/// The rank, from below and from above, of the interval's ends among the pairs.
private struct EndRank {
  var rank: Int
  var level: Fraction

  /// The largest rank k with 1 - 2 P(statistic < k) >= confidence, exactly.
  init?(_ distribution: ScoreSumDistribution, confidence: Fraction) {
    Self.check(confidence)
    var best: (rank: Int, level: Double)?
    var below = 0.0
    for (index, probability) in distribution.probabilities.enumerated() {
      below += probability
      let level = 1 - 2 * below
      guard level >= confidence.value else { break }
      best = (index + 1, level)
    }
    guard let best else { return nil }
    rank = best.rank
    level = Fraction(best.level)
  }

  /// The same by the normal approximation with the correction for continuity.
  init?(mean: Double, deviation: Double, confidence: Fraction) {
    Self.check(confidence)
    let z = Normal.quantile((1 - confidence.value) / 2)
    rank = Int((mean + z * deviation + 0.5).rounded(.down))
    guard rank >= 1 else { return nil }
    level = Fraction(1 - 2 * Normal.cdf((Double(rank) - 0.5 - mean) / deviation))
  }

  func interval(of pairs: some OrderedPairs, count: Int) -> IntervalEstimate {
    IntervalEstimate(
      value: pairs.median, lower: pairs.value(rank: rank),
      upper: pairs.value(rank: pairs.count + 1 - rank), level: level, count: count)
  }

  private static func check(_ confidence: Fraction) {
    precondition(confidence.value > 0 && confidence.value < 1, "a confidence is within 0 and 1")
  }
}
