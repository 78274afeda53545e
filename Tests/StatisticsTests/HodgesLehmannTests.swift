import Foundation
import Measure
import TestSupport
import Testing

@testable import Statistics

struct HodgesLehmannTests {
  private struct Case: Codable {
    var a: [Double]
    var b: [Double]
    var confidence: Double
  }

  private struct Answer: Decodable {
    var value: Double
    var lower: Double?
    var upper: Double?
    var level: Double?
  }

  private static let levels = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999]

  private func expectAgreement(
    _ ours: [(estimate: Double?, interval: IntervalEstimate?)], _ answers: [Answer]
  ) {
    for (index, (mine, answer)) in zip(ours, answers).enumerated() {
      let slack = 1e-12 * max(1e-12, answer.value.magnitude)
      #expect(((mine.estimate ?? .nan) - answer.value).magnitude <= slack, "case \(index)")
      #expect(mine.interval?.lower == answer.lower, "case \(index)")
      #expect(mine.interval?.upper == answer.upper, "case \(index)")
      let level = answer.level.map { ((mine.interval?.level.value ?? .nan) - $0).magnitude < 1e-9 }
      #expect(level ?? (mine.interval == nil), "case \(index)")
      if let interval = mine.interval { #expect(interval.value == mine.estimate) }
    }
  }

  /// All Walsh averages are formed and sorted; the level is by all sign patterns up to 14 values,
  /// by counting up to 50, by scipy's normal distribution beyond.
  @Test(Requires.python("scipy")) func centersAreThoseOfAllWalshAverages() throws {
    var inputs = RankInputs(seed: 41)
    let cases = (0..<300).map { round in
      let count = inputs.count([1...8, 9...14, 15...50, 51...90][round % 4])
      return Case(
        a: inputs.sample(count: count, kind: round), b: [],
        confidence: Self.levels[inputs.count(0...5)])
    }
    let answers: [Answer] = try PythonOracle.answers(
      """
      import itertools, math, numpy as np
      from scipy.stats import norm
      def least(n):
        if n <= 14:
          sums = np.array(list(itertools.product([0, 1], repeat=n))) @ np.arange(1, n + 1)
          return np.bincount(sums)
        ways = np.array([1], dtype=object)
        for rank in range(1, n + 1):
          ways = np.concatenate([ways, [0] * rank]) + np.concatenate([[0] * rank, ways])
        return ways
      def answer(case):
        x, n, c = np.array(case["a"], float), len(case["a"]), case["confidence"]
        first, second = np.triu_indices(n)
        walsh = np.sort((x[first] + x[second]) / 2)
        result = dict(value=np.median(walsh))
        if n <= 50:
          levels = [1 - 2 * (int(s) / 2 ** n) for s in np.cumsum(least(n))]
        else:
          mean, spread = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
          levels = 1 - 2 * norm.cdf((np.arange(1, len(walsh) // 2) - 0.5 - mean) / spread)
        good = [k for k, level in enumerate(levels) if level >= c]
        if good:
          k = good[-1]
          result.update(lower=walsh[k], upper=walsh[-1 - k], level=levels[k])
        return result
      """, to: cases)
    expectAgreement(
      cases.map {
        (
          HodgesLehmann.centerEstimate(of: $0.a),
          HodgesLehmann.center(of: $0.a, confidence: Fraction($0.confidence))
        )
      }, answers)
    #expect(answers.count { $0.level == nil } > 20 && answers.count { $0.level != nil } > 200)
  }

  /// All differences are formed and sorted; the level is that of scipy's Mann-Whitney test.
  @Test(Requires.python("scipy")) func shiftsAreThoseOfAllDifferences() throws {
    var inputs = RankInputs(seed: 42)
    let cases = (0..<300).map { round in
      let sizes = [1...8, 2...28, 29...60, 1...60][round % 4]
      return Case(
        a: inputs.sample(count: inputs.count(sizes), kind: round),
        b: inputs.sample(count: inputs.count(sizes), kind: round, shift: 1),
        confidence: Self.levels[inputs.count(0...5)])
    }
    let answers: [Answer] = try PythonOracle.answers(
      """
      import math, numpy as np
      from functools import cache
      from scipy.stats import mannwhitneyu
      @cache
      def level(n, m, k):
        # Samples without ties of which exactly k pairs are the other way round.
        full, part = divmod(k, m)
        a = [i - n for i in range(n - full)] + [m + i for i in range(full)]
        if part: a[n - full - 1] = part - 0.5
        method = "exact" if n * m <= 784 else "asymptotic"
        test = mannwhitneyu(a, range(m), alternative="less", method=method)
        assert test.statistic == k
        return 1 - 2 * test.pvalue
      def answer(case):
        a, b, c = np.array(case["a"], float), np.array(case["b"], float), case["confidence"]
        differences = np.sort((b[:, None] - a[None, :]).ravel())
        result = dict(value=np.median(differences))
        n, m = len(a), len(b)
        low, high = -1, n * m // 2
        while high - low > 1:
          middle = (low + high) // 2
          low, high = (middle, high) if level(n, m, middle) >= c else (low, middle)
        if low >= 0:
          result.update(
            lower=differences[low], upper=differences[-1 - low], level=level(n, m, low))
        return result
      """, to: cases)
    expectAgreement(
      cases.map {
        (
          HodgesLehmann.shiftEstimate(from: $0.a, to: $0.b),
          HodgesLehmann.shift(from: $0.a, to: $0.b, confidence: Fraction($0.confidence))
        )
      }, answers)
    #expect(answers.count { $0.level == nil } > 20 && answers.count { $0.level != nil } > 200)
  }

  @Test func fewestValuesAreThoseThatSuffice() {
    for level in Self.levels.map(Fraction.init) {
      for count in 1...12 {
        let values = (0..<count).map(Double.init)
        let center = HodgesLehmann.center(of: values, confidence: level)
        #expect((center != nil) == (count >= HodgesLehmann.fewestValues(confidence: level)))
        let shift = HodgesLehmann.shift(from: values, to: values, confidence: level)
        #expect((shift != nil) == (count >= HodgesLehmann.fewestValuesEach(confidence: level)))
      }
    }
    #expect(HodgesLehmann.fewestValues(confidence: .percent(95)) == 6)
    #expect(HodgesLehmann.fewestValuesEach(confidence: .percent(95)) == 4)
  }

  @Test func whatIsNotFiniteHasNoEstimate() {
    #expect(HodgesLehmann.centerEstimate(of: []) == nil)
    #expect(HodgesLehmann.centerEstimate(of: [1, .infinity]) == nil)
    #expect(HodgesLehmann.shiftEstimate(from: [], to: [1]) == nil)
    #expect(HodgesLehmann.shiftEstimate(from: [1], to: [.nan]) == nil)
    #expect(HodgesLehmann.shiftEstimate(from: [-1e308], to: [1.7e308]) == nil)
    #expect(HodgesLehmann.centerEstimate(of: [1.7e308, 1.7e308]) == 1.7e308)
  }

  @Test func intervalsFollowScaleAndShiftAndContainNarrowerOnes() throws {
    var inputs = RankInputs(seed: 43)
    for round in 0..<60 {
      let a = inputs.sample(count: inputs.count(10...70), kind: round % 4)
      let b = inputs.sample(count: inputs.count(10...70), kind: round % 4, shift: 1)
      let one = try #require(HodgesLehmann.center(of: a, confidence: .percent(95)))
      let four = HodgesLehmann.center(of: a.reversed().map { $0 * 4 }, confidence: .percent(95))
      #expect(four == one.map { $0 * 4 })
      let negated = HodgesLehmann.center(of: a.map { -$0 }, confidence: .percent(95))
      #expect(negated?.lower == -one.upper && negated?.upper == -one.lower)
      let narrow = try #require(HodgesLehmann.center(of: a, confidence: .percent(80)))
      #expect(one.lower <= narrow.lower && narrow.upper <= one.upper)
      #expect(one.lower <= one.value && one.value <= one.upper)
      let there = try #require(HodgesLehmann.shift(from: a, to: b, confidence: .percent(95)))
      let back = HodgesLehmann.shift(from: b, to: a, confidence: .percent(95))
      #expect(back?.lower == -there.upper && back?.upper == -there.lower)
      let inner = try #require(HodgesLehmann.shift(from: a, to: b, confidence: .percent(50)))
      #expect(there.lower <= inner.lower && inner.upper <= there.upper)
    }
  }

  /// The promise itself: symmetric values around a known centre, and skewed ones of a known shift.
  @Test(arguments: [6, 9, 60]) func theTruthIsCoveredAsOftenAsTheLevelSays(count: Int) throws {
    var inputs = RankInputs(seed: 44)
    let rounds = 2_000
    var centers = 0
    var shifts = 0
    var levels = (center: 0.0, shift: 0.0)
    for _ in 0..<rounds {
      let values = inputs.sample(count: count, kind: 0, shift: 3)
      let center = try #require(HodgesLehmann.center(of: values, confidence: .percent(90)))
      if center.lower <= 3, 3 <= center.upper { centers += 1 }
      let from = inputs.sample(count: count, kind: 3)
      let to = inputs.sample(count: count, kind: 3, shift: 1000)
      let shift = try #require(HodgesLehmann.shift(from: from, to: to, confidence: .percent(90)))
      if shift.lower <= 1000, 1000 <= shift.upper { shifts += 1 }
      levels = (center.level.value, shift.level.value)
    }
    // Four standard errors of a share.
    for (covered, level) in [(centers, levels.center), (shifts, levels.shift)] {
      let slack = 4 * (level * (1 - level) / Double(rounds)).squareRoot()
      #expect(level >= 0.9 && (Double(covered) / Double(rounds) - level).magnitude < slack)
    }
  }

  @Test(Requires.release) func aMillionPairsTakeLittleTime() throws {
    var inputs = RankInputs(seed: 45)
    let a = inputs.sample(count: 1000, kind: 0)
    let b = inputs.sample(count: 1000, kind: 0, shift: 0.5)
    let start = MonotonicClock.now()
    for _ in 0..<10 { _ = HodgesLehmann.shift(from: a, to: b, confidence: .percent(95)) }
    let middle = MonotonicClock.now()
    for _ in 0..<10 { _ = HodgesLehmann.center(of: a, confidence: .percent(95)) }
    let end = MonotonicClock.now()
    #expect((middle - start).inSeconds / 10 < 0.1 && (end - middle).inSeconds / 10 < 0.1)
  }
}
