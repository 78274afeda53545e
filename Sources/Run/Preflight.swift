internal import Foundation
internal import Host
internal import Measure
public import Scenario
public import Storage

/// A system whose target was looked at before anything runs.
public struct ExaminedSystem: Sendable {
  /// Its name in the scenario.
  public var name: String
  /// What is opened.
  public var target: StorageTarget
  /// Size, alignment and kind.
  public var facts: TargetFacts
  /// The device itself, or the device beneath the file; nil where there is none.
  public var device: BlockDeviceFacts?
  /// Whether any of its trials changes its content.
  public var isWritten: Bool
}

/// Looks at every target of a plan and finds, all at once, what stands against running it.
public enum Preflight {
  /// Examines the targets of a plan; `allowDestroy` names identities whose content may be lost.
  ///
  /// Throws ``RunError`` with everything that is wrong; nothing was changed.
  public static func examine(
    _ plan: Plan, allowDestroy: [String]
  ) throws(RunError) -> [ExaminedSystem] {
    var problems: [String] = []
    var systems: [ExaminedSystem] = []
    for (name, trials) in trialsBySystem(plan) {
      guard let target = trials.first?.target else { continue }
      do throws(StorageError) {
        let facts = try TargetFacts.examine(target)
        let system = ExaminedSystem(
          name: name, target: target, facts: facts, device: BlockDeviceFacts.of(target),
          isWritten: trials.contains { $0.workload.pattern.isDestructive })
        problems += obstacles(trials, facts)
        problems += safety(system, allowDestroy)
        systems.append(system)
      } catch {
        problems.append("system \(name): \(error.message)\n  hint: \(error.hint)")
      }
    }
    guard problems.isEmpty else { throw RunError(.refused, problems) }
    return systems
  }

  private static func trialsBySystem(_ plan: Plan) -> [(String, [PlannedTrial])] {
    var order: [String] = []
    var trials: [String: [PlannedTrial]] = [:]
    for trial in plan.trials {
      if trials[trial.key.system] == nil { order.append(trial.key.system) }
      trials[trial.key.system, default: []].append(trial)
    }
    return order.map { ($0, trials[$0] ?? []) }
  }

  private static func obstacles(_ trials: [PlannedTrial], _ facts: TargetFacts) -> [String] {
    var seen: Set<String> = []
    return trials.flatMap { trial in
      trial.workload.obstacles(on: facts).compactMap { obstacle in
        let text =
          "workload \(trial.key.workload) on system \(trial.key.system): \(obstacle.key): "
          + "\(obstacle.message)\n  hint: \(obstacle.hint)"
        return seen.insert(text).inserted ? text : nil
      }
    }
  }

  /// DESIGN section 8: what is in use or carries data is not written to unasked.
  private static func safety(_ system: ExaminedSystem, _ allowDestroy: [String]) -> [String] {
    guard system.isWritten else { return [] }
    switch system.target {
    case .none: return []
    case .device(let path):
      do {
        try DeviceUse.examine(path).requireWritable(allowDestroy: allowDestroy)
        return []
      } catch {
        return ["system \(system.name): \(text(of: error))"]
      }
    case .file(let file):
      guard case .foreign = ScratchFile.state(of: file.path), !file.overwriteExisting else {
        return []
      }
      return [
        "system \(system.name): \(file.path) exists and was not made by Assay: its content would "
          + "be lost\n  hint: give another path, or say `existing: overwrite` in the system"
      ]
    }
  }

  private static func text(of error: any Error) -> String {
    guard let error = error as? HostError else { return "\(error)" }
    return "\(error.place): \(error.problem)" + (error.remedy.map { "\n  hint: \($0)" } ?? "")
  }
}
