import Foundation
import Judgement
import Ledger
import Measure
import Scenario
import Statistics
import Testing

struct LimitJudgeTests {
  private func judge(_ run: PlannedRun) -> RunJudgement {
    LimitJudge.judge(
      limits: run.scenario.limits, record: run.record, confidence: run.scenario.design.confidence)
  }

  /// IOPS of `dpu` by block, judged against one limit.
  private func judge(_ limit: String, iops: [Double]) throws -> LimitJudgement {
    var run = try PlannedRun(limits: [limit], blocks: iops.count)
    run.run { ["iops": iops[$0.block - 1], "errors": 0] }
    return try #require(judge(run).limits.first)
  }

  @Test(arguments: [
    (">= 90/s", LimitJudgement.Verdict.pass), (">= 91/s", .inconclusive),
    (">= 110/s", .inconclusive), (">= 111/s", .fail), ("> 90/s", .inconclusive),
    ("> 110/s", .fail), ("<= 110/s", .pass), ("<= 90/s", .inconclusive), ("< 90/s", .fail),
    ("< 110/s", .inconclusive), ("< 111/s", .pass), ("= 100/s", .inconclusive), ("= 89/s", .fail),
  ])
  func theWholeIntervalDecides(bound: String, verdict: LimitJudgement.Verdict) throws {
    // Six trials: the 96.9 % interval is from the smallest to the largest.
    let found = try judge("iops of dpu \(bound)", iops: [100, 90, 104, 96, 110, 98])
    #expect(found.verdict == verdict, "\(found.reason)")
    #expect(found.value == 99 && found.n == 6 && found.unit == "1/s")
    #expect(found.interval?.lower == 90 && found.interval?.upper == 110)
    #expect(found.key == CaseKey(system: "dpu", workload: "read", point: ["queue-depth=1"]))
  }

  @Test func theReasonSaysWhatItRestsOn() throws {
    let values = [100_100.0, 100_050, 100_020, 100_150, 100_010, 100_090]
    let found = try judge("iops of dpu >= 100k/s", iops: values)
    #expect(
      found.reason == "median 100.07k/s of 6 trials; its 96.9% interval 100.01k/s to 100.15k/s "
        + "lies wholly on the good side of 100k/s")
  }

  /// At least 0.5 ms may be 5 ms: of bounds the upper end is that of what they leave open.
  @Test func aLowerBoundNeverPassesAnUpperLimit() throws {
    var run = try PlannedRun(limits: ["latency p99 of dpu <= 1ms"], blocks: 6)
    run.run { _ in ["latency p99": 500_000] }
    #expect(judge(run).limits.map(\.verdict) == [.pass])
    for index in run.record.trials.indices {
      run.record.trials[index].metrics["latency p99"]?.bound = .atLeast
    }
    let found = try #require(judge(run).limits.first)
    #expect(found.verdict == .inconclusive && found.interval?.upper == .infinity)
  }

  @Test func tooFewTrialsAreNeverAVerdict() throws {
    let found = try judge("iops of dpu >= 10/s", iops: [1000, 1000, 1000, 1000, 1000])
    #expect(found.verdict == .inconclusive && found.interval == nil && found.value == 1000)
    #expect(
      found.reason == "5 trials give no 95% interval; 6 are needed (design: {blocks: 6})")
    let one = try judge("iops of dpu >= 10/s", iops: [1000])
    #expect(one.reason.hasPrefix("1 trial gives no"))
  }

  @Test func pairedRatiosSurviveDriftThatMediansDoNot() throws {
    var run = try PlannedRun(
      limits: [
        "iops of dpu >= 70% of local", "iops of dpu >= 75% of local", "iops of dpu >= 85% of local",
        "iops of dpu <= 1x local",
      ], blocks: 8)
    // Both systems slow down fivefold over the run; the ratio stays within 0.72 to 0.79.
    run.run { trial in
      let drift = 10_000 / Double(trial.block)
      let ratio = 0.72 + 0.01 * Double(trial.block - 1)
      return ["iops": trial.key.system == "dpu" ? drift * ratio : drift]
    }
    let found = judge(run)
    #expect(found.limits.map(\.verdict) == [.pass, .inconclusive, .fail, .pass])
    #expect(found.verdict == .fail)
    let first = found.limits[0]
    #expect(first.n == 8 && first.comparedWith == "local" && first.bound == 0.7)
    #expect(((first.value ?? 0) - 0.755).magnitude < 1e-3)
    // Eight pairs: a rank sum of at most 3 has 5 of the 256 signs, and so has one of at least 33.
    #expect(first.interval?.count == 8 && first.interval?.level == Fraction(1 - 10.0 / 256))
    #expect(
      first.reason.hasPrefix("ratio 0.7547x of 8 pairs; its 96.1% interval"), "\(first.reason)")
  }

  @Test func aRatioThatIsNotAboveZeroHasTheMedianInstead() throws {
    var run = try PlannedRun(limits: ["late ios of dpu <= 2x local"], blocks: 6)
    run.run { ["late ios": $0.key.system == "dpu" ? Double($0.block - 1) : 4] }
    let found = judge(run).limits[0]
    #expect(found.verdict == .pass && found.value == 0.625, "\(found.reason)")
    #expect(found.interval?.lower == 0 && found.interval?.upper == 1.25)
    #expect(found.reason.hasPrefix("median 0.625x of 6 pairs;"))
  }

  @Test func aPairNeedsBothOfItsTrials() throws {
    var run = try PlannedRun(limits: ["iops of dpu >= 70% of local"], blocks: 6)
    run.run { ["iops": $0.key.system == "dpu" ? 90 : 100] }
    #expect(judge(run).verdict == .pass)
    run.record.trials[try run.index("local", block: 3)].status = .invalid
    let found = judge(run)
    #expect(found.verdict == .inconclusive && found.limits[0].n == 5)
    #expect(found.limits[0].reason.hasSuffix("; 1 block without a valid pair left out"))
    for block in 1...6 {
      run.record.trials[try run.index("local", block: block)].status = .invalid
    }
    #expect(judge(run).limits[0].verdict == .notRun)
    #expect(judge(run).verdict == .invalid)
  }

  @Test func pairsAreOfOneBlockWhereverTrialsAreMissing() throws {
    var run = try PlannedRun(limits: ["iops of dpu >= 89% of local"], blocks: 8)
    run.run { ["iops": ($0.key.system == "dpu" ? 90 : 100) / Double($0.block)] }
    run.record.trials[try run.index("local", block: 1)].status = .invalid
    run.record.trials[try run.index("dpu", block: 8)].status = .invalid
    let found = judge(run).limits[0]
    #expect(found.verdict == .pass && found.n == 6, "\(found.reason)")
    #expect(found.reason.hasSuffix("; 2 blocks without a valid pair left out"))
    #expect(((found.interval?.lower ?? 0) - 0.9).magnitude < 1e-12)
  }

  @Test func nothingIsDividedByZero() throws {
    var run = try PlannedRun(limits: ["errors of dpu <= 2x local"], blocks: 6)
    run.run { ["errors": $0.key.system == "dpu" || $0.block == 2 ? 1 : 0] }
    let found = judge(run).limits[0]
    #expect(found.verdict == .inconclusive && found.value == nil)
    #expect(found.reason == "errors of local is 0 in 5 of 6 blocks: there is no ratio")
  }

  @Test func countsAreFactsOfEachTrial() throws {
    var run = try PlannedRun(limits: ["errors = 0", "late ios <= 3"], blocks: 2)
    run.run { ["errors": 0, "late ios": $0.key.system == "dpu" ? Double($0.block * 2) : 0] }
    let found = judge(run)
    let verdicts = Dictionary(
      grouping: found.limits, by: { "\($0.metric) \($0.key?.system ?? "")" }
    ).mapValues { $0.map(\.verdict) }
    #expect(
      verdicts == [
        "errors local": [.pass], "errors dpu": [.pass], "late ios local": [.pass],
        "late ios dpu": [.fail],
      ])
    let late = try #require(found.limits.first { $0.verdict == .fail })
    #expect(late.value == 4 && late.n == 2 && late.interval == nil)
    #expect(late.reason.hasPrefix("late ios was 4 in t000"))
    #expect(found.limits[0].reason == "errors = 0 in each of 2 trials")
  }

  @Test func aFailedTrialBreaksTheLimitOnErrors() throws {
    var run = try PlannedRun(limits: ["errors = 0", "hung ios = 0"], blocks: 2)
    run.run { _ in ["errors": 0, "hung ios": 0] }
    #expect(judge(run).verdict == .pass)
    let broken = try run.index("dpu", block: 2)
    run.record.trials[broken].status = .failed
    run.record.trials[broken].findings = [
      Finding(code: .stoppedEarly, severity: .error, message: "read at 4096: input/output error")
    ]
    let found = judge(run)
    let id = run.record.trials[broken].id
    #expect(found.verdict == .fail && found.failed == [id] && found.invalid.isEmpty)
    let failures = found.limits.filter { $0.verdict == .fail }
    #expect(
      failures.map(\.reason) == ["trial \(id) failed: read at 4096: input/output error"])
    let hung = try #require(
      found.limits.first { $0.metric == "hung ios" && $0.key?.system == "dpu" })
    #expect(hung.verdict == .pass && hung.n == 1)
    #expect(hung.reason == "hung ios = 0 in the one trial; \(id) left out as failed")
  }

  @Test func aWarningDoesNotFailTheRun() throws {
    var run = try PlannedRun(limits: ["iops >= 10/s", "iops >= 500/s severity warn"], blocks: 6)
    run.run { _ in ["iops": 100] }
    let found = judge(run)
    #expect(found.limits.map(\.verdict) == [.pass, .pass, .fail, .fail])
    #expect(found.verdict == .pass)
  }

  @Test func anInvalidRunIsNeitherPassNorFail() throws {
    var run = try PlannedRun(limits: ["iops >= 10/s", "errors = 0"], blocks: 6)
    run.run { _ in ["iops": 100, "errors": 0] }
    for index in run.record.trials.indices { run.record.trials[index].status = .invalid }
    let found = judge(run)
    #expect(found.verdict == .invalid && found.invalid.count == 12)
    #expect(found.limits.allSatisfy { $0.verdict == .notRun && $0.n == 0 && $0.value == nil })
  }

  @Test func whatNeverRanIsNotPassedOver() throws {
    var run = try PlannedRun(limits: ["errors = 0"], blocks: 2, sweep: "[1, 32]")
    run.run { _ in ["errors": 0] }
    #expect(judge(run).limits.count == 4 && judge(run).verdict == .pass)
    run.record.trials.removeAll { $0.key.point == ["queue-depth=32"] && $0.key.system == "dpu" }
    let found = judge(run)
    #expect(found.limits.count == 4 && found.verdict == .inconclusive)
    let missing = try #require(found.limits.first { $0.verdict == .notRun })
    #expect(missing.key?.description == "dpu/read/queue-depth=32")
    // Killed: every limit holds so far, but the plan was not done to its end.
    run.run { _ in ["errors": 0] }
    run.record.isComplete = false
    #expect(judge(run).verdict == .inconclusive)
  }

  @Test func aConditionPicksItsPointOfTheSweep() throws {
    var run = try PlannedRun(
      limits: ["latency p99 of dpu < 200us when queue-depth = 1"], blocks: 6, sweep: "[1, 32]")
    run.run { ["latency p99": $0.key.point == ["queue-depth=1"] ? 123_456 : 900_000] }
    let found = judge(run)
    #expect(found.limits.count == 1 && found.verdict == .pass)
    #expect(found.limits[0].reason.contains("123.5us to 123.5us"))
    #expect(found.limits[0].reason.hasSuffix("good side of 200us"))
  }

  @Test func withoutLimitsNothingIsJudged() throws {
    var run = try PlannedRun(limits: ["errors = 0"], blocks: 1)
    run.run { _ in ["errors": 0] }
    let none = LimitJudge.judge(limits: [], record: run.record, confidence: .percent(95))
    #expect(none.verdict == .notJudged && none.limits.isEmpty)
    var limit = run.scenario.limits[0]
    limit.workload = "write"
    let other = LimitJudge.judge(limits: [limit], record: run.record, confidence: .percent(95))
    #expect(other.verdict == .inconclusive && other.limits.map(\.verdict) == [.notRun])
    #expect(other.limits[0].key == nil)
  }

  @Test func trialsThatOnlyFindAMaximumDoNotCount() throws {
    var run = try PlannedRun(limits: ["errors = 0"], blocks: 1)
    run.run { _ in ["errors": 0] }
    var finding = run.record.trials[0]
    finding.block = 0
    finding.metrics["errors"] = MetricValue(9, "1")
    run.record.trials.insert(finding, at: 0)
    #expect(judge(run).verdict == .pass)
  }

  @Test func aJudgementReadsBackTheSame() throws {
    var run = try PlannedRun(
      limits: ["iops of dpu >= 70% of local", "errors = 0", "iops >= 1/s"], blocks: 7)
    run.run { ["iops": 100 + Double($0.block), "errors": 0] }
    let found = judge(run)
    let bytes = try JSONEncoder().encode(found)
    #expect(try JSONDecoder().decode(RunJudgement.self, from: bytes) == found)
    // The order of the blocks changes nothing: a pure function of the trials.
    run.record.trials.sort { $0.block == $1.block ? $0.key < $1.key : $0.block > $1.block }
    #expect(Set(judge(run).limits) == Set(found.limits))
  }

  @Test func aRatioOfSystemsThatDidNotRunInTurnSaysSo() throws {
    var run = try PlannedRun(
      limits: ["iops of dpu >= 70% of local", "iops of dpu >= 1/s"], blocks: 7)
    run.run { ["iops": 100 + Double($0.block)] }
    let inTurn = judge(run).limits
    run.record.trials.sort { $0.key == $1.key ? $0.block < $1.block : $0.key < $1.key }
    let sequential = judge(run).limits
    #expect(sequential.map(\.verdict) == inTurn.map(\.verdict))
    #expect(
      sequential[0].reason == inTurn[0].reason
        + "; dpu and local did not run in turn: drift cannot be told from a difference; run with "
        + "design: {order: abba}")
    #expect(sequential[1] == inTurn[1])
  }
}

struct CaseEstimateTests {
  @Test func estimatesAreMediansWithTheirInterval() throws {
    var run = try PlannedRun(limits: ["errors = 0"], blocks: 6)
    run.run { trial in
      ["iops": Double(trial.block), "latency p99": 5, "read latency p50": 3, "errors": 0]
    }
    run.record.trials[try run.index("dpu", block: 6)].status = .invalid
    let found = CaseEstimate.all(of: run.record.trials, confidence: .percent(95))
    #expect(
      found.map(\.key.system) == Array(repeating: "local", count: 4)
        + Array(repeating: "dpu", count: 4))
    #expect(
      found.prefix(4).map(\.metric) == ["iops", "latency p99", "read latency p50", "errors"])
    let local = found[0]
    #expect(local.value == 3.5 && local.unit == "1/s" && local.n == 6)
    #expect(local.interval?.lower == 1 && local.interval?.upper == 6)
    let dpu = found[4]
    #expect(dpu.value == 3 && dpu.n == 5 && dpu.interval == nil)
  }
}
