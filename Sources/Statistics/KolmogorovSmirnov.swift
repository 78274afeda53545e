internal import RealModule

/// The two-sample test of Kolmogorov and Smirnov: whether two samples are of one distribution.
///
/// Sees a change of shape, such as a second mode, that leaves ranks in balance and so escapes
/// ``MannWhitney``. Smirnov, Table for Estimating the Goodness of Fit of Empirical Distributions,
/// Annals of Mathematical Statistics 19 (1948).
public struct KolmogorovSmirnov: Hashable, Codable, Sendable {
  /// The largest distance between the two empirical distribution functions, within 0 and 1.
  public var distance: Double
  /// The p value of the alternative that the distributions differ.
  ///
  /// With ties, rounded up: as though they could have been told apart.
  public var p: Double
  /// Whether p is of the exact distribution, not of its limit for large samples.
  public var isExact: Bool

  /// Up to so many pairs the paths are counted.
  static let mostExactPairs = 1_000_000

  /// Compares two samples.
  ///
  /// Exact while the product of the counts is at most a million; nil for an empty sample or a value
  /// that is not a number. O(n log n), and O(pairs) while exact.
  public init?(_ a: [Double], _ b: [Double]) {
    guard !a.isEmpty, !b.isEmpty, !a.contains(where: \.isNaN), !b.contains(where: \.isNaN) else {
      return nil
    }
    let pairs = a.count * b.count
    let scaled = Self.scaledDistance(a.sorted(), b.sorted())
    distance = Double(scaled) / Double(pairs)
    isExact = pairs <= Self.mostExactPairs
    if isExact {
      p = Self.shareOfPaths(a.count, b.count, reaching: scaled)
    } else {
      let effective = Double(pairs) / Double(a.count + b.count)
      p = Self.limit(effective.squareRoot() * distance)
    }
  }

  /// The distance times both counts, a whole number.
  private static func scaledDistance(_ a: [Double], _ b: [Double]) -> Int {
    var largest = 0
    var i = 0
    var j = 0
    while i < a.count, j < b.count {
      // Both step over all values equal to the least one left: no path runs through a tie.
      let value = min(a[i], b[j])
      while i < a.count, a[i] == value { i += 1 }
      while j < b.count, b[j] == value { j += 1 }
      largest = max(largest, abs(i * b.count - j * a.count))
    }
    return largest
  }

  /// The share of all orders of two samples whose distance reaches `scaled`.
  ///
  /// An order is a path through a grid. Of the paths to a point, i / (i + j) come from the point
  /// before it in the first sample; all that reach a point too far out have got there (Hodges, The
  /// Significance Probability of the Smirnov Two-Sample Test, Arkiv for Matematik 3, 1958, section
  /// 2). Sums of positive numbers only, so that small p values keep their digits.
  private static func shareOfPaths(_ n: Int, _ m: Int, reaching scaled: Int) -> Double {
    guard scaled > 0 else { return 1 }
    // shares[j] is that of the point (i, j).
    var shares = [Double](repeating: 0, count: m + 1)
    for i in 0...n {
      for j in 0...m where i + j > 0 {
        if abs(i * m - j * n) >= scaled {
          shares[j] = 1
        } else {
          let before = j > 0 ? shares[j - 1] * Double(j) : 0
          shares[j] = (shares[j] * Double(i) + before) / Double(i + j)
        }
      }
    }
    return shares[m]
  }

  /// The limit for large samples of the chance that the distance, times the root of the effective
  /// count, exceeds `z`.
  ///
  /// Two series for the same (Smirnov 1948; for their identity NIST Digital Library of Mathematical
  /// Functions, 20.7(viii)), each where a few terms do.
  private static func limit(_ z: Double) -> Double {
    guard z > 0 else { return 1 }
    if z < 1 {
      let exponent = Double.pi * Double.pi / (8 * z * z)
      let sum = [1.0, 3, 5, 7].reduce(0) { $0 + Double.exp(-$1 * $1 * exponent) }
      return 1 - (2 * Double.pi).squareRoot() / z * sum
    }
    let exponent = 2 * z * z
    let pairs = [1.0, 3, 5].map { k in
      Double.exp(-k * k * exponent) - Double.exp(-(k + 1) * (k + 1) * exponent)
    }
    return 2 * pairs.reduce(0, +)
  }
}
