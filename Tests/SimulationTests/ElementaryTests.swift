import Measure
import TestSupport
import Testing

@testable import Simulation

struct ElementaryTests {
  private struct Case: Encodable {
    var log: [Double]
    var exp: [Double]
    var probability: [Double]
  }

  private func numbers(_ count: Int, seed: UInt64, _ make: (Double) -> Double) -> [Double] {
    var stream = RandomStream(seed: seed, entity: 0, purpose: 0)
    return (0..<count).map { _ in make(stream.unit()) }
  }

  /// Distances from the true values, in units of the last place of those: numpy's 80-bit reals.
  @Test(Requires.python("numpy"), Requires.python("scipy"))
  func logarithmAndExponentialAreWithinOneUnitInTheLastPlace() throws {
    var stream = RandomStream(seed: 3, entity: 0, purpose: 0)
    let anyPositive = (0..<20_000).map { _ in Double(bitPattern: stream.next() >> 1) }
      .filter(\.isFinite)
    let nearOne = numbers(20_000, seed: 4) { 0.5 + 1.5 * $0 }
    let logs = anyPositive + nearOne + [0x1p-1074, 0x1p-1022, 1.0.nextDown, 1.0.nextUp]
    let exps =
      numbers(20_000, seed: 5) { ($0 - 0.5) * 1400 }.filter { $0 > -708 && $0 < 709.78 }
      + numbers(20_000, seed: 6) { ($0 - 0.5) * 80 } + [0, 1, -1, 1e-300, 0.34657359, -0.34657359]
    let probabilities =
      numbers(20_000, seed: 7) { $0 + 1e-12 }
      + numbers(2_000, seed: 8) { Elementary.exp(-690 * $0) }
    let answers: [[[Double]]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.special import ndtri
      def parts(true):
        head = true.astype(np.float64)
        return [head, (true - head).astype(np.float64), np.spacing(np.abs(head))]
      def answer(case):
        log = np.log(np.array(case["log"]).astype(np.longdouble))
        exp = np.exp(np.array(case["exp"]).astype(np.longdouble))
        z = ndtri(np.array(case["probability"])).astype(np.longdouble)
        return [column.tolist() for true in (log, exp, z) for column in parts(true)]
      """,
      to: [Case(log: logs, exp: exps, probability: probabilities)])
    let columns = answers[0]
    func worst(_ ours: [Double], _ column: Int) -> Double {
      ours.indices.map { index in
        let rest = (ours[index] - columns[column][index]) - columns[column + 1][index]
        return abs(rest) / columns[column + 2][index]
      }.max() ?? .infinity
    }
    #expect(worst(logs.map(Elementary.log), 0) < 1)
    #expect(worst(exps.map(Elementary.exp), 3) < 1)
    // 1e-15 is 4.5 to 9 units; the oracle itself is off by a few around 1/2.
    let quantiles = probabilities.map(Elementary.normalQuantile)
    let relative = quantiles.indices.map { abs(quantiles[$0] / columns[6][$0] - 1) }.max()
    #expect(try #require(relative) < 3e-15)
  }

  @Test func limitsAreThoseOfTheFunctions() {
    #expect(Elementary.log(0) == -.infinity && Elementary.log(.infinity) == .infinity)
    #expect(Elementary.log(-1).isNaN && Elementary.log(.nan).isNaN && Elementary.exp(.nan).isNaN)
    #expect(Elementary.log(1) == 0 && Elementary.exp(0) == 1)
    #expect(Elementary.exp(710) == .infinity && Elementary.exp(-746) == 0)
    #expect(Elementary.exp(-.infinity) == 0 && Elementary.exp(.infinity) == .infinity)
    // The least number above zero, and the largest, are still reached.
    #expect(Elementary.exp(-745.13) == 0x1p-1074 && Elementary.exp(709.78).isFinite)
    #expect(Elementary.normalQuantile(0) == -.infinity && Elementary.normalQuantile(1) == .infinity)
    #expect(Elementary.normalQuantile(0.5) == 0)
  }

  @Test(Requires.python("scipy"))
  func theNormalDistributionKeepsItsDigitsInBothTails() throws {
    let points = (-740...740).map { Double($0) / 20 }
    let truth: [Double] = try PythonOracle.answers(
      """
      from scipy.special import ndtr
      def answer(case): return float(ndtr(case))
      """, to: points)
    for (z, p) in zip(points, truth) where z >= -36.9 {
      #expect(abs(Elementary.normalCumulative(z) / p - 1) < 1e-12, "z = \(z)")
    }
  }

  /// The very bits: held on every machine, in debug and in release builds.
  @Test func theBitsAreTheSameEverywhere() {
    var random = SplitMix64(state: 11)
    var hash: UInt64 = 0
    for _ in 0..<20_000 {
      let bits = random.next()
      let unit = (Double(bits >> 12) + 0.5) * 0x1p-52
      let values = [
        Elementary.log(Double(bitPattern: bits >> 1)), Elementary.exp((unit - 0.5) * 1490),
        Elementary.normalQuantile(unit),
      ]
      for value in values where value == value {
        hash = SplitMix64.scrambled(hash ^ value.bitPattern)
      }
    }
    #expect(
      hash == 0x4F09_ACF4_1558_82F7, "the hash is 0x\(String(hash, radix: 16, uppercase: true))")
  }
}
