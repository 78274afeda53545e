import Foundation
import Measure
import Statistics
import TestSupport
import Testing

struct DriftTests {
  private struct Case: Codable {
    var values: [Double]
    var confidence: Double
  }

  private static func cases(
    _ count: Int, seed: UInt64, sizes: ClosedRange<Int>
  ) -> [Case] {
    var inputs = RankInputs(seed: seed)
    return (0..<count).map { place in
      let size = inputs.count(sizes)
      let trend = place.isMultiple(of: 3) ? 0.2 * inputs.normal() : 0
      let values = inputs.sample(count: size, kind: place).enumerated().map {
        // Whole steps keep the ties of the kinds that have some.
        $1 + (place % 5 == 0 || place % 5 == 3 ? trend * Double($0) : Double($0 * place / 400))
      }
      return Case(values: values, confidence: [0.8, 0.95, 0.99][place % 3])
    }
  }

  @Test(Requires.python("scipy"))
  func theSlopeAndItsIntervalAreScipys() throws {
    let cases = Self.cases(300, seed: 1, sizes: 3...80)
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import theilslopes
      def answer(case):
        x = case["values"]
        found = theilslopes(x, alpha=case["confidence"])
        part = found[0] * (len(x) - 1) / np.median(x) if np.median(x) > 0 else np.nan
        return [found[0], found[2], found[3], part]
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let ours = try #require(
        TheilSen.slope(of: one.values, confidence: Fraction(one.confidence)))
      for (end, theirs) in zip([ours.value, ours.lower, ours.upper], answer) {
        #expect(agree(end, theirs, within: 1e-12), "\(one) \(ours) \(answer)")
      }
      let drift = try #require(Drift(of: one.values, confidence: Fraction(one.confidence)))
      #expect(drift.slope == ours && drift.test == MannKendall(one.values))
      #expect(
        agree(drift.relativeChange?.value ?? .nan, answer[3], within: 1e-12), "\(one) \(answer)")
    }
  }

  @Test(Requires.python("scipy"))
  func theRankTestIsScipys() throws {
    let cases = Self.cases(400, seed: 2, sizes: 2...70)
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import math
      from scipy.stats import kendalltau, norm
      def answer(case):
        x = case["values"]
        n = len(x)
        S = sum((x[j] > x[i]) - (x[j] < x[i]) for j in range(n) for i in range(j))
        sizes = [x.count(v) for v in set(x)]
        term = lambda t: t * (t - 1) * (2 * t + 5)
        var = (term(n) - sum(map(term, sizes))) / 18
        z = (abs(S) - 1) / math.sqrt(var) if var and S else 0
        p = min(1, 2 * norm.sf(z)) if S else 1
        tied = len(sizes) < n
        exact = kendalltau(range(n), x, method="exact").pvalue if not tied else math.nan
        tau = kendalltau(range(n), x)[0]
        return [S, 0 if tau != tau else tau, p, exact]
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let ours = try #require(MannKendall(one.values))
      #expect(Double(ours.score) == answer[0])
      #expect(agree(ours.tau, answer[1], within: 1e-12), "\(one) \(ours) \(answer)")
      #expect(ours.isExact == (one.values.count <= 30))
      if !ours.isExact {
        #expect(agree(ours.p, answer[2], within: 1e-9), "\(one) \(ours) \(answer)")
      } else if !answer[3].isNaN {
        #expect(agree(ours.p, answer[3], within: 1e-9), "\(one) \(ours) \(answer)")
      } else if one.values.count > 15 {
        // With ties the approximation is near what is exact.
        #expect((ours.p - answer[2]).magnitude < 0.04, "\(one) \(ours) \(answer)")
      }
    }
  }

  @Test(Requires.python("scipy"))
  func withTiesAllOrdersAreCounted() throws {
    var inputs = RankInputs(seed: 3)
    let cases = (0..<200).map { _ in
      Case(
        values: (0..<inputs.count(2...7)).map { _ in Double(inputs.random.below(4)) },
        confidence: 0.9)
    }
    let answers: [Double] = try PythonOracle.answers(
      """
      from itertools import permutations
      def score(x):
        return sum((x[j] > x[i]) - (x[j] < x[i]) for j in range(len(x)) for i in range(j))
      known = {}
      def answer(case):
        key = tuple(sorted(case["values"]))
        if key not in known: known[key] = [abs(score(x)) for x in permutations(key)]
        seen = abs(score(case["values"]))
        return sum(s >= seen for s in known[key]) / len(known[key])
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let ours = try #require(MannKendall(one.values))
      #expect(agree(ours.p, answer, within: 1e-12), "\(one) \(ours) \(answer)")
    }
  }

  @Test func aDriftIsStatedInItsUnitAndAsAPart() throws {
    let line = (0..<11).map { 100 + 2 * Double($0) }
    let drift = try #require(Drift(of: line, confidence: .percent(95)))
    #expect(drift.slope.value == 2 && drift.slope.lower == 2 && drift.slope.upper == 2)
    #expect(agree(try #require(drift.relativeChange).value, 20.0 / 110, within: 1e-12))
    #expect(drift.test.tau == 1 && drift.test.p < 1e-6)
    let falling = try #require(Drift(of: line.reversed(), confidence: .percent(95)))
    #expect(falling.slope.value == -2 && falling.test.tau == -1 && falling.test.p == drift.test.p)
    let level = try #require(Drift(of: [0, 0, 0, 0], confidence: .percent(95)))
    #expect(level.slope.value == 0 && level.relativeChange == nil && level.test.p == 1)
    #expect(Drift(of: [1, 2], confidence: .percent(95)) == nil)
    #expect(Drift(of: [1, 2, .infinity], confidence: .percent(95)) == nil)
  }

  /// The promise itself, on values without a trend.
  @Test(arguments: [8, 30, 60])
  func aLevelSeriesAlarmsAsOftenAsSaid(count: Int) throws {
    var inputs = RankInputs(seed: 4)
    let rounds = count == 30 ? 150 : 400
    let alarms = try (0..<rounds).count { _ in
      let values = (0..<count).map { _ in inputs.random.unit() }
      return try #require(MannKendall(values)).p <= 0.05
    }
    #expect(Double(alarms) / Double(rounds) < 0.09, "\(alarms)")
  }
}
