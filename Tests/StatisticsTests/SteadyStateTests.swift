import Measure
import Statistics
import TestSupport
import Testing

struct SteadyStateTests {
  @Test func aLevelSeriesIsSteady() throws {
    let verdict = try #require(SteadyState.evaluate(values: [900, 500, 100, 101, 99, 100, 100]))
    #expect(verdict.isReached)
    #expect(verdict.firstRound == 2)
    #expect(verdict.windowMean == 100)
    #expect(verdict.rangeFraction == Fraction(0.02))
  }

  @Test func rangeAloneDecides() throws {
    // A range of exactly 20 % of the mean holds; a little more does not. The line is level.
    #expect(try #require(SteadyState.evaluate(values: [100, 90, 100, 110, 100])).isReached)
    let wide = try #require(SteadyState.evaluate(values: [100, 110.1, 90, 110.1, 89.8]))
    #expect(!wide.isReached && wide.slopeFraction < .percent(10))
  }

  @Test func slopeAloneDecides() throws {
    let falling = try #require(SteadyState.evaluate(values: [106, 103, 100, 97, 94]))
    #expect(falling.rangeFraction == .percent(12))
    #expect(!falling.isReached && falling.slopeFraction == .percent(12))
    #expect(falling.fit.slope == -3 && falling.fit.value(at: 0) == 106)
    let rising = try #require(SteadyState.evaluate(values: [94, 97, 100, 103, 106]))
    #expect(!rising.isReached && rising.slopeFraction == .percent(12))
    let loose = SteadyState.evaluate(values: [94, 97, 100, 103, 106], slope: .percent(13))
    #expect(loose?.isReached == true)
  }

  @Test func whatCannotBeJudgedIsNot() {
    #expect(SteadyState.evaluate(values: [100, 100, 100, 100]) == nil)
    #expect(SteadyState.evaluate(values: [0, 0, 0, 0, 0]) == nil)
    #expect(SteadyState.evaluate(values: [1, 1, .nan, 1, 1]) == nil)
    #expect(SteadyState.evaluate(values: [.infinity, 1, 1, 1, 1]) == nil)
  }

  private struct Case: Codable {
    var values: [Double]
    var window: Int
    var range: Double
    var slope: Double
  }

  @Test(Requires.python("scipy"))
  func theLineIsScipys() throws {
    var inputs = RankInputs(seed: 5)
    let series = (0..<300).map {
      inputs.sample(count: inputs.count(1...[3, 12, 80][$0 % 3]), kind: $0)
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      from scipy.stats import linregress
      def answer(y):
        if len(y) == 1: return [y[0], 0]
        r = linregress(range(len(y)), y)
        return [r.intercept, r.slope]
      """, to: series)
    for (values, answer) in zip(series, answers) {
      let fit = try #require(LineFit(values))
      let scale = 1e-12 * (values.map(\.magnitude).max() ?? 0)
      #expect(agree(fit.intercept, answer[0], within: 1e-10, atLeast: scale), "\(values)")
      #expect(agree(fit.slope, answer[1], within: 1e-10, atLeast: scale), "\(values)")
      let last = Double(values.count - 1)
      #expect(fit.value(at: last) == fit.intercept + fit.slope * last)
    }
    #expect(LineFit([]) == nil)
  }

  /// The two conditions of the specification, with scipy's line; ties and windows of two too.
  @Test(Requires.python("scipy"))
  func theRuleIsThatOfTheSpecification() throws {
    var inputs = RankInputs(seed: 6)
    let cases = (0..<400).map { place in
      let window = [5, 5, 2, inputs.count(2...9)][place % 4]
      let level = 100 * inputs.random.unit()
      let noise = inputs.sample(count: inputs.count(1...25), kind: [0, 1, 2, 4][place / 4 % 4])
      let fall = place % 3 == 0 ? 0.4 * inputs.random.unit() : 0
      let values = noise.enumerated().map { index, value in
        level * (1 - fall * Double(index) / 10) + 4 * value
      }
      return Case(
        values: values, window: window, range: place % 5 == 0 ? 0.1 : 0.2,
        slope: place % 7 == 0 ? 0.05 : 0.1)
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import linregress
      def answer(case):
        n = case["window"]
        y = np.array(case["values"][-n:], float)
        if len(y) < n or y.mean() <= 0: return []
        span = np.ptp(y) / y.mean()
        rise = abs(linregress(range(n), y).slope * (n - 1)) / y.mean()
        return [len(case["values"]) - n, y.mean(), span, rise,
                int(span <= case["range"] and rise <= case["slope"])]
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let ours = SteadyState.evaluate(
        values: one.values, window: one.window, range: Fraction(one.range),
        slope: Fraction(one.slope))
      try #require((ours == nil) == answer.isEmpty, "\(one)")
      guard let ours else { continue }
      #expect(Double(ours.firstRound) == answer[0])
      #expect(agree(ours.windowMean, answer[1], within: 1e-12))
      #expect(agree(ours.rangeFraction.value, answer[2], within: 1e-9, atLeast: 1e-12))
      #expect(agree(ours.slopeFraction.value, answer[3], within: 1e-9, atLeast: 1e-12))
      // On the line itself rounding decides.
      let margin = min((answer[2] - one.range).magnitude, (answer[3] - one.slope).magnitude)
      #expect(margin < 1e-9 || ours.isReached == (answer[4] == 1), "\(one) \(ours) \(answer)")
    }
    #expect(answers.count { $0.last == 1 } > 50 && answers.count { $0.last == 0 } > 100)
    #expect(answers.count { $0.isEmpty } > 20)
  }
}
