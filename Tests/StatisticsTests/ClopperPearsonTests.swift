import Foundation
import Measure
import Statistics
import TestSupport
import Testing

struct ClopperPearsonTests {
  private struct Case: Codable {
    var successes: Int
    var trials: Int
    var confidence: Double
  }

  @Test(Requires.python("scipy"))
  func intervalsAndBoundsAreScipys() throws {
    var random = SeededRandom(seed: 1)
    var cases = [Case(successes: 0, trials: 1, confidence: 0.95)]
    for trials in [1, 2, 3, 300, 100_000] {
      for successes in [0, 1, trials / 2, trials - 1, trials] {
        cases.append(Case(successes: successes, trials: trials, confidence: 0.95))
      }
    }
    for place in 0..<400 {
      let trials = 1 + Int(random.below([10, 100, 3000, 1_000_000][place % 4]))
      cases.append(
        Case(
          successes: Int(random.below(UInt64(trials + 1))), trials: trials,
          confidence: [0.5, 0.8, 0.9, 0.95, 0.99, 0.999][place % 6]))
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      from scipy.stats import binomtest
      def ends(k, n, c, side):
        return binomtest(k, n, alternative=side).proportion_ci(c, method="exact")
      def answer(case):
        k, n, c = case["successes"], case["trials"], case["confidence"]
        both = ends(k, n, c, "two-sided")
        return [both.low, both.high, ends(k, n, c, "greater").low, ends(k, n, c, "less").high]
      """, to: cases)
    // scipy searches until it is within 2e-12.
    for (one, answer) in zip(cases, answers) {
      let confidence = Fraction(one.confidence)
      let both = ClopperPearson.interval(
        successes: one.successes, of: one.trials, confidence: confidence)
      let least = ClopperPearson.lowerBound(
        successes: one.successes, of: one.trials, confidence: confidence)
      let most = ClopperPearson.upperBound(
        successes: one.successes, of: one.trials, confidence: confidence)
      for (ours, theirs) in zip([both.lower, both.upper, least, most], answer) {
        #expect(agree(ours.value, theirs, within: 1e-9, atLeast: 1e-11), "\(one) \(ours) \(theirs)")
      }
    }
  }

  @Test func theRuleOfThreeHolds() {
    for trials in [100, 300, 3000] {
      let most = ClopperPearson.upperBound(successes: 0, of: trials, confidence: .percent(95))
      #expect(agree(most.value, 3 / Double(trials), within: 0.02))
    }
  }

  /// The promise: the exact binomial chance to be covered is at least the confidence.
  @Test func theTruthIsCoveredAtLeastAsOftenAsSaid() {
    for trials in [5, 20, 60] {
      let intervals = (0...trials).map {
        ClopperPearson.interval(successes: $0, of: trials, confidence: .percent(90))
      }
      for step in 1..<200 {
        let share = Double(step) / 200
        var chance = pow(1 - share, Double(trials))
        var covered = 0.0
        for (successes, interval) in intervals.enumerated() {
          if interval.lower.value <= share, share <= interval.upper.value { covered += chance }
          chance *= share / (1 - share) * Double(trials - successes) / Double(successes + 1)
        }
        #expect(covered >= 0.9, "\(share) of \(trials)")
      }
    }
  }
}
