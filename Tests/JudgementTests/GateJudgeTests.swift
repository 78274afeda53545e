import Foundation
import Judgement
import Measure
import Scenario
import Statistics
import TestSupport
import Testing

@testable import Ledger

@Suite struct GateJudgeTests {
  private static let steady = (1...10).map { 1000 + Double($0) }
  private let baseline = GateSamples.baseline([("read", [steady]), ("write", [steady])])

  private func scaled(_ factor: Double) -> [Double] { Self.steady.map { $0 * factor } }

  private func judge(_ read: Double, _ write: Double = 1) -> GateJudgement {
    GateSamples.judge(
      GateSamples.run([("read", scaled(read)), ("write", scaled(write))]), baseline)
  }

  @Test func aLossFailsAndAGainPasses() throws {
    #expect(judge(1).verdict == .pass)
    #expect(judge(1.3).verdict == .pass)
    #expect(judge(0.97).verdict == .pass)
    let lost = judge(0.8)
    #expect(lost.verdict == .fail && lost.failingCases.map(\.workload) == ["read"])
    let row = try #require(lost.worstFirst.first)
    #expect(row.verdict == .fail && row.bound == 0.95)
    #expect(try #require(row.ratio).isNear(0.8))
    #expect(row.reason.contains("20 % lower, beyond the tolerance of 5 %"), "\(row.reason)")
  }

  /// Four trials beyond four others have p = 1/70, which fails up to three rows at 5 %.
  @Test func aRowIsJudgedTogetherWithTheOthers() throws {
    let few = [1000.0, 1001, 1002, 1003]
    for (count, verdict) in [(1, GateJudgement.Verdict.fail), (3, .fail), (4, .inconclusive)] {
      let names = (0..<count).map { "case\($0)" }
      let judged = GateSamples.judge(
        GateSamples.run(names.map { ($0, few.map { $0 * 0.8 }) }),
        GateSamples.baseline(names.map { ($0, [few]) }))
      #expect(judged.verdict == verdict, "\(judged.rows.map(\.reason))")
      #expect(judged.rows.allSatisfy { ($0.p ?? 0).isNear(1.0 / 70) })
      #expect(judged.rows.allSatisfy { ($0.adjustedP ?? 0).isNear(Double(count) / 70) })
    }
  }

  @Test func ofALatencyMoreIsALoss() throws {
    let baseline = GateSamples.baseline([("read", [Self.steady])], metric: "latency p99")
    for (factor, verdict) in [(1.2, GateJudgement.Verdict.fail), (0.5, .pass)] {
      let run = GateSamples.run([("read", scaled(factor))], metric: "latency p99")
      #expect(GateSamples.judge(run, baseline).verdict == verdict)
    }
  }

  @Test func whatTheTrialsCannotTellIsInconclusiveWithTheLossTheyWouldShow() throws {
    let wild = [600.0, 700, 800, 900, 1000, 1100, 1200, 1300, 1400, 1500]
    let judged = GateSamples.judge(
      GateSamples.run([("read", wild)]), GateSamples.baseline([("read", [wild])]))
    #expect(judged.verdict == .inconclusive)
    let least = try #require(judged.rows.first?.smallestDetectable)
    #expect(least.value > 0.2 && least.value < 0.6)
    let few = GateSamples.judge(
      GateSamples.run([("read", [500])]), GateSamples.baseline([("read", [[1000, 1001]])]))
    #expect(few.verdict == .inconclusive)
    #expect(try #require(few.rows.first).reason.contains("so few trials can never decide"))
  }

  @Test func whatIsMissingNeverPasses() throws {
    let half = GateSamples.judge(GateSamples.run([("read", scaled(1))]), baseline)
    #expect(half.verdict == .invalid)
    #expect(half.rows(.notRun).map(\.key.workload) == ["write"])

    var run = GateSamples.run([("read", scaled(1)), ("write", scaled(1))])
    run.cases[1].invalid = ["t11"]
    #expect(GateSamples.judge(run, baseline).verdict == .invalid)
    run.cases[1].samples = []
    #expect(GateSamples.judge(run, baseline).rows(.invalid).count == 1)
    run.cases[1].failed = ["t12"]
    let failed = GateSamples.judge(run, baseline)
    #expect(failed.verdict == .failed && failed.rows(.failed).count == 1)
    #expect(try #require(failed.reason).contains("t12"))

    var cut = GateSamples.run([("read", scaled(1)), ("write", scaled(1))])
    cut.isComplete = false
    #expect(GateSamples.judge(cut, baseline).verdict == .invalid)
    let none = GateSamples.judge(cut, baseline, ComparisonRules(metrics: .named(["packet loss"])))
    #expect(none.verdict == .invalid && none.rows.isEmpty)
  }

  @Test func otherConditionsAreNotCompared() throws {
    var run = GateSamples.run([("read", scaled(0.5)), ("write", scaled(1))])
    run.cases[0].disclosure["queue depth"] = "32"
    let judged = GateSamples.judge(run, baseline)
    #expect(judged.verdict == .notComparable)
    #expect(judged.rows(.notComparable).map(\.key.workload) == ["read"])

    let other = [EnvironmentFact(key: "cpu.model", value: "B", class: .mustMatch)]
    let choice = try #require(
      BaselineChoice(of: [baseline], for: other, rules: ComparisonRules()))
    let refusal = try #require(choice.refusal)
    #expect(refusal.contains("cpu.model (B here, A there)"), "\(refusal)")
    let meant = ComparisonRules(despite: ["cpu"])
    #expect(BaselineChoice(of: [baseline], for: other, rules: meant)?.refusal == nil)
  }

  @Test func theNearestBaselineIsNamed() throws {
    func fact(_ key: String, _ value: String) -> EnvironmentFact {
      EnvironmentFact(key: key, value: value, class: .mustMatch)
    }
    var near = baseline
    (near.fingerprint, near.facts) = ("near", [fact("a", "1"), fact("b", "2")])
    var far = baseline
    (far.fingerprint, far.facts) = ("far", [fact("a", "9"), fact("b", "9")])
    let choice = BaselineChoice(
      of: [far, near], for: [fact("a", "1"), fact("b", "3")], rules: ComparisonRules())
    #expect(choice?.baseline.fingerprint == "near")
  }

  @Test func nothingLostOnEitherSideIsNoDifference() throws {
    let zeros = [0.0, 0, 0, 0, 0]
    let before = GateSamples.baseline([("link", [zeros])], metric: "packet loss")
    let same = GateSamples.judge(GateSamples.run([("link", zeros)], metric: "packet loss"), before)
    #expect(same.verdict == .pass)
    let lost = GateSamples.judge(
      GateSamples.run([("link", [1, 1, 1, 1, 1])], metric: "packet loss"), before)
    #expect(lost.verdict == .inconclusive)
  }

  @Test func threeSessionsAndFleetsAreJudgedBySessionAndMachine() throws {
    let sessions = [1000.0, 1010, 990].map { level in Self.steady.map { $0 * level / 1000 } }
    let run = GateSamples.run([("read", scaled(1))])
    for (kind, unit) in [(Baseline.Kind.record, "session"), (.fleet, "machine")] {
      let many = GateSamples.judge(run, GateSamples.baseline([("read", sessions)], kind: kind))
      let row = try #require(many.rows.first)
      #expect(row.replicate.rawValue == unit && row.baseline.n == 3)
      #expect(!many.caveats.contains { $0.code == "sessions-not-covered" })
    }
    let two = GateSamples.judge(
      run, GateSamples.baseline([("read", Array(sessions.prefix(2)))]))
    #expect(two.rows.first?.baseline.n == 20)
    #expect(two.caveats.first?.code == "sessions-not-covered")
  }

  /// The prediction interval of one further session, against scipy.
  @Test(Requires.python("scipy")) func sessionsGiveThePredictionIntervalOfOneMore() throws {
    struct Case: Codable {
      var sessions: [Double]
      var run: Double
    }
    let given = Case(sessions: [1000, 1020, 985, 1011], run: 930)
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import t
      def answer(case):
        logs = np.log(case["sessions"])
        k = len(logs)
        error = logs.std(ddof=1) * np.sqrt(1 + 1 / k)
        shift = np.log(case["run"]) - logs.mean()
        reach = t.ppf(0.95, k - 1) * error
        p = t.cdf((shift - np.log(0.95)) / error, k - 1)
        return np.append(np.exp([shift, shift - reach, shift + reach]), p)
      """, to: [given])
    let judged = GateSamples.judge(
      GateSamples.run([("read", Array(repeating: given.run, count: 10))]),
      GateSamples.baseline([
        ("read", given.sessions.map { Array(repeating: $0, count: 10) })
      ]))
    let row = try #require(judged.rows.first)
    let interval = try #require(row.interval)
    let ours = [interval.value, interval.lower, interval.upper, try #require(row.p)]
    for (mine, its) in zip(ours, answers[0]) { #expect(mine.isNear(its), "\(mine), scipy \(its)") }
    #expect(interval.level.value.isNear(0.9))
  }

  /// A session of one trial scatters as ten sessions of ten do together.
  @Test func aRunOfFewerTrialsHasAWiderInterval() throws {
    let sessions = [1000.0, 1020, 985, 1011].map { Array(repeating: $0, count: 10) }
    let baseline = GateSamples.baseline([("read", sessions)])
    let widths = try [10, 1].map { trials in
      let run = GateSamples.run([("read", Array(repeating: 1000, count: trials))])
      let row = try #require(GateSamples.judge(run, baseline).rows.first)
      let interval = try #require(row.interval)
      return log(interval.upper / interval.lower)
    }
    #expect((widths[1] / widths[0]).isNear((10.25 / 1.25).squareRoot()))
  }

  @Test func limitsThatFailARunNameWhatCounts() throws {
    let run = try PlannedRun(
      limits: ["errors = 0", "iops > 1/s severity warn", "latency p99 < 1ms"], blocks: 1)
    #expect(MetricChoice.ofLimits(run.scenario.limits) == .named(["latency p99"]))
    #expect(MetricChoice.ofLimits([]) == .headline)
  }

  // MARK: Confirmation

  @Test func aFailureStandsOnlyIfFreshDataFailToo() throws {
    let first = judge(0.8)
    func fresh(_ factor: Double) -> GateJudgement {
      GateJudge.judge(
        GateSamples.run([("read", scaled(factor))]), against: baseline, source: "main.json",
        rules: ComparisonRules(), cases: first.failingCases)
    }
    let stands = first.confirmed(by: fresh(0.8), record: "fresh")
    #expect(stands.verdict == .fail && stands.rows[0].fresh?.verdict == .fail)
    let falls = first.confirmed(by: fresh(1), record: "fresh")
    #expect(falls.verdict == .pass && falls.rows[0].fresh?.verdict == .pass)
    #expect(falls.confirmation?.first == .fail && falls.rows[0].reason.contains("failed at first"))
    #expect(first.unconfirmed(because: "another machine").verdict == .fail)
  }

  @Test func freshDataThatSayNothingLeaveTheFailure() throws {
    let first = judge(0.8)
    var run = GateSamples.run([("read", [])])
    run.cases[0].invalid = ["t1"]
    let fresh = GateJudge.judge(
      run, against: baseline, source: "main.json", rules: ComparisonRules(),
      cases: first.failingCases)
    let whole = first.confirmed(by: fresh, record: "fresh")
    #expect(whole.verdict == .fail && whole.confirmation?.hindrance != nil)
  }

  @Test func afterAFailureFallsWhatElseIsWrongStillCounts() throws {
    var run = GateSamples.run([("read", scaled(0.8)), ("write", scaled(1))])
    run.cases[1].invalid = ["t11"]
    let first = GateSamples.judge(run, baseline)
    #expect(first.verdict == .fail)
    let fresh = GateJudge.judge(
      GateSamples.run([("read", scaled(1))]), against: baseline, source: "main.json",
      rules: ComparisonRules(), cases: first.failingCases)
    #expect(first.confirmed(by: fresh, record: "fresh").verdict == .invalid)
  }
}

extension Double {
  /// Whether the two agree but for rounding.
  fileprivate func isNear(_ other: Double) -> Bool {
    (self - other).magnitude <= 1e-9 * Swift.max(1, other.magnitude)
  }
}
