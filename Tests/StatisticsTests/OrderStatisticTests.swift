import Foundation
import Measure
import Statistics
import TestSupport
import Testing

struct OrderStatisticTests {
  @Test func fewerThanSixValuesHaveNo95PercentInterval() throws {
    let values = [5.0, 1, 4, 2, 3]
    #expect(OrderStatisticInterval(medianOf: values, confidence: .percent(95)) == nil)
    #expect(OrderStatisticInterval.fewestValues(confidence: .percent(95)) == 6)
    #expect(OrderStatisticInterval.fewestValues(confidence: .percent(90)) == 5)
    #expect(OrderStatisticInterval.fewestValues(confidence: .percent(99)) == 8)
    let six = try #require(
      OrderStatisticInterval(medianOf: values + [6], confidence: .percent(95)))
    #expect(six.lower == 1 && six.upper == 6)
    #expect(six.level == Fraction(1 - 2.0 / 64))
    #expect(
      OrderStatisticInterval(medianOf: values + [.nan], confidence: .percent(95)) == nil)
  }

  @Test func medianIsTheMiddle() {
    #expect(Median.of([]) == nil)
    #expect(Median.of([3]) == 3)
    #expect(Median.of([4, 1, 3, 2]) == 2.5)
    #expect(Median.of([9, 1, 5]) == 5)
    #expect(Median.of([1e308, 1.5e308]) == 1.25e308)
  }

  @Test func scalingTheValuesScalesTheInterval() throws {
    var random = SeededRandom(seed: 3)
    for count in 6...60 {
      let values = (0..<count).map { _ in random.unit() }
      let one = try #require(
        OrderStatisticInterval(medianOf: values, confidence: .percent(95)))
      let four = try #require(
        OrderStatisticInterval(medianOf: values.reversed().map { $0 * 4 }, confidence: .percent(95))
      )
      #expect(four.lower == one.lower * 4 && four.upper == one.upper * 4)
      let narrow = try #require(
        OrderStatisticInterval(medianOf: values, confidence: .percent(80)))
      #expect(narrow.lower >= one.lower && narrow.upper <= one.upper)
    }
  }

  /// The promise itself, on a skewed distribution whose median is known: exp(0) = ln 2.
  @Test(arguments: [6, 10, 25])
  func theMedianIsCoveredAsOftenAsTheLevelSays(count: Int) throws {
    var random = SeededRandom(seed: 11, stream: UInt64(count))
    var covered = 0
    var level = 0.0
    let rounds = 20_000
    for _ in 0..<rounds {
      let values = (0..<count).map { _ in -log(1 - random.unit()) }
      let interval = try #require(
        OrderStatisticInterval(medianOf: values, confidence: .percent(95)))
      level = interval.level.value
      if interval.lower <= log(2), log(2) <= interval.upper { covered += 1 }
    }
    // Four standard errors of a share.
    let slack = 4 * (level * (1 - level) / Double(rounds)).squareRoot()
    #expect((Double(covered) / Double(rounds) - level).magnitude < slack)
  }

  @Test(Requires.python("scipy"))
  func ranksAndLevelsAreScipys() throws {
    let program = """
      from scipy.stats import binom, quantile_test
      for n in list(range(2, 130)) + [500, 1000, 1023, 1024, 1025, 3000, 20001]:
        for c in (0.7, 0.8, 0.9, 0.95, 0.99, 0.999):
          ci = quantile_test(range(1, n + 1), p=0.5).confidence_interval(confidence_level=c)
          if ci.low != ci.low or ci.high != ci.high:
            print(n, c, 0, 0, 0)
          else:
            level = float(1 - 2 * binom.cdf(ci.low - 1, n, 0.5))
            print(n, c, int(ci.low), int(ci.high), repr(level))
      """
    let answer = try Command.run(["python3", "-c", program]).checked()
    var compared = 0
    for line in answer.stdout.split(separator: "\n") {
      let words = line.split(separator: " ")
      let count = try #require(Int(words[0]))
      let confidence = Fraction(try #require(Double(words[1])))
      let values = (1...count).map(Double.init).shuffledBySeed(UInt64(count))
      let ours = OrderStatisticInterval(medianOf: values, confidence: confidence)
      #expect(ours?.lower ?? 0 == Double(words[2]), "\(line)")
      #expect(ours?.upper ?? 0 == Double(words[3]), "\(line)")
      let level = try #require(Double(words[4]))
      #expect(((ours?.level.value ?? 0) - level).magnitude < 1e-11, "\(line)")
      compared += 1
    }
    #expect(compared == 135 * 6)
  }

  private struct Case: Codable {
    var values: [Double]
    var confidence: Double
  }

  /// scipy's own interval and numpy's median, on values with ties, few and many.
  @Test(Requires.python("scipy"))
  func intervalsAndMediansAreScipysWithTiesToo() throws {
    var inputs = RankInputs(seed: 12)
    let cases = (0..<400).map { place in
      let count = inputs.count([1...7, 2...30, 20...300][place % 3])
      return Case(
        values: inputs.sample(count: count, kind: place / 3),
        confidence: [0.6, 0.8, 0.9, 0.95, 0.99][inputs.count(0...4)])
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import binom, quantile_test
      def answer(case):
        x, c = case["values"], case["confidence"]
        ci = quantile_test(x, p=0.5).confidence_interval(confidence_level=c)
        n = len(x)
        # The rank by the binomial distribution: with ties, it does not show in the ends.
        ranks = [k for k in range(1, n // 2 + 1) if 1 - 2 * binom.cdf(k - 1, n, 0.5) >= c]
        level = 1 - 2 * binom.cdf(ranks[-1] - 1, n, 0.5) if ranks else np.nan
        return [np.median(x), ci.low, ci.high, ranks[-1] if ranks else 0, level]
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      #expect(agree(try #require(Median.of(one.values)), answer[0], within: 1e-15), "\(one)")
      let ours = OrderStatisticInterval(
        medianOf: one.values, confidence: Fraction(one.confidence))
      #expect(agree(ours?.lower ?? .nan, answer[1], within: 0), "\(one) \(answer)")
      #expect(agree(ours?.upper ?? .nan, answer[2], within: 0), "\(one) \(answer)")
      #expect(Double(ours?.rank ?? 0) == answer[3], "\(one) \(answer)")
      #expect(agree(ours?.level.value ?? .nan, answer[4], within: 1e-11), "\(one) \(answer)")
    }
    #expect(answers.count { $0[3] == 0 } > 20 && answers.count { $0[3] > 0 } > 200)
  }
}

extension [Double] {
  fileprivate func shuffledBySeed(_ seed: UInt64) -> [Double] {
    var random = SeededRandom(seed: seed)
    return shuffled(using: &random)
  }
}
