/// How much the values of a series scatter around a level that may shift now and then.
struct SeriesNoise {
  /// Standard deviation around the level.
  let deviation: Double
  /// By how much correlation of neighbours raises the variance of a mean, at least 1.
  let inflation: Double

  /// Judged by differences at distance one and two, to which a shift contributes but once or twice.
  ///
  /// For an autoregression of coefficient ρ their variances are 2σ²(1 - ρ) and 2σ²(1 - ρ²), so
  /// their ratio is 1 + ρ, and a mean has (1 + ρ) / (1 - ρ) times the variance it has without
  /// correlation. The largest tenth of the differences, shifts among them, is left out of both.
  /// O(n log n).
  init(_ values: ArraySlice<Double>) {
    let near = Self.variance(of: zip(values, values.dropFirst(1)).map { $1 - $0 })
    let far = Self.variance(of: zip(values, values.dropFirst(2)).map { $1 - $0 })
    // Alternating values are taken for independent, and none for a walk without a level.
    let correlation = near > 0 ? min(0.9, max(0, far / near - 1)) : 0
    let least = (values.map(\.magnitude).max() ?? 0) * 1e-12
    deviation = max(least, (near / 2 / (1 - correlation)).squareRoot())
    inflation = (1 + correlation) / (1 - correlation)
  }

  /// The variance of normal values of mean 0 whose smaller nine tenths are as these.
  private static func variance(of differences: [Double]) -> Double {
    let kept = differences.map(\.magnitude).sorted().prefix(differences.count * 9 / 10)
    guard !kept.isEmpty else { return 0 }
    // 1 - 2 q φ(q) / 0.9, q = 1.6449: what the variance of a normal distribution is within ±q.
    return kept.reduce(0) { $0 + $1 * $1 } / Double(kept.count) / 0.6230
  }
}
