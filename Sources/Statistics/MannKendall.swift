/// The test of Mann and Kendall: whether a series rises or falls, whatever the shape.
///
/// Mann, Nonparametric tests against trend, Econometrica 13 (1945); Kendall, Rank Correlation
/// Methods, 4th ed. 1975, chapters 4 and 5. It takes the values for independent: a correlated
/// series without trend raises more alarms than it should.
public struct MannKendall: Hashable, Codable, Sendable {
  /// Pairs that rise less pairs that fall.
  public var score: Int
  /// Kendall's τ-b: the score as a part of what it could be, from -1 to 1; 0 if all are equal.
  public var tau: Double
  /// The chance of a score this far from zero, either way, without a trend.
  public var p: Double
  /// Whether `p` is of the exact distribution given the ties, not of its normal approximation.
  public var isExact: Bool

  /// Up to so many values the distribution is counted.
  static let mostExactValues = 30

  /// Tests the values in their order.
  ///
  /// nil for fewer than two values or one that is not a number. Exact up to 30 values, by the
  /// normal approximation with corrections for ties and continuity beyond. O(n²).
  public init?(_ values: [Double]) {
    guard values.count >= 2, !values.contains(where: \.isNaN) else { return nil }
    var score = 0
    for later in values.indices {
      for earlier in 0..<later {
        if values[later] > values[earlier] { score += 1 }
        if values[later] < values[earlier] { score -= 1 }
      }
    }
    let ties = Self.tieSizes(values)
    let pairs = values.count * (values.count - 1) / 2
    let untied = pairs - ties.reduce(0) { $0 + $1 * ($1 - 1) / 2 }
    self.score = score
    tau = untied == 0 ? 0 : Double(score) / (Double(untied) * Double(pairs)).squareRoot()
    isExact = values.count <= Self.mostExactValues
    guard untied > 0, score != 0 else {
      p = 1
      return
    }
    if isExact {
      // The score is the untied pairs less twice those that fall; few that fall are as rare as
      // few that rise.
      let falling = (untied - abs(score)) / 2
      p = min(1, 2 * Self.fallingPairs(ties)[...falling].reduce(0, +))
    } else {
      let deviation = Self.variance(count: values.count, ties: ties).squareRoot()
      p = min(1, 2 * Normal.cdf(-(Double(abs(score)) - 1) / deviation))
    }
  }

  /// How many values each group of equal ones has, single values among them.
  static func tieSizes(_ values: [Double]) -> [Int] {
    var sizes: [Int] = []
    var last: Double?
    for value in values.sorted() {
      if value == last { sizes[sizes.count - 1] += 1 } else { sizes.append(1) }
      last = value
    }
    return sizes
  }

  /// The variance of the score without a trend, given the ties (Kendall 1975, formula 4.4).
  static func variance(count: Int, ties: [Int]) -> Double {
    func term(_ size: Int) -> Double {
      Double(size) * Double(size - 1) * Double(2 * size + 5)
    }
    return (term(count) - ties.reduce(0) { $0 + term($1) }) / 18
  }

  /// The chance of each number of falling pairs among all orders of values with these ties.
  ///
  /// The number of inversions of a multiset has the q-multinomial coefficient as its generating
  /// function, a product of Gaussian binomials (Stanley, Enumerative Combinatorics I, 2nd ed.,
  /// proposition 1.7.1): group after group is mixed into those before.
  private static func fallingPairs(_ ties: [Int]) -> [Double] {
    var chances = [1.0]
    var before = 0
    for size in ties {
      let mixed = mixings(before, size)
      var next = [Double](repeating: 0, count: chances.count + mixed.count - 1)
      for (first, chance) in chances.enumerated() {
        for (second, other) in mixed.enumerated() { next[first + second] += chance * other }
      }
      chances = next
      before += size
    }
    return chances
  }

  /// The same for two groups, of a and of b equal values.
  ///
  /// The last place is of the second group with chance b / (a + b), and adds no falling pair; or of
  /// the first, and adds one for each of the second.
  private static func mixings(_ a: Int, _ b: Int) -> [Double] {
    var rows = [[1.0]]
    for first in 0...a {
      for second in 0...b {
        if first + second == 0 { continue }
        var row = [Double](repeating: 0, count: first * second + 1)
        let share = Double(second) / Double(first + second)
        if second > 0 {
          for (place, chance) in rows[second - 1].enumerated() { row[place] += share * chance }
        }
        if first > 0 {
          for (place, chance) in rows[second].enumerated() {
            row[place + second] += (1 - share) * chance
          }
        }
        if second < rows.count { rows[second] = row } else { rows.append(row) }
      }
    }
    return rows[b]
  }
}
