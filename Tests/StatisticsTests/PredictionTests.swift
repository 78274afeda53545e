import Measure
import Statistics
import TestSupport
import Testing

struct PredictionTests {
  private struct Case: Codable {
    var values: [Double]
    var confidence: Double
  }

  @Test(Requires.python("scipy"))
  func theIntervalIsThatOfTheFormula() throws {
    var inputs = RankInputs(seed: 1)
    let cases = (0..<300).map { place in
      Case(
        values: inputs.sample(count: inputs.count(2...40), kind: place),
        confidence: [0.8, 0.9, 0.95, 0.99][place % 4])
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import t
      def answer(case):
        x = np.array(case["values"])
        half = x.std(ddof=1) * (1 + 1 / len(x)) ** 0.5
        half *= t.ppf((1 + case["confidence"]) / 2, len(x) - 1)
        return [x.mean(), x.mean() - half, x.mean() + half]
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let ours = try #require(
        PredictionInterval.next(after: one.values, confidence: Fraction(one.confidence)))
      let scale = one.values.map(\.magnitude).max() ?? 0
      for (end, theirs) in zip([ours.value, ours.lower, ours.upper], answer) {
        #expect(agree(end, theirs, within: 1e-9, atLeast: 1e-9 * scale), "\(one) \(answer)")
      }
    }
    #expect(PredictionInterval.next(after: [1], confidence: .percent(95)) == nil)
    #expect(PredictionInterval.next(after: [1, .nan], confidence: .percent(95)) == nil)
  }

  /// The promise itself, on normal values.
  @Test(arguments: [2, 5, 20])
  func theNextValueIsCoveredAsOftenAsSaid(count: Int) throws {
    var inputs = RankInputs(seed: 2)
    let rounds = 4000
    let covered = try (0..<rounds).count { _ in
      let values = (0..<count).map { _ in inputs.normal() }
      let next = inputs.normal()
      let interval = try #require(PredictionInterval.next(after: values, confidence: .percent(90)))
      return interval.lower <= next && next <= interval.upper
    }
    #expect((Double(covered) / Double(rounds) - 0.9).magnitude < 0.02)
  }
}
