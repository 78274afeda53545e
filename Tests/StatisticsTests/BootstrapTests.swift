import Measure
import Statistics
import TestSupport
import Testing

struct BootstrapTests {
  private struct Case: Codable {
    var runs: [[Double]]
    var confidence: Double
    var method: String
    var statistic: String
  }

  static func mean(_ runs: [[Double]]) -> Double {
    let all = runs.joined()
    return all.reduce(0, +) / Double(all.count)
  }

  static func variance(_ runs: [[Double]]) -> Double {
    let middle = mean(runs)
    let all = runs.joined()
    return all.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(all.count)
  }

  /// Both draw, so single intervals differ by chance, and their mean difference hardly.
  @Test(Requires.python("scipy"))
  func plainIntervalsAreScipysButForTheDraws() throws {
    var inputs = RankInputs(seed: 1)
    let cases = (0..<200).map { place in
      let values = inputs.sample(count: inputs.count(12...30), kind: [0, 3][place % 2])
      return Case(
        // A run of one value each is the plain bootstrap, and so is a single run.
        runs: place % 3 == 0 ? [values] : values.map { [$0] },
        confidence: [0.8, 0.9][place % 2],
        method: place / 2 % 2 == 0 ? "percentile" : "BCa",
        statistic: place / 4 % 2 == 0 ? "mean" : "variance")
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import bootstrap
      rng = np.random.default_rng(1)
      def answer(case):
        x = np.concatenate(case["runs"])
        f = np.mean if case["statistic"] == "mean" else np.var
        ends = bootstrap((x,), f, n_resamples=3000, confidence_level=case["confidence"],
          method=case["method"], random_state=rng, vectorized=True).confidence_interval
        return [ends.low, ends.high]
      """, to: cases)
    var sum = (lower: 0.0, upper: 0.0)
    for (index, (one, answer)) in zip(cases, answers).enumerated() {
      let plan = HierarchicalBootstrap(
        resamples: 600, seed: UInt64(index), method: one.method == "BCa" ? .bca : .percentile)
      let ours = try #require(
        plan.interval(of: one.runs, confidence: Fraction(one.confidence)) {
          one.statistic == "mean" ? Self.mean($0) : Self.variance($0)
        })
      let width = answer[1] - answer[0]
      #expect((ours.lower - answer[0]).magnitude < 0.2 * width, "\(one) \(ours) \(answer)")
      #expect((ours.upper - answer[1]).magnitude < 0.2 * width, "\(one) \(ours) \(answer)")
      sum.lower += (ours.lower - answer[0]) / width
      sum.upper += (ours.upper - answer[1]) / width
    }
    let count = Double(cases.count)
    #expect((sum.lower / count).magnitude < 0.008 && (sum.upper / count).magnitude < 0.008)
  }

  /// Of two runs of two values all draws can be written down: the interval's ends are known.
  @Test(Requires.python("scipy"))
  func drawsAreThoseOfBothLevels() throws {
    var inputs = RankInputs(seed: 2)
    let cases = (0..<200).map { _ in
      Case(
        runs: (0..<2).map { _ in inputs.sample(count: 2, kind: 0) }, confidence: 0.7,
        method: "percentile", statistic: "mean")
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      from itertools import product
      def answer(case):
        runs, all = case["runs"], []
        for one, other in product(runs, runs):
          for a, b, c, d in product(one, one, other, other): all.append((a + b + c + d) / 4)
        all.sort()
        # 64 equally likely draws: quantiles at .1 and .2, .8 and .9, hold the ends.
        return [all[int(q * 64)] for q in (0.1, 0.2, 0.8, 0.9)]
      """, to: cases)
    for (index, (one, answer)) in zip(cases, answers).enumerated() {
      let ours = try #require(
        HierarchicalBootstrap(resamples: 1000, seed: UInt64(index)).interval(
          of: one.runs, confidence: Fraction(one.confidence), statistic: Self.mean))
      #expect(ours.lower >= answer[0] - 1e-12 && ours.lower <= answer[1] + 1e-12, "\(one) \(ours)")
      #expect(ours.upper >= answer[2] - 1e-12 && ours.upper <= answer[3] + 1e-12, "\(one) \(ours)")
    }
  }

  /// What plain resampling of all values gets wrong: runs that differ, neighbours that resemble.
  @Test func runsThatDifferAndNeighboursThatResembleWidenTheInterval() throws {
    var inputs = RankInputs(seed: 3)
    var covered = (nested: 0, plain: 0)
    for round in 0..<80 {
      let runs = (0..<15).map { _ in
        let level = inputs.normal()
        return (0..<8).map { _ in level + 0.3 * inputs.normal() }
      }
      let plan = HierarchicalBootstrap(resamples: 200, seed: UInt64(round))
      let nested = try #require(
        plan.interval(of: runs, confidence: .percent(90), statistic: Self.mean))
      let plain = try #require(
        plan.interval(of: [Array(runs.joined())], confidence: .percent(90), statistic: Self.mean))
      if nested.lower <= 0, 0 <= nested.upper { covered.nested += 1 }
      if plain.lower <= 0, 0 <= plain.upper { covered.plain += 1 }
    }
    #expect(covered.nested >= 63 && covered.plain <= 53, "\(covered) of 80")

    let walk = (0..<300).reduce(into: [0.0]) { walk, _ in
      walk.append(0.9 * walk[walk.count - 1] + inputs.normal())
    }
    let single = HierarchicalBootstrap(resamples: 500, seed: 1)
    let blocks = HierarchicalBootstrap(blockLength: 25, resamples: 500, seed: 1)
    let narrow = try #require(
      single.interval(of: [walk], confidence: .percent(90), statistic: Self.mean))
    let wide = try #require(
      blocks.interval(of: [walk], confidence: .percent(90), statistic: Self.mean))
    #expect(wide.upper - wide.lower > 2 * (narrow.upper - narrow.lower))
  }

  @Test func theSeedDecidesAndScaleDoesNot() throws {
    var inputs = RankInputs(seed: 4)
    let runs = (0..<6).map { _ in inputs.sample(count: inputs.count(1...9), kind: 0) }
    for method in [HierarchicalBootstrap.Method.percentile, .bca] {
      let plan = HierarchicalBootstrap(blockLength: 2, resamples: 300, seed: 7, method: method)
      let one = try #require(
        plan.interval(of: runs, confidence: .percent(95), statistic: Self.mean))
      let again = plan.interval(of: runs, confidence: .percent(95), statistic: Self.mean)
      #expect(one == again)
      let four = try #require(
        plan.interval(
          of: runs.map { $0.map { 4 * $0 } }, confidence: .percent(95), statistic: Self.mean))
      #expect(agree(four.lower, 4 * one.lower, within: 1e-12))
      #expect(agree(four.upper, 4 * one.upper, within: 1e-12))
      let level = plan.interval(of: [[3, 3], [3]], confidence: .percent(95), statistic: Self.mean)
      #expect(level?.lower == 3 && level?.upper == 3)
    }
    let plan = HierarchicalBootstrap(resamples: 10, seed: 1)
    #expect(plan.interval(of: [], confidence: .percent(95), statistic: Self.mean) == nil)
    #expect(plan.interval(of: [[1], []], confidence: .percent(95), statistic: Self.mean) == nil)
    #expect(plan.interval(of: [[.nan]], confidence: .percent(95), statistic: Self.mean) == nil)
  }
}
