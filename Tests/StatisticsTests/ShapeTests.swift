import Foundation
import Measure
import Statistics
import TestSupport
import Testing

/// The tests of shape against scipy.
struct ShapeTests {
  private struct Pair: Codable {
    var a: [Double]
    var b: [Double]
  }

  private struct Answer: Decodable {
    var statistic: Double
    var p: Double
  }

  @Test(Requires.python("scipy")) func smirnovIsScipys() throws {
    var inputs = RankInputs(seed: 71)
    let pairs = (0..<300).map { round in
      let sizes = [1...8, 9...30, 20...80, 1...80][round % 4]
      let count = inputs.count(sizes)
      let other = round.isMultiple(of: 7) ? count : inputs.count(sizes)
      return Pair(
        a: inputs.sample(count: count, kind: round),
        b: inputs.sample(count: other, kind: round + round / 50, shift: round % 3 == 0 ? 2 : 0))
    }
    let answers: [Answer] = try PythonOracle.answers(
      """
      from scipy.stats import ks_2samp
      def answer(case):
        test = ks_2samp(case["a"], case["b"], method="exact")
        return dict(statistic=test.statistic, p=test.pvalue)
      """, to: pairs)
    for (pair, answer) in zip(pairs, answers) {
      let ours = try #require(KolmogorovSmirnov(pair.a, pair.b))
      #expect(ours.isExact && (ours.distance - answer.statistic).magnitude < 1e-12)
      #expect((ours.p - answer.p).magnitude <= 1e-9 * answer.p, "\(pair) \(ours) \(answer)")
    }
    #expect(answers.count { $0.p < 1e-6 } > 5 && answers.count { $0.p > 0.5 } > 50)
  }

  @Test(Requires.python("scipy")) func largeSamplesHaveTheLimitOfKolmogorov() throws {
    var inputs = RankInputs(seed: 72)
    let a = inputs.sample(count: 1200, kind: 0)
    let all = (0..<200).map { step in
      // Every fourth with ties.
      let values = inputs.sample(count: 900 + step, kind: 0, shift: Double(step % 12) / 40)
      let b = step.isMultiple(of: 4) ? values.map { ($0 * 20).rounded() / 20 } : values
      return (b.count, KolmogorovSmirnov(a, b))
    }
    let pairs = try all.map { [Double($0.0), try #require($0.1).distance] }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      from scipy.special import kolmogorov
      from scipy.stats import kstwo
      def answer(case):
        count = 1200 * case[0] / (1200 + case[0])
        return [kolmogorov(count ** 0.5 * case[1]), kstwo.sf(case[1], round(count))]
      """, to: pairs)
    for ((_, test), answer) in zip(all, answers) {
      let test = try #require(test)
      #expect(!test.isExact && (test.p - answer[0]).magnitude < 1e-9 * answer[0])
      #expect((test.p - answer[1]).magnitude < 0.02)
    }
  }

  @Test(Requires.python("scipy")) func andersonAndDarlingIsScipys() throws {
    var inputs = RankInputs(seed: 73)
    var cases: [[[Double]]] = []
    for round in 0..<300 {
      let sizes = [1...8, 3...30, 20...60][round % 3]
      let samples = (0..<inputs.count(2...5)).map { index in
        inputs.sample(
          count: inputs.count(sizes), kind: round % 4, shift: index == 0 ? Double(round % 5) / 4 : 0
        )
      }
      let pooled = samples.flatMap { $0 }
      if pooled.count > 3, Set(pooled).count > 1 { cases.append(samples) }
    }
    let answers: [Answer] = try PythonOracle.answers(
      """
      import warnings
      from scipy.stats import anderson_ksamp
      warnings.simplefilter("ignore")
      def answer(case):
        test = anderson_ksamp(case)
        return dict(statistic=test[0], p=test[2])
      """, to: cases)
    for (samples, answer) in zip(cases, answers) {
      let ours = try #require(AndersonDarling(samples))
      let slack = 1e-9 * max(1, answer.statistic.magnitude)
      #expect((ours.statistic - answer.statistic).magnitude < slack, "\(samples)")
      #expect((ours.p - answer.p).magnitude < 1e-9, "\(samples)")
    }
    #expect(cases.count > 250 && answers.count { $0.p > 0.0011 && $0.p < 0.249 } > 80)
  }

  @Test func orderAndRisingFunctionsChangeNothing() throws {
    var inputs = RankInputs(seed: 74)
    for round in 0..<40 {
      let a = inputs.sample(count: inputs.count(4...40), kind: round % 3)
      let b = inputs.sample(count: inputs.count(4...40), kind: round % 3, shift: 0.5)
      let smirnov = try #require(KolmogorovSmirnov(a, b))
      let swapped = try #require(
        KolmogorovSmirnov(b.reversed().map { atan($0) }, a.map { atan($0) }))
      #expect(swapped.distance == smirnov.distance)
      #expect((swapped.p - smirnov.p).magnitude < 1e-12)
      let darling = try #require(AndersonDarling([a, b]))
      let other = try #require(
        AndersonDarling([b.reversed().map { atan($0) }, a.map { atan($0) }]))
      #expect((other.statistic - darling.statistic).magnitude < 1e-9)
    }
  }

  /// What both are for: half of the values a little faster and half a little slower.
  @Test func aSecondModeEscapesRanksButNotTheTestsOfShape() throws {
    var inputs = RankInputs(seed: 75)
    let before = inputs.sample(count: 60, kind: 0)
    let after = inputs.sample(count: 60, kind: 0).map { $0 / 4 + ($0 < 0 ? -2 : 2) }
    #expect(try #require(MannWhitney.test(before, after)).pTwoSided > 0.1)
    #expect(try #require(KolmogorovSmirnov(before, after)).p < 0.01)
    #expect(try #require(AndersonDarling([before, after])).p < 0.01)
  }

  @Test func nothingToCompareHasNoTest() {
    #expect(KolmogorovSmirnov([], [1]) == nil && KolmogorovSmirnov([1], [.nan]) == nil)
    #expect(AndersonDarling([[1, 2, 3, 4]]) == nil && AndersonDarling([[1, 2, 3, 4], []]) == nil)
    #expect(AndersonDarling([[1, 2], [3]]) == nil && AndersonDarling([[1, 1], [1, 1]]) == nil)
    #expect(AndersonDarling([[1, 2], [3, .nan]]) == nil)
  }
}
