internal import Host
internal import Measure
internal import Scenario
internal import Storage

/// The virtual functions that are made for the systems of a plan, for as long as a run goes on.
final class VirtualFunctionSetup {
  private var made: [VirtualFunctions] = []
  private var found: [String: VirtualFunctionFacts] = [:]
  private let progress: any RunProgress

  private init(_ progress: any RunProgress) { self.progress = progress }

  /// Makes what every system of the plan needs; systems on one device share its functions.
  ///
  /// Throws ``RunError`` with what is in the way; then everything is as it was.
  static func open(
    for plan: Plan, _ progress: any RunProgress
  ) throws(RunError) -> VirtualFunctionSetup {
    let all = VirtualFunctionSetup(progress)
    var seen: Set<String> = []
    for trial in plan.trials where seen.insert(trial.key.system).inserted {
      guard case .virtualFunction(let place)? = trial.work.storage?.target else { continue }
      progress.preparing("making \(place.text) for \(trial.key.system)")
      do throws(HostError) {
        try all.open(place, for: trial.key.system)
      } catch {
        all.close()
        throw RunError(
          .unavailable,
          [
            "system \(trial.key.system): \(error.place): \(error.problem)"
              + (error.remedy.map { "\n  hint: \($0)" } ?? "")
          ])
      }
    }
    return all
  }

  private func open(_ place: VirtualFunctionPlace, for system: String) throws(HostError) {
    let parent = try VirtualFunctions.parent(of: place)
    let functions: VirtualFunctions
    if let known = made.first(where: { $0.address == parent }) {
      functions = known
    } else {
      functions = try VirtualFunctions.make(place)
      made.append(functions)
    }
    let same = found.values.first { $0.parentAddress == parent && $0.number == place.number }
    if let same, same.namespace == place.namespace {
      found[system] = same
    } else {
      found[system] = try functions.use(place)
    }
  }

  /// The function of a system; nil where it has none.
  func facts(of system: String) -> VirtualFunctionFacts? { found[system] }

  /// What was changed on the machine, one text each.
  var changes: [String] { made.map(\.text) }

  /// Takes them all away, whatever happens to each; safe to call twice.
  func close() {
    for functions in made {
      do throws(HostError) {
        try functions.remove()
      } catch {
        progress.noted("\(functions.address): \(error.description); `assay cleanup` tries again")
      }
    }
    made = []
  }
}

/// What is set up on the machine for the systems of a plan, for as long as a run goes on.
public final class SystemSetup {
  let fabrics: FabricsConnections
  let functions: VirtualFunctionSetup

  private init(_ fabrics: FabricsConnections, _ functions: VirtualFunctionSetup) {
    self.fabrics = fabrics
    self.functions = functions
  }

  /// Connects and makes what the plan needs.
  ///
  /// Throws ``RunError`` with the most likely reason; then nothing is left of it.
  static func open(
    for plan: Plan, _ progress: any RunProgress
  ) throws(RunError) -> SystemSetup {
    let fabrics = try FabricsConnections.open(for: plan, progress)
    do throws(RunError) {
      return SystemSetup(fabrics, try VirtualFunctionSetup.open(for: plan, progress))
    } catch {
      fabrics.close()
      throw error
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
