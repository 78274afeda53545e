import Foundation
import Measure
import TestSupport
import Testing

@testable import Ledger

@Suite struct EventLineTests {
  private let home: TemporaryFolder

  init() throws { home = try TemporaryFolder() }

  private func trial(_ number: Int) -> TrialRecord {
    var trial = TrialRecord(
      id: "t\(number)", key: CaseKey(system: "s", workload: "w", point: ["a=1"]), block: number)
    trial.status = .invalid
    trial.findings = [Finding(code: .imported, severity: .warning, message: "\"metrics\":{} ü")]
    trial.metrics = [
      "iops": MetricValue(309_524_650_045.647_34, "1/s"),
      "latency p99": MetricValue(181, "ns", bound: .atMost),
    ]
    trial.disclosure = ["block size": "4KiB"]
    trial.startedAt = WallClock.now()
    trial.tookNs = Nanoseconds(17)
    trial.histograms = "histograms/t\(number).json"
    trial.detail = .object(["workers": .array([.object(["cpuNs": .integer(5)])])])
    return trial
  }

  private func write(_ count: Int) throws -> [RunEvent] {
    let folder = try RunFolder.create(in: home.path, id: "run")
    try folder.append(.runStarted) {
      $0.run = RunHeader(
        id: "run", name: "n", about: "", startedAt: WallClock.now(), version: "0", seed: 1)
    }
    for number in 0..<count { try folder.append(.trialFinished) { $0.trial = trial(number) } }
    try folder.write(text: "assay: 1\n", to: "scenario.yaml")
    try folder.write(["trials": count], to: "plan.json")
    return try EventLog.read(home.path("run/events.jsonl")).events
  }

  @Test func readAndWrittenAgainItIsTheSameBytes() throws {
    let events = try write(3)
    let lines = try events.map { String(decoding: try LedgerJSON.encode($0), as: UTF8.self) }
    #expect(try home.read("run/events.jsonl") == lines.joined(separator: "\n") + "\n")
  }

  @Test func withoutDetailsEverythingElseIsTheSame() throws {
    _ = try write(3)
    let full = try RunRecord.read(home.path("run"))
    let light = try RunRecord.read(home.path("run"), details: .omitted)
    #expect(light.trials.allSatisfy { $0.detail == .null })
    var emptied = full
    for index in full.trials.indices { emptied.trials[index].detail = .null }
    #expect(try LedgerJSON.encode(light.trials) == LedgerJSON.encode(emptied.trials))
    #expect(full.trials[0].detail["workers"] != nil)
  }

  @Test(arguments: [
    ("\"value\":181", "\"value\":\"181\""), ("\"unit\":\"1/s\",", ""), ("at-most", "at-worst"),
    ("\"block\":1", "\"block\":true"), ("\"cpuNs\":5", "\"cpuNs\":"),
    ("\"metrics\":", "\"metrik\":"), ("\"status\":\"invalid\"", "\"status\":\"fine\""),
  ])
  func whatIsWrongIsLocated(_ old: String, _ new: String) throws {
    _ = try write(3)
    var lines = try home.read("run/events.jsonl").split(separator: "\n").map(String.init)
    let edited = lines[2].replacingOccurrences(of: old, with: new)
    #expect(edited != lines[2])
    lines[2] = edited
    try home.write(lines.joined(separator: "\n") + "\n", to: "run/events.jsonl")
    for details in [RunRecord.Details.included, .omitted] {
      #expect {
        try RunRecord.read(home.path("run"), details: details)
      } throws: { error in
        (error as? LedgerError)?.message.contains("events.jsonl:3: ") == true
      }
    }
  }

  /// A record of real size; the bounds leave room for a loaded machine.
  @Test(Requires.release) func aThousandTrialsAreReadWithoutAWait() throws {
    var lines = [try #require(String(data: LedgerJSON.encode(write(0)[0]), encoding: .utf8))]
    for number in 1...1000 {
      var event = RunEvent(sequence: number + 1, at: WallClock.now(), event: .trialFinished)
      var trial = trial(number)
      for metric in 0..<60 { trial.metrics["metric p\(metric)"] = MetricValue(0.1, "ns") }
      trial.detail = .array((0..<400).map { .object(["count": .integer($0)]) })
      event.trial = trial
      lines.append(String(decoding: try LedgerJSON.encode(event), as: UTF8.self))
    }
    try home.write(lines.joined(separator: "\n") + "\n", to: "run/events.jsonl")
    for (details, bound) in [(RunRecord.Details.omitted, 0.4), (.included, 0.8)] {
      let start = MonotonicClock.now()
      #expect(try RunRecord.read(home.path("run"), details: details).trials.count == 1000)
      let seconds = (MonotonicClock.now() - start).inSeconds
      #expect(seconds < bound, "\(details): \(seconds) s")
    }
  }
}
