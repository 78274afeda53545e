import Measure
import Statistics
import TestSupport
import Testing

struct NormalTests {
  @Test func endsAreInfinite() {
    #expect(Normal.quantile(0) == -.infinity && Normal.quantile(1) == .infinity)
    #expect(Normal.quantile(0.5).magnitude < 1e-15 && Normal.cdf(0) == 0.5)
    #expect(Normal.cdf(-.infinity) == 0 && Normal.cdf(.infinity) == 1)
    #expect(Normal.quantile(.leastNonzeroMagnitude) < -38)
  }

  @Test(Requires.python("scipy")) func bothWaysAreScipys() throws {
    var random = SeededRandom(seed: 21)
    let tails =
      (0..<300).map { _ in random.unit() }
      + (1...300).map { Double(sign: .plus, exponent: -3 * $0, significand: 1 + random.unit()) }
      + (1...50).map { 1 - Double(sign: .plus, exponent: -$0, significand: 1) }
    let quantiles: [Double] = try PythonOracle.answers(
      "from scipy.special import ndtri as answer", to: tails)
    for (p, expected) in zip(tails, quantiles) {
      #expect((Normal.quantile(p) - expected).magnitude <= 1e-12 * max(1, expected.magnitude))
    }
    let points = (0..<500).map { _ in (random.unit() - 0.5) * 70 }
    let probabilities: [Double] = try PythonOracle.answers(
      "from scipy.special import ndtr as answer", to: points)
    for (z, expected) in zip(points, probabilities) {
      #expect((Normal.cdf(z) - expected).magnitude <= 1e-12 * expected, "\(z)")
    }
  }
}
