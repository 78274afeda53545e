public import ControlPlane
internal import Deploy
internal import Foundation
public import Host
internal import Measure
public import Networking
public import Scenario
public import Storage

/// A system that was looked at before anything runs.
public enum ExaminedSystem: Sendable {
  /// Something that takes I/O.
  case storage(ExaminedStorage)
  /// A namespace over a fabric that is yet to be connected.
  case unconnected(name: String, FabricsAddress)
  /// A virtual function that is yet to be made.
  case unmade(name: String, VirtualFunctionPlace)
  /// The other side of an RDMA fabric.
  case fabric(ExaminedFabric)
  /// A cluster that exists as a model alone: there is nothing to look at.
  case simulated(name: String, ClusterModel)

  /// Its name in the scenario.
  public var name: String {
    switch self {
    case .storage(let system): system.name
    case .unconnected(let name, _), .unmade(let name, _), .simulated(let name, _): name
    case .fabric(let system): system.name
    }
  }

  /// The system as one that takes I/O; nil for others.
  public var storage: ExaminedStorage? {
    if case .storage(let system) = self { system } else { nil }
  }

  /// The system as the other side of a fabric; nil for others.
  public var fabric: ExaminedFabric? {
    if case .fabric(let system) = self { system } else { nil }
  }
}

/// A storage target that was looked at before anything runs.
public struct ExaminedStorage: Sendable {
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
  /// The connection that leads to it; nil for what is local.
  public var fabrics: FabricsLink?
  /// The virtual function that takes its I/O; nil for others.
  public var function: VirtualFunctionFacts?
}

/// The other side of an RDMA fabric, looked at before anything runs.
public struct ExaminedFabric: Sendable {
  /// Its name in the scenario.
  public var name: String
  /// Where `assay peer` listens.
  public var peer: FabricPeer
  /// The device of this machine that leads there.
  public var device: FabricDevice
}

/// Looks at every target of a plan and finds, all at once, what stands against running it.
public enum Preflight {
  /// Examines the targets of a plan; `allowDestroy` names identities whose content may be lost,
  /// `setup` is what was connected and made for it.
  ///
  /// Throws ``RunError`` with everything that is wrong; nothing was changed.
  public static func examine(
    _ plan: Plan, allowDestroy: [String], setup: SystemSetup
  ) throws(RunError) -> [ExaminedSystem] {
    let (systems, refusal) = survey(plan, allowDestroy: allowDestroy, setup: setup)
    if let refusal { throw refusal }
    return systems
  }

  /// Like ``examine(_:allowDestroy:)``, with what was found of the targets beside the refusal.
  ///
  /// The refusal is nil where nothing stands against running the plan.
  public static func survey(
    _ plan: Plan, allowDestroy: [String], setup: SystemSetup? = nil
  ) -> (systems: [ExaminedSystem], refusal: RunError?) {
    var problems: [String] = []
    var missing: [String] = []
    var systems: [ExaminedSystem] = []
    missing += operations(plan)
    for (name, trials) in trialsBySystem(plan) {
      if let work = trials.lazy.compactMap(\.work.simulation).first {
        systems.append(.simulated(name: name, work.cluster))
        continue
      }
      let works = trials.compactMap(\.work.storage)
      guard var target = works.first?.target else {
        do throws(FabricError) {
          let system = try fabric(name, trials.compactMap(\.work.verbs), isRun: setup != nil)
          problems += FabricObstacles.of(trials, on: system)
          systems.append(.fabric(system))
        } catch {
          missing.append("system \(name): \(error)")
        }
        continue
      }
      if let setup {
        if let path = setup.device(of: name) { target = .device(path: path) }
      } else if let system = yetToBeSetUp(name, target) {
        systems.append(system)
        continue
      }
      if let problem = place(of: target) {
        missing.append("system \(name): \(problem)")
        continue
      }
      do throws(StorageError) {
        let facts = try TargetFacts.examine(target)
        let system = ExaminedStorage(
          name: name, target: target, facts: facts, device: BlockDeviceFacts.of(target),
          isWritten: works.contains(where: isWriting), fabrics: setup?.fabrics.link(of: name),
          function: setup?.functions.facts(of: name))
        problems += obstacles(trials, facts)
        problems += safety(system, allowDestroy)
        problems += space(system)
        systems.append(.storage(system))
      } catch {
        missing.append("system \(name): \(error.message)\n  hint: \(error.hint)")
      }
    }
    if !problems.isEmpty { return (systems, RunError(.refused, missing + problems)) }
    return (systems, missing.isEmpty ? nil : RunError(.unavailable, missing))
  }

  /// Programs, sockets and tokens that online operations need and that are not there.
  private static func operations(_ plan: Plan) -> [String] {
    var seen: Set<String> = []
    return plan.trials.flatMap { trial in
      (trial.work.storage?.operation?.obstacles() ?? []).compactMap { failure in
        let text =
          "the operation of workload \(trial.key.workload): \(failure.message)"
          + (failure.hint.map { "\n  hint: \($0)" } ?? "")
        return seen.insert(text).inserted ? text : nil
      }
    }
  }

  /// Finds the device that leads to a peer; a run also asks whether the peer is there.
  private static func fabric(
    _ name: String, _ works: [VerbsWork], isRun: Bool
  ) throws(FabricError) -> ExaminedFabric {
    guard let peer = works.first?.peer else {
      throw FabricError("nothing is done to it", hint: "see `assay validate`")
    }
    let device = try VerbsTrial.device(to: peer)
    if isRun { try VerbsTrial.probe(peer) }
    return ExaminedFabric(name: name, peer: peer, device: device)
  }

  /// A system that only a run sets up; nil for one that is there.
  private static func yetToBeSetUp(_ name: String, _ target: StorageTarget) -> ExaminedSystem? {
    switch target {
    case .fabrics(let address): .unconnected(name: name, address)
    case .virtualFunction(let place): .unmade(name: name, place)
    case .device, .file, .none: nil
    }
  }

  /// Preconditioning writes whatever the pattern is.
  private static func isWriting(_ work: StorageWork) -> Bool {
    work.workload.pattern.isDestructive || work.workload.precondition != .none
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
      (trial.work.storage?.workload.obstacles(on: facts) ?? []).compactMap { obstacle in
        let text =
          "workload \(trial.key.workload) on system \(trial.key.system): \(obstacle.key): "
          + "\(obstacle.message)\n  hint: \(obstacle.hint)"
        return seen.insert(text).inserted ? text : nil
      }
    }
  }

  /// DESIGN section 8: what is in use or carries data is not written to unasked.
  private static func safety(_ system: ExaminedStorage, _ allowDestroy: [String]) -> [String] {
    guard system.isWritten else { return [] }
    switch system.target {
    case .none, .virtualFunction: return []
    case .fabrics(let address):
      guard !allowDestroy.contains(address.subsystem) else { return [] }
      return [
        "system \(system.name): \(address.text): refused for writing\n  hint: if its data may be "
          + "lost, give --allow-destroy \(address.subsystem)"
      ]
    case .device(let path):
      do {
        try DeviceUse.examine(path).requireWritable(allowDestroy: allowDestroy)
        return (system.function?.twins ?? []).flatMap { inUse(system, $0, asTwinOf: path) }
      } catch {
        return ["system \(system.name): \(text(of: error))"]
      }
    case .file(let file):
      guard case .foreign = ScratchFile.state(of: file.path) else { return [] }
      guard file.overwriteExisting else {
        return [
          "system \(system.name): \(file.path) exists and was not made by Assay: its content "
            + "would be lost\n  hint: give another path, or say `existing: overwrite` in the system"
        ]
      }
      return inUse(system, file.path)
    }
  }

  /// `existing: overwrite` gives up what a file holds, not what is in use at this moment; and a
  /// namespace is in use when any of its block devices is.
  private static func inUse(
    _ system: ExaminedStorage, _ path: String, asTwinOf device: String? = nil
  ) -> [String] {
    do {
      let uses = try DeviceUse.examine(path).obstacles.filter { !$0.isContent }
      guard !uses.isEmpty else { return [] }
      return [
        "system \(system.name): \(device ?? path): refused for writing: "
          + (device == nil ? "" : "\(path) is the same namespace, and ")
          + uses.map(\.description).joined(separator: "; ")
          + "\n  hint: unmount, detach or release it; no option overrides this"
      ]
    } catch {
      return ["system \(system.name): \(text(of: error))"]
    }
  }

  /// Why a file cannot be made where it is to be; nil where it can, or is there.
  private static func place(of target: StorageTarget) -> String? {
    guard case .file(let file) = target, file.size != nil,
      case .missing = ScratchFile.state(of: file.path)
    else { return nil }
    let folder = BlockDeviceFacts.existing(file.path)
    guard access(folder, W_OK | X_OK) != 0 else { return nil }
    let code = errno
    return "cannot create \(file.path): \(folder): \(String(cString: strerror(code)))\n  hint: "
      + (code == ENOENT
        ? "create the folder first, or give another path"
        : "give a path in a folder that you may write to")
  }

  /// A file that will not fit is said before anything is made.
  private static func space(_ system: ExaminedStorage) -> [String] {
    guard case .file(let file) = system.target, let size = file.size else { return [] }
    var status = stat()
    let exists = stat(file.path, &status) == 0
    if exists, case .foreign = ScratchFile.state(of: file.path) { return [] }
    var room = statvfs()
    let place = BlockDeviceFacts.existing(file.path)
    // ramfs and its like count no blocks.
    guard statvfs(place, &room) == 0, room.f_blocks > 0 else { return [] }
    // What an earlier run left is taken over, or removed before.
    let has = exists ? Int64(status.st_blocks) * 512 : 0
    let free = Int64(clamping: UInt64(room.f_bavail) * UInt64(room.f_frsize)) + has
    guard free < size.count else { return [] }
    return [
      "system \(system.name): \(file.path) is to be \(size.text), and its file system has "
        + "\(ByteCount((free >> 20) << 20).text) left\n"
        + "  hint: free some space, or give a smaller size"
    ]
  }

  private static func text(of error: any Error) -> String {
    (error as? HostError)?.withHint ?? "\(error)"
  }
}
