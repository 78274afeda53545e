internal import Host
internal import Measure
internal import Scenario
internal import Storage

/// What is set up on the machine for the systems of a plan, for as long as a run goes on.
public final class SystemSetup {
  let fabrics: FabricsConnections
  let functions: VirtualFunctionSetup

  private init(_ progress: any RunProgress) {
    fabrics = FabricsConnections(progress)
    functions = VirtualFunctionSetup(progress)
  }

  /// Connects every system that the kernel's initiator is to reach, and makes virtual functions.
  ///
  /// Throws ``RunError`` with the most likely reason; then everything is as it was.
  static func open(
    for plan: Plan, _ progress: any RunProgress
  ) throws(RunError) -> SystemSetup {
    let setup = SystemSetup(progress)
    do throws(RunError) {
      try each(plan) { system, target throws(HostError) in
        guard case .fabrics(let place) = target, place.initiator == .kernel else { return }
        progress.preparing("connecting \(system): \(place.text)")
        try setup.fabrics.open(place, for: system)
      }
      try each(plan) { system, target throws(HostError) in
        guard case .virtualFunction(let place) = target else { return }
        progress.preparing("making \(place.text) for \(system)")
        try setup.functions.open(place, for: system)
      }
    } catch {
      setup.close()
      throw error
    }
    return setup
  }

  /// Does something once for every system with a storage target.
  private static func each(
    _ plan: Plan, _ body: (String, StorageTarget) throws(HostError) -> Void
  ) throws(RunError) {
    var seen: Set<String> = []
    for trial in plan.trials where seen.insert(trial.key.system).inserted {
      guard let target = trial.work.storage?.target else { continue }
      do throws(HostError) {
        try body(trial.key.system, target)
      } catch {
        throw RunError(.unavailable, ["system \(trial.key.system): \(error.withHint)"])
      }
    }
  }

  /// What was changed on the machine, one text each.
  var changes: [String] { fabrics.changes + functions.changes }

  /// Gives it all back, whatever happens to each; safe to call twice.
  func close() {
    functions.close()
    fabrics.close()
  }

  /// The block device that was set up for a system; nil where it needs none.
  func device(of system: String) -> String? {
    fabrics.link(of: system)?.facts.device ?? functions.facts(of: system)?.device
  }
}
