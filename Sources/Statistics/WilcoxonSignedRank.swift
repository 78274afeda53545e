/// Wilcoxon's signed-rank test: whether differences lie around zero.
///
/// Wilcoxon, Individual Comparisons by Ranking Methods, Biometrics Bulletin 1 (1945); Hollander,
/// Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed. 2014, section 3.1.
enum WilcoxonSignedRank {
  /// Up to so many differences the distribution is counted; 2^50 sign patterns are exact.
  static let mostExact = 50

  /// Tests differences, such as subject less reference of each pair, against zero.
  ///
  /// Differences of zero are dropped, as Wilcoxon did; equal magnitudes share their mean rank.
  /// Up to 50 differences other than zero the p values are exact, given the ties; beyond, they are
  /// of the normal approximation with corrections for ties and for continuity. All zero is evidence
  /// of nothing: p = 1. nil for no differences or one that is not a number. O(n log n), and
  /// O(n^3) while exact.
  static func test(_ differences: [Double]) -> RankTest? {
    guard !differences.isEmpty, !differences.contains(where: \.isNaN) else { return nil }
    let moved = differences.filter { $0 != 0 }
    let ranks = MidRanks(of: moved.map(\.magnitude))
    let sum = zip(moved, ranks.doubled).reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
    let statistic = Double(sum) / 2
    guard moved.count > mostExact else {
      return RankTest(
        statistic: statistic, sum: sum, of: ScoreSumDistribution(takingEach: ranks.doubled))
    }
    let moments = moments(count: moved.count, tieTerm: ranks.tieTerm)
    return RankTest(statistic: statistic, mean: moments.mean, deviation: moments.deviation)
  }

  /// Mean and standard deviation of T+ if differences lie around zero (section 3.1, 3.9 and 3.13).
  static func moments(count: Int, tieTerm: Double = 0) -> (mean: Double, deviation: Double) {
    let n = Double(count)
    let variance = n * (n + 1) * (2 * n + 1) / 24 - tieTerm / 48
    return (n * (n + 1) / 4, variance.squareRoot())
  }
}
