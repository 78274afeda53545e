/// The test of Mann and Whitney, Wilcoxon's rank-sum test: whether one sample lies lower.
///
/// Mann & Whitney, On a Test of Whether One of Two Random Variables is Stochastically Larger than
/// the Other, Annals of Mathematical Statistics 18 (1947); Hollander, Wolfe & Chicken,
/// Nonparametric Statistical Methods, 3rd ed. 2014, section 4.1.
enum MannWhitney {
  /// Up to so many pairs the distribution is counted: within it, as for two samples of 28, there
  /// are fewer than 2^53 ways to part the values, so that counts are exact.
  static let mostExactPairs = 28 * 28

  /// Tests whether the first sample lies lower, or higher, than the second.
  ///
  /// Equal values share their mean rank. The p values are exact, given the ties, while the product
  /// of the counts is at most 784; beyond, they are of the normal approximation with corrections
  /// for ties and for continuity. nil for an empty sample or a value that is not a number.
  /// O(n log n), and O(n^2 * pairs) at most while exact.
  static func test(_ a: [Double], _ b: [Double]) -> RankTest? {
    let all = a + b
    guard !a.isEmpty, !b.isEmpty, !all.contains(where: \.isNaN) else { return nil }
    let ranks = MidRanks(of: all)
    let sum = ranks.doubled.prefix(a.count).reduce(0, +)
    let statistic = Double(sum - a.count * (a.count + 1)) / 2
    guard a.count * b.count > mostExactPairs else {
      // Ranks of the smaller sample are counted, far fewer.
      let smaller = ScoreSumDistribution(taking: min(a.count, b.count), of: ranks.doubled)
      let isFirst = a.count <= b.count
      let first = isFirst ? smaller : smaller.ofTheRest(total: all.count * (all.count + 1))
      return RankTest(statistic: statistic, sum: sum, of: first)
    }
    let moments = moments(a.count, b.count, tieTerm: ranks.tieTerm)
    return RankTest(statistic: statistic, mean: moments.mean, deviation: moments.deviation)
  }

  /// Mean and standard deviation of U if both samples are of one distribution (section 4.1).
  static func moments(
    _ a: Int, _ b: Int, tieTerm: Double = 0
  ) -> (mean: Double, deviation: Double) {
    let pairs = Double(a) * Double(b)
    let n = Double(a + b)
    let variance = pairs / 12 * (n + 1 - tieTerm / (n * (n - 1)))
    return (pairs / 2, max(0, variance).squareRoot())
  }
}
