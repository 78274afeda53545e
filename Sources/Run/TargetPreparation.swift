internal import Host
internal import Ledger
internal import Measure
internal import Scenario
internal import Storage

/// Makes targets ready and gives them back: locks, scratch files, preconditioning.
///
/// Whatever it changes on the machine is journalled before it is changed, and undone by
/// ``restore(isDone:)``, also after a failure or an interrupt.
final class TargetPreparation {
  private let systems: [ExaminedStorage]
  private let setup: SystemSetup
  private let seed: UInt64
  private let clock: TickClock
  private let progress: any RunProgress
  private var locks: [String: TargetLock] = [:]
  private var made: [StorageTarget.ScratchFile] = []
  private var journal: RunJournal?
  private var conditioned: Set<String> = []

  init(
    _ systems: [ExaminedStorage], setup: SystemSetup, seed: UInt64, clock: TickClock,
    progress: any RunProgress
  ) {
    self.systems = systems
    self.setup = setup
    self.seed = seed
    self.clock = clock
    self.progress = progress
  }

  /// Locks every target that is there against a second run; nothing else is touched.
  func lock() throws(RunError) {
    for system in systems {
      guard let path = system.facts.path, locks[path] == nil else { continue }
      if case .missing = ScratchFile.state(of: path) { continue }
      try lock(path, of: system)
    }
    // A namespace that is several block devices is held by all of them.
    let known = Set(systems.compactMap { $0.device?.device.name }.map { "/dev/\($0)" })
    for system in systems {
      for twin in system.function?.twins ?? [] where !known.contains(twin) && locks[twin] == nil {
        try lock(twin, of: system)
      }
    }
  }

  /// Makes the files that are to be made for systems with trials to come; what an earlier part of
  /// the run left of the others is undone by ``restore(isDone:)``.
  func prepare(_ journal: RunJournal, needed: Set<String>) throws(RunError) {
    self.journal = journal
    for change in setup.changes { journal.changing(change) }
    for system in systems {
      guard case .file(let file) = system.target, let size = file.size else { continue }
      if needed.contains(system.name) {
        try make(file, size, for: system)
      } else if !made.contains(where: { $0.path == file.path }), !isForeign(file.path) {
        made.append(file)
      }
    }
  }

  /// Gives everything back as it was; safe to call twice.
  ///
  /// A file that is to be kept stays known as ours until the plan is done, so that the run can go
  /// on with it.
  func restore(isDone: Bool) {
    for file in made {
      // Under its lock, so that nobody takes it into use in between.
      if file.keep {
        if isDone { ScratchFile.keep(file.path) }
      } else {
        ScratchFile.remove(file.path)
      }
      journal?.restored(Self.change(file))
    }
    made = []
    for lock in locks.values { lock.release() }
    locks = [:]
    let changes = setup.changes
    setup.close()
    for change in changes { journal?.restored(change) }
  }

  private func isForeign(_ path: String) -> Bool {
    if case .foreign = ScratchFile.state(of: path) { true } else { false }
  }

  private static func change(_ file: StorageTarget.ScratchFile) -> String {
    "made file \(file.path)"
  }

  private func lock(_ path: String, of system: ExaminedStorage) throws(RunError) {
    do {
      locks[path] = try TargetLock(
        path: path, claiming: system.facts.isBlockDevice && system.isWritten)
    } catch {
      throw RunError(.refused, ["system \(system.name): \(error.withHint)"])
    }
  }

  private func make(
    _ file: StorageTarget.ScratchFile, _ size: ByteCount, for system: ExaminedStorage
  ) throws(RunError) {
    guard !made.contains(where: { $0.path == file.path }) else { return }
    switch ScratchFile.state(of: file.path) {
    case .foreign: return
    case .ours(let bytes, let filled) where bytes == size.count && filled:
      journal?.changing(Self.change(file))
      made.append(file)
      return
    case .ours:
      journal?.changing(Self.change(file))
      ScratchFile.remove(file.path)
    case .missing: journal?.changing(Self.change(file))
    }
    if let failure = journal?.failure { throw RunError(.io, [failure.description]) }
    progress.preparing("making \(file.path), \(size.text)")
    do {
      try ScratchFile.create(file.path, size: size)
    } catch {
      if case .missing = ScratchFile.state(of: file.path) {
        journal?.restored(Self.change(file))
      }
      throw error as? RunError ?? RunError(.io, ["\(error)"])
    }
    // Whoever is refused here leaves the file to the run that was faster.
    locks[file.path] = nil
    try lock(file.path, of: system)
    made.append(file)
    try write(
      StorageTarget.file(file), passes: 1, block: .mebibytes(1), region: nil,
      what: "filling \(file.path)")
    if !progress.isInterrupted() { ScratchFile.markFilled(file.path) }
  }

  /// Preconditions a target, once per system and workload of a run.
  func condition(
    _ trial: PlannedTrial, _ workload: StorageWorkload, on system: ExaminedStorage
  ) throws(RunError) {
    let key = "\(trial.key.system)/\(trial.key.workload)"
    guard workload.precondition != .none, conditioned.insert(key).inserted else { return }
    let passes: Int
    switch workload.precondition {
    case .none: return
    case .snia: passes = 2
    case .fill(let count): passes = count
    }
    progress.preparing("preconditioning \(trial.key.system), \(passes) sequential passes")
    try write(
      system.target, passes: passes, block: .kibibytes(128), region: workload,
      what: "preconditioning \(trial.key.system)")
  }

  /// Writes a region sequentially with fresh random data.
  private func write(
    _ target: StorageTarget, passes: Int, block: ByteCount, region: StorageWorkload?,
    what: String
  ) throws(RunError) {
    do {
      let facts = try TargetFacts.examine(target)
      var workload = StorageWorkload(pattern: .sequentialWrite)
      workload.engine = facts.isPassthrough ? .nvmePassthrough : .psync
      workload.queueDepth = 1
      workload.direct = facts.directAlignmentBytes.map { block.count % Int64($0) == 0 } ?? false
      workload.regionOffset = region?.regionOffset ?? .zero
      workload.regionSize = region?.regionSize
      workload.refill = true
      workload.endFsync = true
      let bytes = region?.regionSize?.count ?? facts.sizeBytes.count - workload.regionOffset.count
      // A size that is no multiple of the block is filled in blocks of the alignment.
      let fits = bytes % block.count == 0
      workload.writeBlock = .fixed(fits ? block : Self.divisor(of: bytes, atMost: block.count))
      workload.totalBytes = ByteCount(bytes * Int64(passes))
      let outcome = try StorageTrial(
        facts: facts, workload: workload, seed: seed, stampSeed: seed, rate: nil, clock: clock,
        cpus: [], node: nil
      ).run(FillObserver(progress))
      if let reason = outcome.stoppedEarly, !progress.isInterrupted() {
        throw RunError(.refused, ["\(what): \(reason)\n  hint: free space or check the device"])
      }
    } catch let error as RunError {
      throw error
    } catch {
      throw RunError(.refused, ["\(what): \(error)"])
    }
  }

  /// The largest power of two that divides `bytes`, at most `limit`.
  private static func divisor(of bytes: Int64, atMost limit: Int64) -> ByteCount {
    ByteCount(min(bytes & -bytes, limit))
  }
}

/// Passes only the wish to stop on while a target is written.
struct FillObserver: StorageObserver {
  private let progress: any RunProgress

  init(_ progress: any RunProgress) { self.progress = progress }

  func measuringWillStart(after ramp: Nanoseconds) {}
  func secondPassed(_ second: StorageSecond) {}
  func phaseChanged(_ phase: String) {}
  func measuringDidEnd() {}
  func shouldStop() -> Bool { progress.isInterrupted() }
}
