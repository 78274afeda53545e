import Judgement
import Measure
import TestSupport
import Testing

@testable import Ledger

/// How often a gate errs, over many series whose truth is known.
@Suite struct GateRateTests {
  private static let series = 1000

  /// The share of series that fail; `cases` of each are alike.
  private func failing(
    sessions: Int = 1, cases: Int = 1, loss: Double, cv: Double, drift: Double = 0,
    betweenSessions: Double = 0, seed: UInt64
  ) -> Double {
    var draw = GateSamples(seed: seed)
    func level(_ value: Double, _ draw: inout GateSamples) -> Double {
      value * (1 + betweenSessions * draw.normal())
    }
    let failed = (0..<Self.series).count { _ in
      let before = (0..<cases).map { name in
        (
          name: "c\(name)",
          sessions: (0..<sessions).map { _ in
            draw.session(level(1000, &draw), cv: cv, drift: drift)
          }
        )
      }
      let now = (0..<cases).map { name in
        (
          name: "c\(name)",
          values: draw.session(level(1000 * (1 - loss), &draw), cv: cv, drift: drift)
        )
      }
      let judged = GateSamples.judge(GateSamples.run(now), GateSamples.baseline(before))
      return judged.verdict == .fail
    }
    return Double(failed) / Double(Self.series)
  }

  /// Beyond this share an error rate of 5 % is refuted: three standard errors.
  private let atMost = 0.05 + 3 * (0.05 * 0.95 / Double(Self.series)).squareRoot()

  @Test func noChangeAlmostNeverFails() {
    #expect(failing(loss: 0, cv: 0.05, drift: 0.05, seed: 1) <= 0.005)
    #expect(failing(cases: 4, loss: 0, cv: 0.05, drift: 0.05, seed: 2) <= 0.005)
  }

  @Test(arguments: [(1, 0.0), (1, 0.05), (4, 0.0), (4, 0.05)])
  func aLossOfJustTheToleranceFailsAsRarelyAsPromised(cases: Int, drift: Double) {
    #expect(failing(cases: cases, loss: 0.05, cv: 0.02, drift: drift, seed: 3) <= atMost)
  }

  @Test(Requires.python("scipy")) func aLossIsFoundWithThePowerOfTheTest() throws {
    struct Design: Codable {
      var loss: Double
      var cv: Double
    }
    let designs = [Design(loss: 0.10, cv: 0.05), Design(loss: 0.15, cv: 0.05)]
    let powers: [Double] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import mannwhitneyu
      rng = np.random.default_rng(7)
      def answer(case):
        before = 1000 * (1 + case["cv"] * rng.standard_normal((4000, 10)))
        now = 1000 * (1 - case["loss"]) * (1 + case["cv"] * rng.standard_normal((4000, 10)))
        p = mannwhitneyu(now / 0.95, before, axis=1, alternative="less", method="exact").pvalue
        return float((p <= 0.05).mean())
      """, to: designs)
    for (design, power) in zip(designs, powers) {
      let ours = failing(loss: design.loss, cv: design.cv, seed: 4)
      let error = (power * (1 - power) * (1 / Double(Self.series) + 1 / 4000)).squareRoot()
      #expect((ours - power).magnitude <= 4 * error, "\(ours), scipy \(power)")
    }
    #expect(powers[0] > 0.5 && powers[1] > 0.97, "\(powers)")
  }

  /// Sessions that differ by 2 % while their trials differ by 0.5 %.
  @Test func sessionsOfTheirOwnKeepThePromiseThatOneSessionBreaks() {
    let covered = failing(
      sessions: 5, loss: 0.05, cv: 0.005, betweenSessions: 0.02, seed: 5)
    #expect(covered <= atMost)
    let single = failing(loss: 0.05, cv: 0.005, betweenSessions: 0.02, seed: 6)
    #expect(single > 0.25, "\(single)")
  }

  @Test func aRunOfFewerTrialsThanTheSessionsDoesNotRaiseAlarms() {
    var draw = GateSamples(seed: 8)
    let failed = (0..<Self.series).count { _ in
      let before = [(name: "c", sessions: (0..<4).map { _ in draw.session(1000, cv: 0.05) })]
      let now = [(name: "c", values: draw.session(950, trials: 2, cv: 0.05))]
      return GateSamples.judge(GateSamples.run(now), GateSamples.baseline(before)).verdict == .fail
    }
    #expect(Double(failed) / Double(Self.series) <= atMost)
  }
}
