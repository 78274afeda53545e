import Measure
import Simulation
import Statistics
import TestSupport
import Testing

struct ReplicatedDifferenceTests {
  private struct Case: Codable {
    var base: [Double]
    var changed: [Double]
  }

  private static func same(_ left: Double, _ right: Double) -> Bool {
    (left - right).magnitude <= 1e-9 * max(1, right.magnitude)
  }

  /// In the long run a customer stays 2 s + 2 s; with the second station faster by 2 % the stay is
  /// 2 s + 1 / 0.52 s, shorter by 1.9 %; with 1 %, shorter by 1 %.
  private static func stays(
    _ plan: Replications, faster: Double, count: Int
  ) async throws -> [Double] {
    try await plan.run(0..<count) { replication in
      TandemObservation(
        arrivals: 0.5, rates: [1, 1 + faster], seconds: 1500, seed: replication.seed
      ).meanStay
    }
  }

  /// The effect of 1 % that common random numbers show and as many independent runs do not.
  @Test func commonRandomNumbersDetectOnePercentThatIndependentSeedsMiss() async throws {
    let count = 12
    var common = 0
    var independent = 0
    let experiments = 10
    for seed in 0..<experiments {
      let plan = Replications(seed: UInt64(seed), atOnce: 2)
      let base = try await Self.stays(plan, faster: 0, count: count)
      let changed = try await Self.stays(plan, faster: 0.01, count: count)
      let other = try await Self.stays(plan.independent(arm: 1), faster: 0.01, count: count)
      let pairs = try #require(ReplicatedDifference(pairs: base, changed))
      let apart = try #require(ReplicatedDifference(independent: base, other))
      let ratio = try #require(pairs.ratio)
      if pairs.isDetected && ratio.upper < 1 { common += 1 }
      if apart.isDetected { independent += 1 }
      #expect((ratio.value - 0.99).magnitude < 0.004, "\(ratio)")
      #expect(try #require(pairs.correlation) > 0.99)
      let width = pairs.difference.upper - pairs.difference.lower
      #expect(apart.difference.upper - apart.difference.lower > 10 * width)
    }
    #expect(common == experiments)
    #expect(independent <= 2, "\(independent) of \(experiments)")
  }

  @Test(Requires.python("scipy")) func intervalsAreScipys() throws {
    var random = SeededRandom(seed: 3)
    let cases = (0..<100).map { place in
      let count = 2 + Int(random.below(30))
      let base = (0..<count).map { _ in random.unit() * 3 + 0.1 }
      let changed = base.map { $0 * (1 + Double(place % 3)) + random.unit() }
      return Case(base: base, changed: changed)
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy import stats
      def answer(case):
        a, b = np.array(case["base"]), np.array(case["changed"])
        pair = stats.ttest_rel(b, a).confidence_interval(0.9)
        apart = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.9)
        logs = stats.ttest_rel(np.log(b), np.log(a)).confidence_interval(0.9)
        r = np.corrcoef(a, b)[0, 1]
        one = stats.t.interval(0.9, len(a) - 1, a.mean(), stats.sem(a))
        return [*pair, *apart, *np.exp(logs), r, *one]
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let pairs = try #require(
        ReplicatedDifference(pairs: one.base, one.changed, confidence: .percent(90)))
      let apart = try #require(
        ReplicatedDifference(independent: one.base, one.changed, confidence: .percent(90)))
      let ratio = try #require(pairs.ratio)
      let metric = try #require(ReplicatedMetric(one.base, confidence: .percent(90)))
      let ours = [
        pairs.difference.lower, pairs.difference.upper, apart.difference.lower,
        apart.difference.upper, ratio.lower, ratio.upper, try #require(pairs.correlation),
        metric.mean.lower, metric.mean.upper,
      ]
      for (our, their) in zip(ours, answer) { #expect(Self.same(our, their), "\(one)") }
      #expect(metric.least == one.base.min() && metric.largest == one.base.max())
      #expect((metric.median != nil) == (one.base.count >= 5))
    }
  }

  @Test func whatCannotBeToldIsNil() throws {
    #expect(ReplicatedDifference(pairs: [1], [2]) == nil)
    #expect(ReplicatedDifference(pairs: [1, 2], [2, .infinity]) == nil)
    #expect(ReplicatedDifference(independent: [1, 2], [2]) == nil)
    let crossing = try #require(ReplicatedDifference(pairs: [-1, 2, 3], [0, 3, 4]))
    #expect(crossing.ratio == nil && crossing.difference.value == 1 && crossing.isDetected)
    let level = try #require(ReplicatedDifference(independent: [2, 2], [2, 2]))
    #expect(level.difference.lower == 0 && !level.isDetected && level.ratio?.value == 1)
  }
}
