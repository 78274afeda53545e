public import Measure
internal import Statistics

/// Each factor alone to its low and its high value, all others at their base: a tornado.
///
/// It tells which parameter matters most near the base, and nothing of how they act together; for
/// that see ``TwoLevelFactorial``.
public struct OneAtATime: Hashable, Codable, Sendable {
  /// What is varied.
  public let factors: [Factor]

  /// Plans the sweep; traps for no factors.
  public init(_ factors: [Factor]) {
    precondition(!factors.isEmpty, "a sweep varies something")
    self.factors = factors
  }

  /// The base first, then low and high of each factor in turn: values in the factors' order.
  public var points: [[Double]] {
    let base = factors.map(\.base)
    return [base]
      + factors.indices.flatMap { index in
        [factors[index].low, factors[index].high].map { value in
          var point = base
          point[index] = value
          return point
        }
      }
  }

  /// What one factor does to the metric.
  public struct Swing: Hashable, Codable, Sendable {
    /// The factor.
    public var factor: Factor
    /// What the metric changes from the base to the factor's low value.
    public var toLow: ReplicatedDifference
    /// The same to its high value.
    public var toHigh: ReplicatedDifference

    /// The larger of the two changes, whatever its sign: the order of a tornado's bars.
    public var size: Double {
      max(toLow.difference.value.magnitude, toHigh.difference.value.magnitude)
    }
  }

  /// The swings, widest first, from the responses at ``points`` in their order.
  ///
  /// Replications of one number share their random numbers, as `Replications.run(at:)` has them.
  /// Equal swings keep the factors' order. nil for fewer than two replications or a response that
  /// is not finite. Traps unless there are as many responses as points, all with as many
  /// replications, and 0 < confidence < 1. O(points * replications).
  public func swings(
    of responses: [[Double]], confidence: Fraction = .percent(95)
  ) -> [Swing]? {
    precondition(responses.count == 2 * factors.count + 1, "one row of responses a point")
    var swings: [Swing] = []
    for (index, factor) in factors.enumerated() {
      guard
        let low = ReplicatedDifference(
          pairs: responses[0], responses[2 * index + 1], confidence: confidence),
        let high = ReplicatedDifference(
          pairs: responses[0], responses[2 * index + 2], confidence: confidence)
      else { return nil }
      swings.append(Swing(factor: factor, toLow: low, toHigh: high))
    }
    let order = swings.indices.sorted { left, right in
      (swings[right].size, left) < (swings[left].size, right)
    }
    return order.map { swings[$0] }
  }
}
