internal import Foundation
internal import Ledger
internal import Measure
internal import Scenario

/// The plan against the scenario it was made from, and the trials against the plan.
enum PlanCheck {
  static func run(
    _ record: RunRecord, _ files: RecordFiles, version: String, _ log: inout CheckLog
  ) {
    guard record.header.evidence.isOfAssay else {
      return log.skip(.plan, "\(record.header.evidence.rawValue): Assay planned nothing")
    }
    let plan: Plan
    do throws(LedgerError) {
      plan = try files.decode(Plan.self, from: "plan.json")
      if version == record.header.version,
        try RecordFiles.bytes(of: plan, pretty: true) != files.data("plan.json")
      {
        log.fail(.schema, "plan.json", "this is not how Assay writes a plan")
      }
    } catch {
      return log.fail(.schema, error, in: files.folder)
    }
    if plan.seed != record.header.seed {
      log.fail(
        .plan, "plan.json", "the seed is \(plan.seed), that of the run \(record.header.seed)")
    }
    if version == record.header.version && record.plan["looks"] == nil {
      expand(record, plan, &log)
    }
    trials(record, plan, &log)
    log.looked(
      .plan,
      "\(counted(record.trials.count, "trial")) of \(plan.trials.count) planned, each once")
  }

  /// The scenario, with the overrides that stand below it, must expand to the plan.
  private static func expand(_ record: RunRecord, _ plan: Plan, _ log: inout CheckLog) {
    do throws(ScenarioError) {
      var scenario = try ScenarioReader.read(
        recorded: record.scenario, records: plan.recorded
      ).scenario
      let due: Plan
      if let cases = plan.only {
        // A confirmation has as many blocks as the run that it confirms.
        scenario.design.blocks = plan.design.blocks
        due = Plan.expand(scenario, seed: plan.seed).only(Set(cases))
      } else {
        due = Plan.expand(scenario, seed: plan.seed, looks: plan.looks)
      }
      if due != plan { log.fail(.plan, "plan.json", "scenario.yaml expands to another plan") }
    } catch {
      for diagnostic in error.diagnostics {
        log.fail(.plan, "scenario.yaml", diagnostic.description)
      }
    }
  }

  private static func trials(_ record: RunRecord, _ plan: Plan, _ log: inout CheckLog) {
    let planned = Dictionary(
      plan.trials.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for trial in record.trials {
      let place = "events.jsonl (\(trial.id))"
      guard let due = planned[trial.id] else {
        log.fail(.plan, place, "the plan has no such trial")
        continue
      }
      if trial.key != due.key {
        log.fail(.plan, place, "is of \(trial.key), planned for \(due.key)")
      }
      if trial.block != due.block {
        log.fail(.plan, place, "is of block \(trial.block), planned for block \(due.block)")
      }
    }
    let ran = record.trials.map(\.id)
    let order = plan.trials.map(\.id).filter(Set(ran).contains)
    if Set(ran).count == ran.count, order != ran.filter({ planned[$0] != nil }) {
      log.fail(.plan, "events.jsonl", "the trials did not run in the order of the plan")
    }
    // With planned looks a run may end before the plan does, but leaves no gap.
    let hasLooks = plan.looks != nil
    if hasLooks, ran != plan.trials.prefix(ran.count).map(\.id) {
      log.fail(.plan, "events.jsonl", "the trials are not the first ones of the plan")
    }
    guard record.isComplete, !hasLooks else { return }
    for trial in plan.trials where !ran.contains(trial.id) {
      log.fail(.plan, "events.jsonl", "the run is finished, but \(trial.id) never ran")
    }
  }
}
