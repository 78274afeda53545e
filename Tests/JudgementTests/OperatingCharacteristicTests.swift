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
    let rows = Self.table.filter { $0.experiment.change == .percent(-10) }
    #expect(rows.map(\.experiment.variation) == [.percent(5), .percent(3)])
    #expect(rows.allSatisfy { $0.experiment.trials == 10 && $0.design == .gate(sessions: 1) })
    let powers: [Double] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import mannwhitneyu
      rng = np.random.default_rng(11)
      def answer(cv):
        before = np.exp(cv * rng.standard_normal((20000, 10)))
        now = 0.9 * np.exp(cv * rng.standard_normal((20000, 10)))
        p = mannwhitneyu(now / 0.95, before, axis=1, alternative="less", method="exact").pvalue
        return (p <= 0.05).mean()
      """, to: Self.variations)
    for (variation, power) in zip(Self.variations, powers) {
      var experiment = rows[0].experiment
      experiment.variation = Fraction(variation)
      let stated = OperatingCharacteristic.power(of: experiment)
      let error = (power * (1 - power) / 20_000).squareRoot()
      #expect(
        (stated.value - power).magnitude < 3 * error + 0.002, "\(variation) \(stated) \(power)")
      guard let row = rows.first(where: { $0.experiment.variation.value == variation }) else {
        continue
      }
      #expect(row.promise == .atLeast(stated) && row.isKept)
      let chance = (power * (1 - power) / Double(Self.rounds)).squareRoot()
      #expect((row.rate.value - power).magnitude < 4 * chance + 0.002, "\(row) \(power)")
    }
    // 10 % at a CV of 5 %, ten trials.
    #expect(powers[2] > 0.69 && powers[2] < 0.73, "\(powers)")
  }

  private static let variations = [0.02, 0.03, 0.05, 0.04, 0.07, 0.1, 0.2]

  @Test func tooFewTrialsHaveNoPowerAndNoNoiseHasAll() {
    func power(_ trials: Int, _ variation: Double) -> Double {
      OperatingCharacteristic.power(
        of: SimulatedExperiment(
          trials: trials, variation: Fraction(variation), change: .percent(-10))
      ).value
    }
    #expect(power(1, 0.05) == 0 && power(2, 0.05) == 0)
    #expect(power(10, 0) > 1 - 1e-12 && power(10, 0) <= 1)
    #expect(power(3, 0.05) < power(6, 0.05) && power(6, 0.05) < power(10, 0.05))
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
    func found(_ seed: UInt64, rounds: Int = 10) -> [[Int]] {
      OperatingCharacteristic.table(rounds: rounds, seed: seed, hostVariation: .percent(3))
        .map { [$0.found, $0.undecided, $0.rounds] }
    }
    let one = found(7)
    #expect(one == found(7) && one != found(8))
    #expect(one.allSatisfy { $0[2] == 10 && $0[0] >= 0 && $0[0] + $0[1] <= 10 })
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
      noise: Repeatability(perTrialNs: [1], variation: Fraction(0), range: Fraction(0)),
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
