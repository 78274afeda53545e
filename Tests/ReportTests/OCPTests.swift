import Foundation
import Measure
import Report
import Scenario
import TestSupport
import Testing

@testable import Judgement
@testable import Ledger

@Suite struct OCPTests {
  /// Reads the lines as a fleet would; prints how the run ends, then a line a step.
  static let reader = """
    import json, sys
    lines = [json.loads(line) for line in sys.stdin]
    assert [line["sequenceNumber"] for line in lines] == list(range(len(lines)))
    assert lines[0]["schemaVersion"] == {"major": 2, "minor": 0}
    start = lines[1]["testRunArtifact"]["testRunStart"]
    assert set(start) == {"name", "version", "commandLine", "parameters", "dutInfo"}
    device = start["dutInfo"]
    hardware = [part["hardwareInfoId"] for part in device["hardwareInfos"]]
    software = [part["softwareInfoId"] for part in device["softwareInfos"]]
    assert len(set(hardware)) == len(hardware) and len(set(software)) == len(software)
    end = lines[-1]["testRunArtifact"]["testRunEnd"]
    pair = (end["status"], end["result"])
    assert pair in [("COMPLETE", "PASS"), ("COMPLETE", "FAIL"), ("ERROR", "NOT_APPLICABLE"),
      ("SKIP", "NOT_APPLICABLE")], pair
    print(*pair)
    steps, series, open_step = {}, {}, None
    for line in lines[2:-1]:
      assert len(set(line) - {"sequenceNumber", "timestamp"}) == 1
      if "testRunArtifact" in line:
        assert set(line["testRunArtifact"]) <= {"log", "error"}
        continue
      step = line["testStepArtifact"]
      (kind,) = set(step) - {"testStepId"}
      value = step[kind]
      if kind == "testStepStart":
        assert open_step is None and step["testStepId"] not in steps
        open_step = step["testStepId"]
        steps[open_step] = [value["name"]]
        continue
      assert step["testStepId"] == open_step
      for reference in [value.get("hardwareInfoId")]:
        assert reference is None or reference in hardware, reference
      assert all(one in software for one in value.get("softwareInfoIds", []))
      if kind == "testStepEnd":
        steps[open_step].append(value["status"])
        open_step = None
      elif kind == "measurementSeriesStart":
        series[value["measurementSeriesId"]] = []
      elif kind == "measurementSeriesElement":
        series[value["measurementSeriesId"]].append(value["index"])
      elif kind == "measurementSeriesEnd":
        assert series[value["measurementSeriesId"]] == list(range(value["totalCount"]))
      elif kind == "measurement":
        for one in value.get("validators", []):
          steps[open_step].append(f'{value["name"]}={value["value"]} {one["type"]} {one["value"]}')
      elif kind == "diagnosis":
        assert value["type"] in ["PASS", "FAIL", "UNKNOWN"]
        steps[open_step].append(f'{value["type"]} {value["verdict"]}')
      elif kind == "error":
        steps[open_step].append("error " + value["symptom"])
      else:
        assert kind == "log" and value["severity"] in ["INFO", "WARNING", "ERROR"], kind
    assert open_step is None
    for step in steps.values(): print(" | ".join(step))
    """

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
    let result = try Command.run(["python3", "-c", Self.reader], input: text)
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
