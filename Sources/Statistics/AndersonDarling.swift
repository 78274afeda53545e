internal import RealModule

/// The k-sample test of Anderson and Darling: whether samples are of one distribution.
///
/// Weighs the tails, where ``KolmogorovSmirnov`` is blunt, and takes any number of samples. Scholz
/// & Stephens, K-Sample Anderson-Darling Tests, JASA 82 (1987); with mid-ranks for ties (equation
/// 7).
public struct AndersonDarling: Hashable, Codable, Sendable {
  /// The statistic less its mean, by its standard deviation; large if distributions differ.
  public var statistic: Double
  /// The p value of the alternative that they differ, interpolated within 0.001 and 0.25.
  ///
  /// Beyond the table there is only a bound: 0.001 stands for "at most", 0.25 for "at least".
  public var p: Double

  /// Compares samples.
  ///
  /// nil for fewer than two samples, an empty one, fewer than four values in all, values all equal
  /// or one that is not a number. O(k * n log n).
  public init?(_ samples: [[Double]]) {
    let pooled = samples.flatMap { $0 }.sorted()
    guard samples.count > 1, samples.allSatisfy({ !$0.isEmpty }), pooled.count > 3,
      !pooled.contains(where: \.isNaN), pooled.first != pooled.last
    else { return nil }
    let freedom = Double(samples.count - 1)
    let deviation = Self.variance(counts: samples.map(\.count)).squareRoot()
    statistic = (Self.squaredDistance(samples.map { $0.sorted() }, pooled) - freedom) / deviation
    p = Self.p(statistic, freedom: freedom)
  }

  /// A²akN: squared distances of each sample's distribution from that of all, by their variance.
  private static func squaredDistance(_ samples: [[Double]], _ pooled: [Double]) -> Double {
    let all = Double(pooled.count)
    var sums = [Double](repeating: 0, count: samples.count)
    var seen = [Int](repeating: 0, count: samples.count)
    var start = 0
    while start < pooled.count {
      let value = pooled[start]
      var end = start
      while end < pooled.count, pooled[end] == value { end += 1 }
      let equal = Double(end - start)
      let below = Double(start) + equal / 2
      let variance = below * (all - below) - all * equal / 4
      for (index, sample) in samples.enumerated() {
        let before = seen[index]
        var after = before
        while after < sample.count, sample[after] == value { after += 1 }
        seen[index] = after
        let distance = all * Double(before + after) / 2 - Double(sample.count) * below
        sums[index] += equal * distance * distance / variance
      }
      start = end
    }
    let total = zip(sums, samples).reduce(0) { $0 + $1.0 / Double($1.1.count) }
    return total * (all - 1) / (all * all)
  }

  /// The statistic's variance for samples of one continuous distribution (equation 4).
  private static func variance(counts: [Int]) -> Double {
    let k = Double(counts.count)
    let all = counts.reduce(0, +)
    let inverse = counts.reduce(0) { $0 + 1 / Double($1) }
    var h = 1.0
    var g = 0.0
    // h: the sum of 1/i for i < N. g: the sum of 1 / ((N - i) j) for i < j < N.
    for step in 2..<all {
      h += 1 / Double(all + 1 - step)
      g += (h - 1) / Double(step)
    }
    let a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverse
    let b1 = (2 * g - 4) * k * k + 8 * h * k
    let b = b1 + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6
    let c1 = (6 * h + 2 * g - 2) * k * k + (4 * h - 4 * g + 6) * k
    let c = c1 + (2 * h - 6) * inverse + 4 * h
    let d = (2 * h + 6) * k * k - 4 * h * k
    let n = Double(all)
    return (((a * n + b) * n + c) * n + d) / ((n - 1) * (n - 2) * (n - 3))
  }

  /// Table 2: the critical value of m = k - 1 is b0 + b1 / sqrt(m) + b2 / m.
  private static let table: [(p: Double, b0: Double, b1: Double, b2: Double)] = [
    (0.25, 0.675, -0.245, -0.105), (0.1, 1.281, 0.25, -0.305), (0.05, 1.645, 0.678, -0.362),
    (0.025, 1.96, 1.149, -0.391), (0.01, 2.326, 1.822, -0.396), (0.005, 2.573, 2.364, -0.345),
    (0.001, 3.085, 3.615, -0.154),
  ]

  /// The logarithm of p by a parabola of least squares through the table, as scipy reads it.
  private static func p(_ statistic: Double, freedom: Double) -> Double {
    let points = table.map { row in
      (x: row.b0 + row.b1 / freedom.squareRoot() + row.b2 / freedom, y: Double.log(row.p))
    }
    if let first = points.first, statistic < first.x { return table[0].p }
    if let last = points.last, statistic > last.x { return table[table.count - 1].p }
    // Orthogonal polynomials: each coefficient is found by itself (Forsythe, Generation and Use
    // of Orthogonal Polynomials, J. SIAM 5, 1957).
    let count = Double(points.count)
    let mean = points.reduce(0) { $0 + $1.x } / count
    let square = points.reduce(0) { $0 + ($1.x - mean) * ($1.x - mean) }
    let skew = points.reduce(0) { $0 + ($1.x - mean) * ($1.x - mean) * ($1.x - mean) } / square
    func line(_ x: Double) -> Double { x - mean }
    func parabola(_ x: Double) -> Double { (x - mean - skew) * (x - mean) - square / count }
    var fitted = points.reduce(0) { $0 + $1.y } / count
    for polynomial in [line, parabola] {
      let product = points.reduce(0) { $0 + polynomial($1.x) * $1.y }
      let norm = points.reduce(0) { $0 + polynomial($1.x) * polynomial($1.x) }
      fitted += product / norm * polynomial(statistic)
    }
    return .exp(fitted)
  }
}
