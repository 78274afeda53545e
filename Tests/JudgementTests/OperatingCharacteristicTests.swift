import Foundation
import Measure
import TestSupport
import Testing

@testable import Judgement

/// The table of `assay selftest`: how often the judges err, over experiments whose truth is known.
@Suite struct OperatingCharacteristicTests {
  private static let rounds = 1000
  private static let table = OperatingCharacteristic.table(
    rounds: rounds, seed: 1, hostVariation: .percent(3))

  /// Drift of 5 % in each session, and sessions that differ: at most the stated 5 % are alarms.
  @Test func falseAlarmsAreAtMostTheRateStated() throws {
    let alarms = Self.table.filter { $0.promise == .atMost(.percent(5)) }
    let gates = alarms.filter { $0.design != .interleaved }
    #expect(gates.map(\.design) == [.gate(sessions: 1), .gate(sessions: 1), .gate(sessions: 8)])
    #expect(gates.allSatisfy { $0.experiment.drift == .percent(5) && $0.rounds >= 1000 })
    #expect(gates[2].experiment.sessionVariation == .percent(2))
    // Three standard errors of a share of 5 % in 1000.
    #expect(alarms.allSatisfy { $0.found <= 50 + 21 }, "\(alarms)")
    // Where nothing is lost at all, an alarm is rarer than the tolerance's edge makes it.
    #expect(gates[0].experiment.change == Fraction(0) && gates[0].found <= 5, "\(gates[0])")
    // At the edge the rate is used, or the gate would have given away power.
    #expect(gates[1].experiment.change == .percent(-5) && gates[1].found >= 20, "\(gates[1])")
  }

  /// The gate's power, simulated anew in python by the test that it is made of.
  @Test(Requires.python("scipy")) func powerIsThatOfAnIndependentSimulation() throws {
    struct Design: Codable {
      var cv: Double
      var stated: Double
    }
    let rows = Self.table.filter { $0.experiment.change == .percent(-10) }
    #expect(rows.map(\.experiment.variation) == [.percent(5), .percent(3)])
    #expect(rows.allSatisfy { $0.experiment.trials == 10 && $0.design == .gate(sessions: 1) })
    let designs = rows.compactMap { row -> Design? in
      guard case .atLeast(let power)? = row.promise else { return nil }
      return Design(cv: row.experiment.variation.value, stated: power.value)
    }
    try #require(designs.count == rows.count, "a power is promised")
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import mannwhitneyu, norm
      rng = np.random.default_rng(11)
      def answer(case):
        before = np.exp(case["cv"] * rng.standard_normal((6000, 10)))
        now = 0.9 * np.exp(case["cv"] * rng.standard_normal((6000, 10)))
        p = mannwhitneyu(now / 0.95, before, axis=1, alternative="less", method="exact").pvalue
        shift = np.log(0.95 / 0.9) / (case["cv"] * np.sqrt(0.2) / np.sqrt(3 / np.pi))
        return [(p <= 0.05).mean(), norm.cdf(shift - norm.ppf(0.95))]
      """, to: designs)
    for (row, (design, answer)) in zip(rows, zip(designs, answers)) {
      let power = answer[0]
      let perRound = 1 / Double(Self.rounds) + 1.0 / 6000
      let error = (power * (1 - power) * perRound).squareRoot()
      let difference = (row.rate.value - power).magnitude
      #expect(difference < 4 * error + 0.002, "\(row) \(power)")
      // What is stated is theory, and the theory is near the truth.
      #expect((design.stated - answer[1]).magnitude < 1e-9)
      #expect((design.stated - power).magnitude < 0.03, "\(design) \(power)")
      #expect(row.isKept)
    }
    #expect(answers[0][0] > 0.5 && answers[1][0] > 0.9, "\(answers)")
  }

  @Test func inTurnTheRateHoldsAndOneAfterTheOtherItDoesNot() throws {
    let inTurn = try #require(Self.table.first { $0.design == .interleaved })
    let sequential = try #require(Self.table.first { $0.design == .sequential })
    #expect(inTurn.experiment == sequential.experiment && inTurn.experiment.change == Fraction(0))
    #expect(inTurn.promise == .atMost(.percent(5)) && inTurn.isKept, "\(inTurn)")
    #expect(sequential.promise == nil && sequential.rate > .percent(90), "\(sequential)")
    // One session of those that differ cannot tell either, and that is shown without a promise.
    let single = try #require(
      Self.table.first { $0.promise == nil && $0.design == .gate(sessions: 1) })
    let several = try #require(Self.table.first { $0.design == .gate(sessions: 8) })
    #expect(single.experiment == several.experiment && single.rate > several.rate)
  }

  @Test func theSameSeedGivesTheSameTable() {
    func found(_ seed: UInt64, rounds: Int = 40) -> [[Int]] {
      OperatingCharacteristic.table(rounds: rounds, seed: seed, hostVariation: .percent(3))
        .map { [$0.found, $0.undecided, $0.rounds] }
    }
    let one = found(7)
    #expect(one == found(7) && one != found(8))
    #expect(one.allSatisfy { $0[2] == 40 && $0[0] >= 0 && $0[0] + $0[1] <= 40 })
  }

  private func row(
    _ promise: OperatingCharacteristic.Promise?, found: Int, rounds: Int = 1000
  ) -> OperatingCharacteristic {
    var row = Self.table[0]
    (row.promise, row.found, row.undecided, row.rounds) = (promise, found, 0, rounds)
    return row
  }

  /// Three standard errors of 1000 are 20.7 at 5 %, and 47.4 at 50 %.
  @Test func aPromiseIsBrokenOnlyBeyondChance() {
    #expect(row(.atMost(.percent(5)), found: 70).isKept)
    #expect(!row(.atMost(.percent(5)), found: 71).isKept)
    #expect(row(.atMost(.percent(5)), found: 0).isKept)
    #expect(row(.atLeast(.percent(50)), found: 453).isKept)
    #expect(!row(.atLeast(.percent(50)), found: 452).isKept)
    #expect(row(.atLeast(.percent(50)), found: 1000).isKept)
    #expect(row(nil, found: 1000).isKept && row(nil, found: 0, rounds: 0).rate == Fraction(0))
    #expect(row(.atMost(.percent(5)), found: 100, rounds: 1000).rate == .percent(10))
  }

  private func result(
    cost: Double = 1, isOptimised: Bool = true, _ rows: [OperatingCharacteristic]
  ) -> SelfTestResult {
    SelfTestResult(
      version: "1", isOptimised: isOptimised, seed: 1,
      costs: [
        ToolCost(name: "clock-read", about: "", value: 1, unit: "ns", bound: 2),
        ToolCost(name: "loop", about: "", value: cost, unit: "ns", bound: 2),
      ],
      noise: HostNoise(perTrialNs: [1], variation: Fraction(0), range: Fraction(0)),
      characteristics: rows)
  }

  /// What `assay selftest` ends with: 0 where this is true, else 1.
  @Test func oneBrokenPromiseOrBoundSpoilsTheWhole() {
    let kept = row(.atMost(.percent(5)), found: 50)
    let alarming = row(.atMost(.percent(5)), found: 100)
    let blind = row(.atLeast(.percent(50)), found: 400)
    #expect(result([kept, row(nil, found: 1000)]).isGood && result([]).isGood)
    #expect(!result([kept, alarming]).isGood && !result([blind, kept]).isGood)
    #expect(result(cost: 2, [kept]).isGood && !result(cost: 2.1, [kept]).isGood)
    // A build without optimisation is judged by its promises, not by its costs.
    #expect(result(cost: 9, isOptimised: false, [kept]).isGood)
    #expect(!result(isOptimised: false, [alarming]).isGood)
  }
}
