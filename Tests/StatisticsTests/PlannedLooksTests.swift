import Measure
import Statistics
import TestSupport
import Testing

struct PlannedLooksTests {
  private struct Case: Codable {
    var levels: [Double]
    var byNormal: Bool
  }

  /// The chance to leave the bounds, by a plain integration on an even grid; for few looks as the
  /// probability of a box under scipy's multivariate normal distribution too.
  private static let oracle = """
    import numpy as np
    from scipy.stats import norm, multivariate_normal
    def pdf(x): return np.exp(-x * x / 2) / (2 * np.pi) ** 0.5
    def answer(case):
      z = [-norm.ppf(level / 2) for level in case["levels"]]
      grid = density = None
      for k, bound in enumerate(z, 1):
        edge = bound * k ** 0.5
        places = np.linspace(-edge, edge, 361)
        weights = np.full(361, 2.0)
        weights[1::2] = 4
        weights[[0, -1]] = 1
        weights *= edge / 540
        if density is None: values = pdf(places)
        else: values = pdf(places[:, None] - grid) @ density
        grid, density = places, values * weights
      answers = [1 - density.sum()]
      if case["byNormal"]:
        K = len(z)
        cov = [[(min(i, j) / max(i, j)) ** 0.5 for j in range(1, K + 1)] for i in range(1, K + 1)]
        box = multivariate_normal(np.zeros(K), cov, abseps=1e-7, releps=1e-7, maxpts=60000, seed=1)
        answers.append(1 - box.cdf(np.array(z), lower_limit=-np.array(z)))
      return answers
    """

  @Test(Requires.python("scipy"))
  func thePlannedLevelsSpendAlphaAndNoMore() throws {
    var random = SeededRandom(seed: 2)
    var alphas: [Double] = []
    var cases: [Case] = []
    for place in 0..<200 {
      let looks = place < 20 ? place + 1 : 1 + Int(random.below(6))
      let alpha = place < 20 ? 0.05 : random.logUniform(1e-4...0.5)
      let constant = PlannedLooks.pocock(looks: looks, alpha: Fraction(alpha)).value
      alphas.append(alpha)
      cases.append(Case(levels: Array(repeating: constant, count: looks), byNormal: looks <= 4))
    }
    let answers: [[Double]] = try PythonOracle.answers(Self.oracle, to: cases)
    for (index, answer) in answers.enumerated() {
      #expect(agree(answer[0], alphas[index], within: 1e-6), "\(cases[index]) \(answer)")
      if cases[index].byNormal {
        #expect(
          agree(answer[1], alphas[index], within: 1e-4, atLeast: 5e-5), "\(cases[index]) \(answer)")
      }
    }
  }

  @Test func fiveLooksAtFivePercentAreThoseOfTheBooks() {
    let level = PlannedLooks.pocock(looks: 5, alpha: .percent(5)).value
    #expect((level * 10_000).rounded() == 158)
    #expect(PlannedLooks.pocock(looks: 1, alpha: .percent(5)).value - 0.05 < 1e-12)
  }

  /// The promise itself, on means that are equal.
  @Test func lookingAsPlannedAlarmsAsOftenAsSaid() {
    var random = SeededRandom(seed: 3)
    let bound = -Normal.quantile(PlannedLooks.pocock(looks: 5, alpha: .percent(10)).value / 2)
    let rounds = 20_000
    let alarms = (0..<rounds).count { _ in
      var sum = 0.0
      return (1...5).contains { look in
        sum += Normal.quantile(random.unit())
        return sum.magnitude > bound * Double(look).squareRoot()
      }
    }
    #expect((Double(alarms) / Double(rounds) - 0.1).magnitude < 0.01)
  }
}
