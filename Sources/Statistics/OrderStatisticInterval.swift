public import Measure

/// A confidence interval of a median that assumes nothing of the distribution.
///
/// Its ends are two of the values. The median lies between the k-th smallest and the k-th largest
/// of n independent values with probability at least 1 - 2 P(B < k), B binomial(n, 1/2); exactly
/// that for a continuous distribution (David & Nagaraja, Order Statistics, 3rd ed. 2003, section
/// 7.1; Le Boudec, Performance Evaluation, 2010, theorem 2.1). Few levels can be had with few
/// values, so the level that was reached stands beside the ends.
public struct OrderStatisticInterval: Hashable, Codable, Sendable {
  /// The lower end.
  public var lower: Double
  /// The upper end.
  public var upper: Double
  /// The confidence that was reached, at least the one asked for: 0.96875 for 95 % of six values.
  public var level: Fraction
  /// The lower end is the value of this rank from below, the upper one from above; from 1.
  public var rank: Int
  /// How many values there were.
  public var count: Int

  /// The narrowest symmetric interval of the median with at least this confidence.
  ///
  /// nil when there are too few values for it, see ``fewestValues(confidence:)``, or one is not a
  /// number. O(n log n).
  public init?(medianOf values: [Double], confidence: Fraction) {
    guard let (rank, level) = Self.rank(count: values.count, confidence: confidence),
      !values.contains(where: \.isNaN)
    else { return nil }
    let sorted = values.sorted()
    lower = sorted[rank - 1]
    upper = sorted[values.count - rank]
    self.level = level
    self.rank = rank
    count = values.count
  }

  /// The fewest values that have an interval of this confidence: 6 for 95 %, 8 for 99 %.
  ///
  /// The widest interval, from the smallest to the largest value, misses the median with
  /// probability 2 / 2^n. Traps unless 0 < confidence < 1.
  public static func fewestValues(confidence: Fraction) -> Int {
    precondition(confidence.value > 0 && confidence.value < 1, "a confidence is within 0 and 1")
    var count = 2
    var missing = 0.5
    while 1 - missing < confidence.value {
      count += 1
      missing /= 2
    }
    return count
  }

  /// The largest rank whose interval has the confidence, and the level it reaches.
  private static func rank(count: Int, confidence: Fraction) -> (rank: Int, level: Fraction)? {
    guard count >= fewestValues(confidence: confidence) else { return nil }
    // C(count, i), scaled by 2^-shift so that it stays in range; exact below 2^53.
    var coefficient = 1.0
    var shift = 0
    var sum = 0.0
    var best: (rank: Int, level: Fraction)?
    for index in 0..<count / 2 {
      sum += coefficient
      let below = Double(sign: .plus, exponent: shift - count, significand: sum)
      let level = 1 - 2 * below
      guard level >= confidence.value else { break }
      best = (index + 1, Fraction(level))
      coefficient *= Double(count - index)
      coefficient /= Double(index + 1)
      if coefficient > 0x1p512 {
        coefficient *= 0x1p-512
        sum *= 0x1p-512
        shift += 512
      }
    }
    return best
  }
}
