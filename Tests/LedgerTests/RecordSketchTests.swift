import Foundation
import Measure
import TestSupport
import Testing

@testable import Ledger

@Suite struct RecordSketchTests {
  private let home: TemporaryFolder

  init() throws { home = try TemporaryFolder() }

  private struct Environment: Encodable {
    struct Moment: Encodable { var facts: [EnvironmentFact] }
    var after: Moment
    var before: Moment
    var readiness = ["governor": "}]\""]
  }

  /// Writes the two files of a record that are read, and gives its summary.
  @discardableResult
  private func write(_ number: Int, _ disclosure: [String: String]) throws -> RunSummary {
    let run = RunHeader(
      id: "r\(1000 + number)", name: "test", about: "a \"[{",
      startedAt: "2026-01-01T\(1000 + number)",
      version: "0", seed: 1)
    var trials: [TrialRecord] = []
    for block in 1...3 {
      var trial = TrialRecord(
        id: "t\(block)", key: CaseKey(system: "disk", workload: "read", point: ["x=1"]),
        block: block)
      trial.metrics["iops"] = MetricValue(Double(number * 10 + block), "1/s")
      trial.metrics["errors"] = MetricValue(0, "1")
      trial.disclosure = disclosure
      trials.append(trial)
    }
    let summary = RunSummary(
      of: RunRecord(
        folder: "", header: run, scenario: "", plan: .null, trials: trials, findings: [],
        environment: .null, isComplete: true, openChanges: []))
    func facts(_ model: String) -> Environment.Moment {
      .init(facts: [
        EnvironmentFact(key: "cpu.model", value: model, class: .mustMatch),
        EnvironmentFact(key: "moment.load", value: "\(number)", class: .informational),
      ])
    }
    let environment = Environment(after: facts("B"), before: facts("A"))
    let files = [
      ("summary", try RecordFiles.bytes(of: summary, pretty: true)),
      ("environment", try LedgerJSON.encode(environment, pretty: number.isMultiple(of: 2))),
    ]
    for (name, bytes) in files {
      try home.write(
        String(decoding: bytes, as: UTF8.self), to: "runs/\(run.id)/\(name).json")
    }
    return summary
  }

  private func all() async -> (records: [RecordSketch], faults: [LedgerError]) {
    await RecordSketch.all(in: home.path("runs"), metrics: ["iops"])
  }

  @Test func aSketchIsWhatSummaryAndEnvironmentSay() async throws {
    // Those who read them side by side must not mix their disclosures up.
    let disclosures = [["depth": "1"], ["depth": "é \"2\""], [:], ["depth": "1", "size": "4KiB"]]
    var summaries: [RunSummary] = []
    for number in 0..<200 {
      summaries.append(try write(number, disclosures[number * number % 7 % 4]))
    }
    let (records, faults) = await all()
    #expect(faults.isEmpty && records.count == summaries.count)
    let machine = Baseline.fingerprint(of: [
      EnvironmentFact(key: "cpu.model", value: "A", class: .mustMatch)
    ])
    for (sketch, summary) in zip(records, summaries) {
      #expect(sketch.id == summary.run.id && sketch.startedAt == summary.run.startedAt)
      #expect(sketch.fingerprint == machine)
      let (found, whole) = (sketch.cases.first, summary.cases[0])
      #expect(found?.key == whole.key && found?.trials == 3)
      #expect(found?.disclosure == whole.disclosure)
      #expect(found?.medians == ["iops": MetricValue(whole.metrics["iops"]?.median ?? 0, "1/s")])
    }
  }

  @Test func aFileThatEndsTooSoonIsNamed() async throws {
    try write(0, ["depth": "1"])
    for name in ["summary", "environment"] {
      let whole = try home.read("runs/r1000/\(name).json")
      let text = whole.trimmingCharacters(in: .whitespacesAndNewlines)
      for length in stride(from: 0, to: text.utf8.count, by: 5) {
        try home.write(String(text.prefix(length)), to: "runs/r1000/\(name).json")
        let (records, faults) = await all()
        #expect(records.isEmpty && faults.count == 1, "\(name): \(length)")
        #expect(
          faults.first?.message.hasSuffix(
            "\(name).json: byte \(length + 1): the text ends too soon")
            == true, "\(faults)")
      }
      try home.write(whole, to: "runs/r1000/\(name).json")
    }
    #expect(await all().records.count == 1)
  }
}
