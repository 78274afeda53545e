import Foundation
import Judgement
import Ledger
import Measure
import Scenario
import Testing

struct QualifierTests {
  private func specification(_ limits: String...) throws -> Specification {
    let entries = limits.enumerated().map { "{id: l\($0.offset), limit: \($0.element)}" }
    return try SpecificationReader.read(
      text: """
        assay-spec: 1
        name: spec
        version: 1
        source: A test
        limits:
          - \(entries.joined(separator: "\n  - "))
        """, file: "spec.yaml")
  }

  private func terms(
    _ decision: DecisionRule = .guard, waivers: [Waiver] = [], day: String = "2026-11-21"
  ) -> Qualifier.Terms {
    .init(decision: decision, waivers: waivers, day: day, sha256: "0")
  }

  private func waiver(
    _ limit: String, system: String? = nil, until: String = "2027-01-31"
  ) -> Waiver {
    Waiver(
      limit: limit, system: system, who: "Kim", why: "known", until: until, place: "waivers.yaml:1")
  }

  /// A run of `blocks` with the metric of `dpu` by block; `local` has always 100.
  private func run(_ metric: String, _ values: [Double]) throws -> PlannedRun {
    var run = try PlannedRun(limits: ["errors = 0"], blocks: values.count)
    run.run { [metric: $0.key.system == "dpu" ? values[$0.block - 1] : 100] }
    return run
  }

  @Test(arguments: [
    // 72 trials without a miss are the fewest that show 95 %: 0.95^72 = 0.0249.
    (72, 0, 0, LimitJudgement.Verdict.pass), (71, 0, 0, .inconclusive), (6, 0, 0, .inconclusive),
    (72, 1, 0, .inconclusive), (72, 0, 1, .inconclusive), (72, 10, 0, .fail), (72, 0, 10, .fail),
    (3, 0, 3, .fail),
  ])
  func aShareOfTrialsIsJudgedExactly(
    trials: Int, late: Int, failed: Int, verdict: LimitJudgement.Verdict
  ) throws {
    var run = try run(
      "create to ping", (0..<trials).map { $0 < late ? 200e9 : 150e9 })
    for block in 0..<failed {
      run.record.trials[try run.index("dpu", block: trials - block)].status = .failed
    }
    let found = Qualifier.qualify(
      run.record, by: try specification("create to ping of dpu <= 180s in 95% of trials"), terms())
    let line = try #require(found.lines.first)
    #expect(line.judgement.verdict == verdict, "\(line.judgement.reason)")
    #expect(line.judgement.n == trials && line.judgement.unit == "%")
    // A failed trial is a result to it, not a fault of the run.
    #expect(found.verdict.rawValue == verdict.rawValue, "\(found.verdict)")
    #expect(line.judgement.reason.contains("\(trials - late - failed) of \(trials) trials hold it"))
    let isShort = verdict == .inconclusive && late + failed == 0
    #expect(line.judgement.reason.contains("72 trials are needed") == isShort)
  }

  @Test func theGuardBandHoldsAtTheEdge() throws {
    // Six trials: the interval is from the smallest to the largest.
    let run = try run("iops", [95, 99, 100, 101, 102, 105])
    let specification = try specification(
      "iops of dpu >= 95/s", "iops of dpu >= 95.001/s", "iops of dpu > 105/s")
    let guarded = Qualifier.qualify(run.record, by: specification, terms())
    #expect(guarded.lines.map(\.judgement.verdict) == [.pass, .inconclusive, .fail])
    #expect(guarded.lines[0].marginPercent.map { ($0 * 100).rounded() / 100 } == 5.79)
    let simple = Qualifier.qualify(run.record, by: specification, terms(.simple))
    #expect(simple.lines.map(\.judgement.verdict) == [.pass, .pass, .fail])
    #expect(simple.lines.allSatisfy { $0.judgement.interval == nil })
    #expect(simple.lines[0].judgement.reason.contains("no guard band"))
    #expect(simple.caveats.contains { $0.contains("ILAC-G8") })
  }

  @Test(arguments: [
    ("<= 100ns", 10.0), (">= 100ns", -10), ("= 100ns", -10), ("<= 0.5x local", -80), ("= 90ns", 0),
  ])
  func marginsAreTowardsTheGoodSide(_ bound: String, _ margin: Double) throws {
    let run = try run("latency p99", [90, 90, 90, 90, 90, 90])
    let found = Qualifier.qualify(
      run.record, by: try specification("latency p99 of dpu \(bound)"), terms())
    #expect(found.lines.map { $0.marginPercent?.rounded() } == [margin])
  }

  @Test func aWaivedFailureStaysAFailure() throws {
    let run = try run("iops", [50, 50, 50, 50, 50, 50])
    let specification = try specification("iops >= 90/s", "iops of local >= 90/s")
    func judge(_ waivers: Waiver..., day: String = "2026-11-21") -> Qualification {
      Qualifier.qualify(run.record, by: specification, terms(waivers: waivers, day: day))
    }
    #expect(judge().verdict == .fail)
    for waived in [judge(waiver("l0")), judge(waiver("l0", system: "dpu"), day: "2027-01-31")] {
      #expect(waived.verdict == .pass && waived.waivers.map(\.state) == [.used])
      let line = try #require(waived.lines.first { $0.judgement.key?.system == "dpu" })
      #expect(line.judgement.verdict == .fail && line.waiver?.who == "Kim")
      #expect(waived.lines.count { $0.waiver != nil } == 1)
    }
    let late = judge(waiver("l0"), day: "2027-02-01")
    #expect(late.verdict == .fail && late.waivers.map(\.state) == [.expired])
    let strange = judge(waiver("l9"), waiver("l0", system: "dpi"), waiver("l1"))
    #expect(
      strange.verdict == .fail && strange.waivers.map(\.state) == [.unknown, .unknown, .idle])
    #expect(strange.waivers[0].message.contains("did you mean \"l0\"?"))
    #expect(strange.waivers[1].message.contains("did you mean \"dpu\"?"))
  }

  @Test func whatTheSpecificationDoesNotAskForDoesNotCount() throws {
    var run = try run("iops", [100, 100, 100, 100, 100, 100])
    let broken = try run.index("local", block: 2)
    run.record.trials[broken].status = .failed
    let mine = try specification("iops of dpu >= 90/s")
    let found = Qualifier.qualify(run.record, by: mine, terms())
    #expect(found.verdict == .pass)
    #expect(found.caveats.contains { $0.contains(run.record.trials[broken].id) })
    let both = try specification("iops of dpu >= 90% of local")
    #expect(Qualifier.qualify(run.record, by: both, terms()).verdict == .failed)
    run.record.trials[broken].status = .invalid
    #expect(Qualifier.qualify(run.record, by: both, terms()).verdict == .invalid)
  }

  @Test func aLimitWithoutAPlaceIsAboutTheCasesThatHaveItsMetric() throws {
    var run = try PlannedRun(limits: ["errors = 0"], blocks: 6)
    run.run { $0.key.system == "dpu" ? ["iops": 100, "kernel cpu": 3] : ["iops": 100] }
    let some = Qualifier.qualify(run.record, by: try specification("kernel cpu < 5%"), terms())
    #expect(some.lines.map { $0.judgement.key?.system } == ["dpu"] && some.verdict == .pass)
    let none = Qualifier.qualify(run.record, by: try specification("packet loss < 5%"), terms())
    #expect(none.lines.map(\.judgement.verdict) == [.notRun] && none.verdict == .inconclusive)
    #expect(none.lines[0].judgement.reason == "no case of the run has the metric packet loss")
    let named = Qualifier.qualify(
      run.record, by: try specification("kernel cpu for read < 5%"), terms())
    #expect(named.lines.map(\.judgement.verdict) == [.notRun, .pass])
    #expect(named.verdict == .inconclusive)
  }

  @Test func aBoundIsNotTakenForAValue() throws {
    var run = try PlannedRun(limits: ["errors = 0"], blocks: 1)
    run.run { ["create to ping": $0.key.system == "dpu" ? 161e9 : 1200e9] }
    let local = try run.index("local", block: 1)
    run.record.trials[local].metrics["create to ping"]?.bound = .atLeast
    let specification = try specification(
      "create to ping of local >= 900s", "create to ping of local <= 1500s",
      "create to ping of dpu <= 0.2x local", "create to ping of dpu >= 0.1x local",
      "create to ping of dpu <= 180s")
    let found = Qualifier.qualify(run.record, by: specification, terms(.simple))
    #expect(
      found.lines.map(\.judgement.verdict) == [.pass, .inconclusive, .pass, .inconclusive, .pass])
    let slow = try self.specification("create to ping of local <= 180s")
    #expect(Qualifier.qualify(run.record, by: slow, terms(.simple)).verdict == .fail)
  }
}
