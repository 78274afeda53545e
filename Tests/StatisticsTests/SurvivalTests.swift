import Foundation
import Measure
import Statistics
import TestSupport
import Testing

struct SurvivalTests {
  private struct Case: Codable {
    var times: [Double]
    var censored: [Bool]
    var confidence: Double
    var share: Double
    /// How many of the times are of the first group.
    var first: Int

    var lifetimes: [Lifetime] {
      zip(times, censored).map { Lifetime($0, isCensored: $1) }
    }
  }

  /// With and without ties and censored times, tiny and of one group only at the end.
  private static func cases(_ count: Int, seed: UInt64) -> [Case] {
    var inputs = RankInputs(seed: seed)
    return (0..<count).map { place in
      let size = inputs.count(2...[4, 15, 60][place % 3])
      let chance = [0, 0.2, 0.6, 1][place / 3 % 4]
      let whole = place / 12 % 2 == 0
      return Case(
        times: (0..<size).map { _ in
          whole ? Double(inputs.random.below(12)) : 10 * inputs.exponential()
        },
        censored: (0..<size).map { _ in inputs.random.unit() < chance },
        confidence: [0.8, 0.95, 0.99][place % 3],
        share: [0.5, 0.25, 0.9, inputs.random.unit()][place % 4], first: inputs.count(1...size - 1))
    }
  }

  private struct Answer: Decodable {
    /// Time, at risk, events, survival, variance, lower and upper end.
    var steps: [[Double]]
    var quantile: [Double?]
    var logRank: [Double]
  }

  private static let oracle = """
    from fractions import Fraction as F
    from math import exp, log, sqrt
    from scipy.stats import norm, chi2
    def steps(case):
      data = list(zip(case["times"], case["censored"]))
      z = norm.ppf((1 + case["confidence"]) / 2)
      S, G, out, upper = F(1), F(0), [], 1.0
      for t in sorted({t for t, c in data if not c}):
        n = sum(u >= t for u, c in data)
        d = sum(u == t and not c for u, c in data)
        S *= F(n - d, n)
        if S == 0:
          out.append((t, n, d, S, 0.0, 0.0, upper))
          break
        G += F(d, n * (n - d))
        half = z * sqrt(G) / abs(log(S))
        lower, upper = exp(-exp(log(-log(S)) + half)), exp(-exp(log(-log(S)) - half))
        out.append((t, n, d, S, float(S * S * G), lower, upper))
      return out
    def rank(case):
      data = list(zip(case["times"], case["censored"]))
      k = case["first"]
      O, E, V = 0, F(0), F(0)
      for t in sorted({t for t, c in data if not c}):
        n, n1 = sum(u >= t for u, _ in data), sum(u >= t for u, _ in data[:k])
        d = sum(u == t and not c for u, c in data)
        O += sum(u == t and not c for u, c in data[:k])
        E += F(d * n1, n)
        if n > 1: V += F(d * n1 * (n - n1) * (n - d), n * n * (n - 1))
      x = float((O - E) ** 2 / V) if V else 0.0
      return [O, float(E), float(V), x, chi2.sf(x, 1)]
    def answer(case):
      found = steps(case)
      left = 1 - case["share"]
      # As a quotient where the share is one, so that it can be met exactly.
      exact = left
      if case["share"] in (.5, .25, .9): exact = 1 - F(case["share"]).limit_denominator(100)
      first = lambda column, bound: next((s[0] for s in found if s[column] <= bound), None)
      return {
        "steps": [[float(v) for v in s] for s in found],
        "quantile": [first(3, exact), first(5, left), first(6, left)], "logRank": rank(case)}
    """

  @Test(Requires.python("scipy"))
  func sharesQuantilesAndTestAreThoseOfTheDefinitions() throws {
    let cases = Self.cases(480, seed: 1)
    let answers: [Answer] = try PythonOracle.answers(Self.oracle, to: cases)
    for (one, answer) in zip(cases, answers) {
      let confidence = Fraction(one.confidence)
      let ours = try #require(KaplanMeier(one.lifetimes, confidence: confidence))
      #expect(ours.steps.count == answer.steps.count, "\(one)")
      for (step, theirs) in zip(ours.steps, answer.steps) {
        #expect(step.time == theirs[0])
        #expect(Double(step.atRisk) == theirs[1] && Double(step.events) == theirs[2])
        let numbers = [
          step.survival.value, step.variance, step.lower.value, step.upper.value,
        ]
        for (number, their) in zip(numbers, theirs[3...]) {
          #expect(agree(number, their, within: 1e-9, atLeast: 1e-13), "\(one) \(step) \(theirs)")
        }
      }
      let quantile = ours.quantile(Fraction(one.share))
      #expect([quantile.time, quantile.lower, quantile.upper] == answer.quantile, "\(one)")
      #expect(ours.censored == one.censored.count { $0 } && ours.count == one.times.count)

      let test = try #require(
        LogRank(Array(one.lifetimes[..<one.first]), Array(one.lifetimes[one.first...])))
      let numbers = [
        Double(test.observed), test.expected, test.variance, test.statistic, test.p,
      ]
      for (number, their) in zip(numbers, answer.logRank) {
        #expect(agree(number, their, within: 1e-7, atLeast: 1e-12), "\(one) \(test) \(answer)")
      }
    }
  }

  @Test func timeoutsAreNeitherDroppedNorEnds() throws {
    let times = [1, 2, 3, 4].map { Lifetime($0) } + [Lifetime(3, isCensored: true)]
    let curve = try #require(KaplanMeier(times, confidence: .percent(95)))
    #expect(curve.steps.map(\.atRisk) == [5, 4, 3, 1])
    #expect(curve.quantile(.percent(50)).time == 3)
    let timeouts = (0..<5).map { _ in Lifetime(300, isCensored: true) }
    let slow = try #require(KaplanMeier(timeouts + times.prefix(2), confidence: .percent(95)))
    #expect(slow.quantile(.percent(50)).time == nil && slow.quantile(.percent(50)).upper == nil)
    #expect(KaplanMeier([], confidence: .percent(95)) == nil)
    #expect(KaplanMeier([Lifetime(-1)], confidence: .percent(95)) == nil)
    #expect(LogRank(times, []) == nil)
  }

  /// The promises themselves, on exponential times of which a third is censored.
  @Test func levelsHoldOnCensoredTimes() throws {
    var inputs = RankInputs(seed: 2)
    func group(_ count: Int) -> [Lifetime] {
      (0..<count).map { _ in
        let (end, watched) = (inputs.exponential(), 2 * inputs.exponential())
        return Lifetime(min(end, watched), isCensored: watched < end)
      }
    }
    let rounds = 600
    var covered = 0
    var alarms = 0
    for _ in 0..<rounds {
      let (first, second) = (group(25), group(40))
      let median = try #require(KaplanMeier(second, confidence: .percent(90)))
        .quantile(.percent(50))
      if (median.lower ?? .infinity) <= log(2), log(2) <= (median.upper ?? .infinity) {
        covered += 1
      }
      let test = try #require(LogRank(first, second))
      let swapped = try #require(LogRank(second, first))
      #expect(agree(test.p, swapped.p, within: 1e-9))
      if test.p <= 0.05 { alarms += 1 }
    }
    #expect(Double(covered) / Double(rounds) > 0.86, "\(covered)")
    #expect((20...45).contains(alarms), "\(alarms)")
  }
}
