import Foundation
import Measure
import Scenario
import Testing

@testable import Ledger

/// Records of a scenario's whole plan, with values as a test gives them.
struct PlannedRun {
  let scenario: Scenario
  let plan: Plan
  var record: RunRecord

  /// Expands the scenario; `sweep` is over the queue depth.
  init(limits: [String], blocks: Int, sweep: String = "[1]") throws {
    let text = """
      assay: 1
      name: judged
      systems:
        local: {device: /dev/nvme0n1}
        dpu: {device: /dev/nvme1n1}
      workloads:
        read:
          storage: {pattern: random-read, duration: 2s}
          sweep: {queue-depth: \(sweep)}
      design: {order: abba, blocks: \(blocks)}
      limits:
      \(limits.map { "  - \($0)" }.joined(separator: "\n"))
      """
    scenario = try ScenarioReader.read(text: text, file: "j.yaml", overrides: []).scenario
    plan = Plan.expand(scenario, seed: 1)
    let planned = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(plan))
    record = RunRecord(
      folder: "",
      header: RunHeader(
        id: "1", name: "judged", about: "", startedAt: "", version: "0", seed: 1),
      scenario: text, plan: planned, trials: [], findings: [], environment: .null,
      isComplete: true, openChanges: [])
  }

  /// Appends every trial of the plan with the metrics that `values` gives it.
  mutating func run(_ values: (PlannedTrial) -> [String: Double]) {
    for planned in plan.trials {
      var trial = TrialRecord(id: planned.id, key: planned.key, block: planned.block)
      for (name, value) in values(planned) {
        let unit = MetricCatalogue.definition(of: name)?.unit.rawValue ?? "1"
        trial.metrics[name] = MetricValue(value, unit)
      }
      record.trials.append(trial)
    }
  }

  /// The place of a system's trial of a block.
  func index(_ system: String, block: Int) throws -> Int {
    try #require(
      record.trials.firstIndex { $0.key.system == system && $0.block == block })
  }
}
