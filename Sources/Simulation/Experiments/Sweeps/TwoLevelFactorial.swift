public import Measure
public import Statistics

/// All combinations of the factors' low and high values: 2^k points.
///
/// Every effect is found from all points, so that none is lost on a factor that does nothing, and
/// those of two factors together are found as well (Law, Simulation Modeling and Analysis, 5th ed.
/// 2015, section 12.2; Box, Hunter & Hunter, Statistics for Experimenters, 2nd ed. 2005, ch. 5).
public struct TwoLevelFactorial: Hashable, Codable, Sendable {
  /// What is varied.
  public let factors: [Factor]

  /// The most factors: 4096 points.
  public static let mostFactors = 12

  /// Plans the sweep; traps unless there are 1 to ``mostFactors`` factors.
  public init(_ factors: [Factor]) {
    precondition(1...Self.mostFactors ~= factors.count, "a factorial has 1 to 12 factors")
    self.factors = factors
  }

  /// The points in standard order, the first factor changing fastest.
  public var points: [[Double]] {
    (0..<(1 << factors.count)).map { point in
      factors.enumerated().map { index, factor in
        point >> index & 1 == 0 ? factor.low : factor.high
      }
    }
  }

  /// What one factor, or two together, do to the metric.
  public struct Effect: Hashable, Codable, Sendable {
    /// The places of one factor, or of two in ascending order, among those of the sweep.
    public var factors: [Int]
    /// The change from low to high, averaged over all other factors, in the metric's unit.
    ///
    /// Of two factors half of what the first one's effect gains by the second.
    public var size: IntervalEstimate
    /// The chance of so large an effect where there is none, Holm's correction over all effects.
    public var adjustedP: Double
  }

  /// Main effects in the factors' order, then those of pairs.
  ///
  /// Each replication gives one value of every effect, from points that share its random numbers;
  /// the interval is Student's over replications. `responses` holds a row of replications for each
  /// of ``points``. nil for fewer than two replications or a response that is not finite. Traps
  /// unless there are as many rows as points, of one length, and 0 < confidence < 1.
  /// O(k² points * replications).
  public func effects(
    of responses: [[Double]], confidence: Fraction = .percent(95)
  ) -> [Effect]? {
    precondition(responses.count == 1 << factors.count, "one row of responses a point")
    let replications = responses[0].count
    precondition(responses.allSatisfy { $0.count == replications }, "rows of one length")
    let singles = factors.indices.map { [$0] }
    let pairs = factors.indices.flatMap { first in
      ((first + 1)..<factors.count).map { [first, $0] }
    }
    var effects: [Effect] = []
    for set in singles + pairs {
      let contrasts = (0..<replications).map { replication in
        contrast(of: set, in: responses, replication: replication)
      }
      guard let moments = Moments(contrasts),
        let size = moments.interval(confidence: confidence)
      else { return nil }
      effects.append(Effect(factors: set, size: size, adjustedP: Self.p(moments)))
    }
    for (index, p) in Holm.adjusted(effects.map(\.adjustedP)).enumerated() {
      effects[index].adjustedP = p
    }
    return effects
  }

  private func contrast(of set: [Int], in responses: [[Double]], replication: Int) -> Double {
    var sum = 0.0
    for (point, row) in responses.enumerated() {
      let lows = set.count { point >> $0 & 1 == 0 }
      sum += lows.isMultiple(of: 2) ? row[replication] : -row[replication]
    }
    return sum / Double(responses.count / 2)
  }

  /// Student's two-sided p that the mean is zero.
  private static func p(_ moments: Moments) -> Double {
    guard moments.standardError > 0 else { return moments.mean == 0 ? 1 : 0 }
    let t = moments.mean.magnitude / moments.standardError
    return min(1, 2 * StudentT.cumulative(-t, degrees: Double(moments.count - 1)))
  }
}
