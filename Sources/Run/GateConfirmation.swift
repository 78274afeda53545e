internal import Foundation
internal import Host
public import Ledger
public import Measure
public import Scenario

/// Fresh data for a failure: the same scenario's failing cases, run again on the same machine.
public enum GateConfirmation {
  /// The plan of a confirmation.
  ///
  /// The failing cases with the systems that the limits compare them with, in the same blocks, with
  /// a seed of their own: nothing of the first data is used again. Throws ``RunError`` with the
  /// reason where they cannot be run here: another machine, a record of another tool, a target that
  /// is missing, in use or may not be written to.
  public static func plan(
    _ cases: Set<CaseKey>, of record: RunRecord, allowDestroy: [String], version: String
  ) throws(RunError) -> Plan {
    guard record.header.evidence.isOfAssay, let whole = Plan(recordedIn: record) else {
      throw RunError(.data, ["the record has no plan that could be run again"])
    }
    let now = Environment.capture(toolVersion: version)
    let machine = record.facts.filter { $0.class == .identity }
    let known = machine.filter { now[$0.key] != nil }
    if let other = known.first(where: { now[$0.key] != $0.value }) {
      throw RunError(
        .refused,
        [
          "this is not the machine of the run: \(other.key) is \(now[other.key] ?? "") here, "
            + "\(other.value) there"
        ])
    }
    guard !known.isEmpty else {
      throw RunError(.refused, ["the record does not tell which machine it was run on"])
    }
    var needed = cases
    for limit in whole.limits {
      guard case .ratio(_, let other) = limit.bound else { continue }
      for key in cases where limit.applies(to: key) {
        needed.insert(CaseKey(system: other, workload: key.workload, point: key.point))
      }
    }
    let plan = try fresh(record).only(needed)
    if let refusal = Preflight.survey(plan, allowDestroy: allowDestroy).refusal { throw refusal }
    return plan
  }

  /// The scenario expanded anew, with as many blocks as were run.
  private static func fresh(_ record: RunRecord) throws(RunError) -> Plan {
    do {
      let records = Plan(recordedIn: record).map { plan in plan.recorded }
      var scenario = try ScenarioReader.read(recorded: record.scenario, records: records).scenario
      scenario.design.blocks = record.trials.map(\.block).max() ?? scenario.design.blocks
      return Plan.expand(scenario, seed: FreshSeed.draw())
    } catch {
      throw RunError(.data, error.diagnostics.map(\.description))
    }
  }
}

extension Plan {
  /// The plan of a record; nil where it has none of ours, as imported ones have not.
  public init?(recordedIn record: RunRecord) {
    let path = record.folder + "/plan.json"
    guard let data = FileManager.default.contents(atPath: path),
      let plan = try? JSONDecoder().decode(Plan.self, from: data)
    else { return nil }
    self = plan
  }
}
