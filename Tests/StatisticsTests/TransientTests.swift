import Foundation
import Measure
import Statistics
import TestSupport
import Testing

struct TransientTests {
  private struct Case: Codable {
    var values: [Double]
    var batch: Int
  }

  private static func walk(
    _ inputs: inout RankInputs, count: Int, correlation: Double
  ) -> [Double] {
    var state = inputs.normal()
    let step = (1 - correlation * correlation).squareRoot()
    return (0..<count).map { _ in
      state = correlation * state + step * inputs.normal()
      return state
    }
  }

  @Test(Requires.python("scipy"))
  func theTruncationIsThatOfTheDefinition() throws {
    var inputs = RankInputs(seed: 1)
    let cases = (0..<300).map { place in
      let count = inputs.count(1...400)
      let height = 10 * inputs.random.unit()
      let time = inputs.random.logUniform(1...200)
      let noise =
        place.isMultiple(of: 3)
        ? Self.walk(&inputs, count: count, correlation: 0.8)
        : inputs.sample(count: count, kind: place % 3)
      return Case(
        values: noise.enumerated().map { $1 + height * exp(-Double($0) / time) },
        batch: [5, 5, 1, 7][place % 4])
    }
    let answers: [Int] = try PythonOracle.answers(
      """
      import numpy as np
      def answer(case):
        b = case["batch"]
        k = len(case["values"]) // b
        if k < 10: return -1
        z = np.array(case["values"])[: k * b].reshape(k, b).mean(axis=1)
        errors = [z[d:].var() / (k - d) for d in range(k - 4)]
        best = int(np.argmin(errors))
        return best * b if best <= k / 2 else -1
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      #expect((InitialTransient.truncation(of: one.values, batch: one.batch) ?? -1) == answer)
    }
    #expect(answers.count { $0 > 0 } > 50 && answers.count { $0 < 0 } > 20)
  }

  @Test func aWarmUpIsCutAndALevelSeriesIsNot() {
    let step = Array(repeating: 3.0, count: 35) + Array(repeating: 1.0, count: 65)
    #expect(InitialTransient.truncation(of: step) == 35)
    #expect(InitialTransient.truncation(of: Array(repeating: 1, count: 100)) == 0)
    #expect(InitialTransient.truncation(of: step.reversed()) == nil)
    #expect(InitialTransient.truncation(of: step + [.nan]) == nil)
  }

  @Test(Requires.python("scipy"))
  func autocorrelationAndItsTimeAreThoseOfTheDefinition() throws {
    var inputs = RankInputs(seed: 2)
    let cases = (0..<300).map { place in
      let count = inputs.count(2...300)
      let values =
        place.isMultiple(of: 4)
        ? inputs.sample(count: count, kind: place / 4)
        : Self.walk(&inputs, count: count, correlation: [0, -0.5, 0.4, 0.9][place % 4])
      return Case(values: values, batch: Int(inputs.random.below(UInt64(count))))
    }
    let answers: [[Double]?] = try PythonOracle.answers(
      """
      import numpy as np
      def answer(case):
        x = np.array(case["values"])
        n = len(x)
        if (x == x[0]).all(): return None
        x = x - x.mean()
        rho = np.correlate(x, x, "full")[n - 1:] / (x @ x)
        tau = 2 * np.cumsum(rho) - 1
        ok = [m for m in range(1, n) if m >= 5 * tau[m]]
        m = ok[0] if ok else n - 1
        return [rho[case["batch"]], tau[m], m, min(n, n / tau[m]) if tau[m] > 0 else n]
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let coefficients = Autocorrelation.coefficients(of: one.values, upTo: one.batch)
      let time = Autocorrelation.integratedTime(of: one.values)
      guard let answer else {
        #expect(coefficients == nil && time == nil)
        continue
      }
      #expect(agree(try #require(coefficients)[one.batch], answer[0], within: 1e-9, atLeast: 1e-12))
      let ours = try #require(time)
      #expect(
        agree(ours.places, answer[1], within: 1e-9, atLeast: 1e-11), "\(one) \(ours) \(answer)")
      #expect(ours.window == Int(answer[2]))
      #expect(agree(ours.effectiveCount, answer[3], within: 1e-9))
    }
  }

  @Test func theTimeOfAnAutoregressionIsFound() throws {
    var inputs = RankInputs(seed: 3)
    for correlation in [0.0, 0.5, 0.8] {
      let values = Self.walk(&inputs, count: 20_000, correlation: correlation)
      let time = try #require(Autocorrelation.integratedTime(of: values))
      #expect(agree(time.places, (1 + correlation) / (1 - correlation), within: 0.15))
      #expect(time.isTrusted)
      let first = try #require(Autocorrelation.coefficients(of: values, upTo: 1))
      #expect((first[1] - correlation).magnitude < 0.03 && first[0] == 1)
    }
    #expect(Autocorrelation.coefficients(of: [1, 2], upTo: 2) == nil)
    #expect(Autocorrelation.integratedTime(of: [1, .nan, 3]) == nil)
  }
}
