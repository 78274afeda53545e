import Foundation
import Measure
import Report
import Scenario
import TestSupport
import Testing

@testable import Judgement
@testable import Ledger

@Suite struct OCPTests {
  private func record(
    _ iops: [Double], change: (inout TrialRecord) -> Void = { _ in }
  ) -> RunRecord {
    var record = RunRecord(
      folder: "",
      header: RunHeader(
        id: "r", name: "run", about: "", startedAt: "2026-11-21T00:00:00.000Z", version: "1",
        seed: 7),
      scenario: "", plan: .null, trials: [], findings: [],
      environment: [
        "before": [
          "facts": .array([
            ["key": "cpu.model", "value": "A CPU", "class": "mustMatch"],
            ["key": "kernel.release", "value": "6.1", "class": "shouldMatch"],
          ])
        ]
      ], isComplete: true, openChanges: [])
    for (index, value) in iops.enumerated() {
      var trial = TrialRecord(
        id: "t000\(index + 1)", key: CaseKey(system: "disk", workload: "read"), block: index + 1)
      trial.startedAt = "2026-11-21T00:00:0\(index).000Z"
      trial.metrics = ["iops": MetricValue(value, "1/s"), "errors": MetricValue(0, "1")]
      change(&trial)
      record.trials.append(trial)
    }
    return record
  }

  private func judgement(
    _ verdict: LimitJudgement.Verdict, key: CaseKey? = CaseKey(system: "disk", workload: "read"),
    warns: Bool = false
  ) -> LimitJudgement {
    LimitJudgement(
      limit: "iops >= 90/s", key: key, metric: "iops", verdict: verdict, value: 100, bound: 90,
      unit: "1/s", comparison: .atLeast, n: 2, reason: "because",
      severity: warns ? .warn : .fail)
  }

  private func read(
    _ record: RunRecord, _ verdict: RunJudgement.Verdict, _ limits: LimitJudgement...
  ) throws -> [String] {
    let text = try OCPOutput(
      record,
      RunJudgement(
        verdict: verdict, limits: limits,
        invalid: record.trials.filter { $0.status == .invalid }.map(\.id),
        failed: record.trials.filter { $0.status == .failed }.map(\.id), isComplete: true)
    ).render()
    #expect(text.hasSuffix("}\n") && text == text.replacing("\n\n", with: "\n"))
    let result = try Command.run(["python3", "-c", ExportReaders.ocp], input: text)
    #expect(result.status == 0, "\(result)\n\(text)")
    return result.stdout.split(separator: "\n").map(String.init)
  }

  @Test(Requires.tool("python3")) func everyVerdictIsALegalEnd() throws {
    let record = record([100, 102])
    let measured = "disk/read | iops=101 GREATER_THAN_OR_EQUAL 90"
    #expect(
      try read(record, .pass, judgement(.pass)) == [
        "COMPLETE PASS", "\(measured) | PASS iops----90-s-pass | COMPLETE",
      ])
    #expect(
      try read(record, .fail, judgement(.fail)) == [
        "COMPLETE FAIL", "\(measured) | FAIL iops----90-s-fail | COMPLETE",
      ])
    #expect(
      try read(record, .inconclusive, judgement(.inconclusive)) == [
        "SKIP NOT_APPLICABLE", "\(measured) | UNKNOWN iops----90-s-inconclusive | COMPLETE",
      ])
    #expect(try read(record, .notJudged) == ["SKIP NOT_APPLICABLE", "disk/read | COMPLETE"])
    // What only warns is no diagnosis beside a run that passes.
    #expect(
      try read(record, .pass, judgement(.fail, warns: true)) == [
        "COMPLETE PASS", "\(measured) | COMPLETE",
      ])
    #expect(
      try read(record, .inconclusive, judgement(.notRun, key: nil)).last
        == "iops >= 90/s | UNKNOWN iops----90-s-not-run | SKIP")
  }

  @Test(Requires.tool("python3")) func theToolsFaultsAreErrorsAndTheDevicesAreNot() throws {
    let tool = record([100]) { trial in
      trial.status = .failed
      trial.findings = [Finding(code: .trialNotRun, severity: .error, message: "no ring")]
    }
    #expect(
      try read(tool, .invalid, judgement(.notRun)) == [
        "ERROR NOT_APPLICABLE",
        "disk/read | error trial-not-run | UNKNOWN iops----90-s-not-run | ERROR",
      ])
    let device = record([100]) { trial in
      trial.status = .failed
      trial.findings = [Finding(code: .ioErrors, severity: .error, message: "EIO")]
    }
    #expect(
      try read(device, .fail, judgement(.fail)) == [
        "COMPLETE FAIL", "disk/read | FAIL iops----90-s-fail | COMPLETE",
      ])
    let invalid = record([100]) { $0.status = .invalid }
    #expect(try read(invalid, .pass, judgement(.notRun))[0] == "ERROR NOT_APPLICABLE")
  }
}
