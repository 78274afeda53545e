/// What a rank test says of two samples, or of differences.
public struct RankTest: Hashable, Codable, Sendable {
  /// The statistic: T+ of a signed-rank test, U of the first sample of a Mann-Whitney test.
  public var statistic: Double
  /// The p value of the alternative that the first sample, or the differences, lie lower.
  public var pLess: Double
  /// The p value of the alternative that they lie higher.
  public var pGreater: Double
  /// The p value of the alternative that they lie elsewhere: twice the smaller one, at most 1.
  public var pTwoSided: Double
  /// Whether the p values are those of the exact distribution, not of its normal approximation.
  public var isExact: Bool

  private init(statistic: Double, pLess: Double, pGreater: Double, isExact: Bool) {
    self.statistic = statistic
    self.pLess = pLess
    self.pGreater = pGreater
    pTwoSided = min(1, 2 * min(pLess, pGreater))
    self.isExact = isExact
  }

  /// By the exact distribution of the statistic's scores, of which `sum` was seen.
  init(statistic: Double, sum: Int, of distribution: ScoreSumDistribution) {
    self.init(
      statistic: statistic, pLess: distribution.atMost(sum), pGreater: distribution.atLeast(sum),
      isExact: true)
  }

  /// By the normal approximation with the correction for continuity.
  ///
  /// A statistic that cannot vary, since all values are equal, is evidence of nothing: p = 1.
  init(statistic: Double, mean: Double, deviation: Double) {
    let distance = statistic - mean
    let varies = deviation > 0
    self.init(
      statistic: statistic,
      pLess: varies ? Normal.cdf((distance + 0.5) / deviation) : 1,
      pGreater: varies ? Normal.cdf((0.5 - distance) / deviation) : 1, isExact: false)
  }
}
