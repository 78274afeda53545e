import Foundation
import Measure
import TestSupport
import Testing

@testable import Statistics

/// Whether two numbers agree but for a part of the larger one; NaN agrees with NaN.
func agree(_ one: Double, _ other: Double, within part: Double, atLeast floor: Double = 0) -> Bool {
  if one.isNaN || other.isNaN || one.isInfinite || other.isInfinite {
    return one == other || (one.isNaN && other.isNaN)
  }
  return (one - other).magnitude <= part * max(one.magnitude, other.magnitude) + floor
}

extension SeededRandom {
  /// A number whose logarithm is uniform within the range.
  mutating func logUniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound * exp(unit() * log(range.upperBound / range.lowerBound))
  }
}

struct BetaTests {
  private struct Point: Codable {
    var x: Double
    var a: Double
    var b: Double
  }

  @Test(Requires.python("scipy"))
  func cumulativeAndQuantileAreScipys() throws {
    var random = SeededRandom(seed: 1)
    let points = (0..<600).map { place in
      let range = [0.01...3, 0.3...60, 5...20_000, 100...1e7][place % 4]
      let a = random.logUniform(range)
      let b = random.logUniform(range)
      // Half around the mean, where the mass lies, and half anywhere.
      let spread = 4 * (a * b / (a + b) / (a + b) / (a + b + 1)).squareRoot()
      let near = min(1, max(0, a / (a + b) + spread * (2 * random.unit() - 1)))
      return Point(x: place.isMultiple(of: 8) ? random.unit() : near, a: a, b: b)
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      from scipy.stats import beta
      from scipy.special import betainc
      def answer(case):
        x, a, b = case["x"], case["a"], case["b"]
        return [betainc(a, b, x), beta.ppf(x, a, b), betainc(a, b, beta.ppf(x, a, b))]
      """, to: points)
    for (point, answer) in zip(points, answers) {
      let ours = Beta.cumulative(point.x, a: point.a, b: point.b)
      #expect(agree(ours, answer[0], within: 1e-9, atLeast: 1e-300), "\(point) \(ours) \(answer)")
      // Debian's scipy finds the inverse by a search that ends early now and then.
      guard agree(answer[2], point.x, within: 1e-9) else { continue }
      let quantile = Beta.quantile(point.x, a: point.a, b: point.b)
      #expect(agree(quantile, answer[1], within: 1e-8, atLeast: 1e-300), "\(point) \(quantile)")
    }
  }

  @Test func quantileUndoesCumulative() {
    var random = SeededRandom(seed: 2)
    for _ in 0..<300 {
      let a = random.logUniform(0.5...3000)
      let b = random.logUniform(0.5...3000)
      let probability = random.logUniform(1e-12...1)
      let x = Beta.quantile(probability, a: a, b: b)
      #expect(agree(Beta.cumulative(x, a: a, b: b), probability, within: 1e-9, atLeast: 1e-13))
      // A share whose complement is a double too.
      let share = Double(random.below(1 << 20)) / Double(1 << 20)
      let mirrored = Beta.cumulative(1 - share, a: b, b: a)
      #expect(
        agree(Beta.cumulative(share, a: a, b: b), 1 - mirrored, within: 1e-14, atLeast: 1e-15))
    }
    #expect(Beta.cumulative(-1, a: 2, b: 3) == 0 && Beta.cumulative(2, a: 2, b: 3) == 1)
    #expect(Beta.quantile(0, a: 2, b: 3) == 0 && Beta.quantile(1, a: 2, b: 3) == 1)
  }

  private struct Student: Codable {
    var t: Double
    var probability: Double
    var degrees: Double
  }

  @Test(Requires.python("scipy"))
  func studentsTIsScipys() throws {
    var random = SeededRandom(seed: 3)
    let cases = (0..<400).map { place in
      let degrees =
        place.isMultiple(of: 2)
        ? Double(1 + random.below(30)) : random.logUniform(0.7...1e5)
      let probability = [random.unit(), random.logUniform(1e-12...0.5), 0.975, 0.5][place % 4]
      return Student(t: 12 * random.unit() - 6, probability: probability, degrees: degrees)
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      from scipy.stats import t
      def answer(case):
        n = case["degrees"]
        return [t.cdf(case["t"], n), t.ppf(case["probability"], n)]
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let below = StudentT.cumulative(one.t, degrees: one.degrees)
      #expect(agree(below, answer[0], within: 1e-9), "\(one) \(below) \(answer)")
      let quantile = StudentT.quantile(one.probability, degrees: one.degrees)
      #expect(
        agree(quantile, answer[1], within: 1e-7, atLeast: 1e-9), "\(one) \(quantile) \(answer)")
    }
    #expect(StudentT.quantile(1, degrees: 3) == .infinity)
    #expect(StudentT.quantile(0, degrees: 3) == -.infinity)
    #expect(StudentT.cumulative(.infinity, degrees: 3) == 1)
  }
}
