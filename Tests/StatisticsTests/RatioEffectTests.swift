import Foundation
import Measure
import TestSupport
import Testing

@testable import Statistics

struct RatioEffectTests {
  private struct Case: Codable {
    var reference: [Double]
    var subject: [Double]
    var confidence: Double
    var bound: Double
    var isPaired: Bool
  }

  private struct Answer: Decodable {
    var ratio: Double
    var detectable: Double
    var less: Double
    var greater: Double
  }

  /// Positive values without ties: log-normal around 1000, or skewed.
  private func cases(_ count: Int, seed: UInt64) -> [Case] {
    var inputs = RankInputs(seed: seed)
    return (0..<count).map { round in
      let isPaired = round.isMultiple(of: 2)
      let first = inputs.count(round % 3 == 0 ? 1...8 : 9...60)
      let second = isPaired ? first : inputs.count(1...60)
      func positive(_ count: Int) -> [Double] {
        inputs.sample(count: count, kind: round % 3 == 0 ? 3 : 0).map {
          round % 3 == 0 ? $0 + 1 : 1000 * exp($0 / 5)
        }
      }
      return Case(
        reference: positive(first), subject: positive(second),
        confidence: [0.8, 0.9, 0.95][inputs.count(0...2)], bound: [0.7, 1, 1.1][round % 3],
        isPaired: isPaired)
    }
  }

  private func effect(_ one: Case) throws -> RatioEffect {
    let confidence = Fraction(one.confidence)
    return one.isPaired
      ? try .paired(reference: one.reference, subject: one.subject, confidence: confidence)
      : try .unpaired(reference: one.reference, subject: one.subject, confidence: confidence)
  }

  private func test(_ one: Case) throws -> RankTest {
    one.isPaired
      ? try RatioEffect.pairedTest(
        reference: one.reference, subject: one.subject, ratio: one.bound)
      : try RatioEffect.unpairedTest(
        reference: one.reference, subject: one.subject, ratio: one.bound)
  }

  @Test(Requires.python("scipy")) func effectsAndTestsAreThoseOfLogarithmsInPython() throws {
    let cases = cases(240, seed: 51)
    let answers: [Answer] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import norm, wilcoxon, mannwhitneyu
      def answer(case):
        r, s = np.log(case["reference"]), np.log(case["subject"])
        bound = np.log(case["bound"])
        if case["isPaired"]:
          d = s - r
          first, second = np.triu_indices(len(d))
          center = np.median((d[first] + d[second]) / 2)
          error = d.std(ddof=1) / np.sqrt(len(d)) if len(d) > 1 else 0.0
          tests = [wilcoxon(d - bound, alternative=kind, correction=True)
                   for kind in ("less", "greater")]
        else:
          center = np.median(s[:, None] - r[None, :])
          error = np.sqrt(r.var(ddof=1) / len(r) + s.var(ddof=1) / len(s)) \\
            if min(len(r), len(s)) > 1 else 0.0
          method = "exact" if len(r) * len(s) <= 784 else "asymptotic"
          tests = [mannwhitneyu(s - bound, r, alternative=kind, method=method)
                   for kind in ("less", "greater")]
        z = norm.ppf((1 + case["confidence"]) / 2) + norm.ppf(0.8)
        return dict(ratio=np.exp(center), detectable=np.exp(z * error) - 1,
                    less=tests[0].pvalue, greater=tests[1].pvalue)
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let effect = try effect(one)
      #expect((effect.ratio / answer.ratio - 1).magnitude < 1e-12)
      #expect(effect.isPaired == one.isPaired)
      #expect(
        (effect.smallestDetectable == nil)
          == (effect.interval == nil || min(one.reference.count, one.subject.count) < 2))
      if let detectable = effect.smallestDetectable, let interval = effect.interval {
        #expect((detectable.value - answer.detectable).magnitude < 1e-11 * (1 + answer.detectable))
        #expect(interval.lower <= effect.ratio && effect.ratio <= interval.upper)
        #expect(interval.value == effect.ratio && interval.level.value >= one.confidence)
      }
      let test = try test(one)
      #expect((test.pLess - answer.less).magnitude < 1e-9, "\(one)")
      #expect((test.pGreater - answer.greater).magnitude < 1e-9, "\(one)")
    }
  }

  @Test func swappingInvertsAndScalingMultipliesTheRatio() throws {
    func close(_ x: Double?, _ y: Double) -> Bool { ((x ?? .nan) / y - 1).magnitude < 1e-12 }
    for one in cases(80, seed: 52) {
      let there = try effect(one)
      var swapped = one
      swap(&swapped.reference, &swapped.subject)
      let back = try effect(swapped)
      #expect(close(back.ratio, 1 / there.ratio))
      var scaled = one
      scaled.subject = one.subject.map { $0 * 3 }
      let thrice = try effect(scaled)
      #expect(close(thrice.ratio, 3 * there.ratio))
      if let interval = there.interval {
        #expect(close(back.interval?.lower, 1 / interval.upper))
        #expect(close(thrice.interval?.upper, 3 * interval.upper))
      }
      #expect(
        there.smallestDetectable.map {
          close(1 + (back.smallestDetectable?.value ?? .nan), 1 + $0.value)
        } ?? true)
    }
  }

  /// A test at level alpha rejects a bound exactly if the interval of 1 - 2 alpha leaves it out.
  @Test func theIntervalHoldsTheRatiosThatTheTestsDoNotReject() throws {
    for one in cases(120, seed: 53) {
      guard let interval = try effect(one).interval else { continue }
      let alpha = (1 - interval.level.value) / 2 + 1e-12
      for ratio in [interval.lower * 0.9999, interval.lower * 1.0001] {
        var other = one
        other.bound = ratio
        #expect(try (test(other).pGreater <= alpha) == (ratio < interval.lower), "\(one)")
      }
      for ratio in [interval.upper * 0.9999, interval.upper * 1.0001] {
        var other = one
        other.bound = ratio
        #expect(try (test(other).pLess <= alpha) == (ratio > interval.upper), "\(one)")
      }
    }
  }

  /// Two one-sided tests find equivalence exactly if the interval lies within the tolerance.
  @Test func equivalenceIsAnIntervalWithinTheTolerance() throws {
    var found = 0
    for (round, one) in cases(120, seed: 54).enumerated() {
      guard let interval = try effect(one).interval else { continue }
      let low = interval.lower * [0.999, 1.001, 0.99][round % 3]
      let high = interval.upper * [1.001, 1.01, 0.999, 1.1][round % 4]
      guard low < high else { continue }
      let test =
        one.isPaired
        ? try RatioEquivalence.paired(
          reference: one.reference, subject: one.subject, within: low...high)
        : try RatioEquivalence.unpaired(
          reference: one.reference, subject: one.subject, within: low...high)
      let alpha = (1 - interval.level.value) / 2 + 1e-12
      #expect((test.p <= alpha) == (low < interval.lower && interval.upper < high))
      #expect(test.lower == low && test.upper == high)
      if test.p <= alpha { found += 1 }
    }
    #expect(found > 20 && found < 80)
  }

  @Test func pairsOfOneRatioAreTiesHoweverLarge() throws {
    let reference = (1...8).map { pow(7, Double($0)) }
    let subject = reference.map { $0 * 2 }
    let test = try RatioEffect.pairedTest(reference: reference, subject: subject, ratio: 2)
    #expect(test.statistic == 0 && test.pLess == 1 && test.pGreater == 1)
    let below = try RatioEffect.pairedTest(reference: reference, subject: subject, ratio: 2.1)
    #expect(below.pLess == 1.0 / 256)
  }

  @Test func whatHasNoRatioSaysWhy() {
    func problem(_ reference: [Double], _ subject: [Double]) -> RatioProblem? {
      do {
        _ = try RatioEffect.paired(
          reference: reference, subject: subject, confidence: .percent(95))
        return nil
      } catch { return error }
    }
    #expect(problem([], []) == .empty)
    #expect(problem([1], []) == .unequalCounts)
    #expect(problem([1, 2], [.nan, .infinity]) == .notFinite(count: 2))
    #expect(problem([0, 2, -1], [-3, 0, 0]) == .notPositive(zeros: 3, negatives: 2))
    #expect(problem([1e-300, 1], [1e300, 1]) == .notFinite(count: 1))
    #expect(throws: RatioProblem.empty) {
      try RatioEffect.unpaired(reference: [1], subject: [], confidence: .percent(95))
    }
    #expect(problem([1], [2]) == nil)
  }
}
