internal import Host
internal import Measure
internal import Scenario
internal import Storage

/// Makes targets ready and gives them back: locks, scratch files, preconditioning.
///
/// Whatever it changes on the machine is journalled before it is changed, and undone by
/// ``restore()``, also after a failure or an interrupt.
final class TargetPreparation {
  private let systems: [ExaminedSystem]
  private let seed: UInt64
  private let clock: TickClock
  private let progress: any RunProgress
  private let journal: RunJournal
  private var locks: [TargetLock] = []
  private var made: [StorageTarget.ScratchFile] = []
  private var conditioned: Set<String> = []

  init(
    _ systems: [ExaminedSystem], seed: UInt64, clock: TickClock, progress: any RunProgress,
    journal: RunJournal
  ) {
    self.systems = systems
    self.seed = seed
    self.clock = clock
    self.progress = progress
    self.journal = journal
  }

  /// Locks every target against a second run, and makes the files that are to be made.
  func prepare() throws(RunError) {
    var locked: Set<String> = []
    for system in systems {
      guard let path = system.facts.path else { continue }
      if case .file(let file) = system.target { try make(file) }
      guard locked.insert(path).inserted else { continue }
      do {
        let isDevice = system.facts.isBlockDevice
        locks.append(try TargetLock(path: path, claiming: isDevice && system.isWritten))
      } catch {
        throw RunError(
          .refused,
          [
            "system \(system.name): \(error.place): \(error.problem)"
              + (error.remedy.map { "\n  hint: \($0)" } ?? "")
          ])
      }
    }
  }

  /// Gives everything back as it was; safe to call twice.
  func restore() {
    for lock in locks { lock.release() }
    locks = []
    for file in made {
      if file.keep {
        ScratchFile.keep(file.path)
      } else {
        ScratchFile.remove(file.path)
      }
      journal.restored(Self.change(file))
    }
    made = []
  }

  private static func change(_ file: StorageTarget.ScratchFile) -> String {
    "made file \(file.path)"
  }

  private func make(_ file: StorageTarget.ScratchFile) throws(RunError) {
    guard let size = file.size, !made.contains(where: { $0.path == file.path }) else { return }
    switch ScratchFile.state(of: file.path) {
    case .foreign: return
    case .ours(let bytes, let filled) where bytes == size.count && filled:
      journal.changing(Self.change(file))
      made.append(file)
      return
    case .ours: ScratchFile.remove(file.path)
    case .missing: break
    }
    progress.preparing("making \(file.path), \(size.text)")
    journal.changing(Self.change(file))
    made.append(file)
    do {
      try ScratchFile.create(file.path, size: size)
    } catch {
      throw error as? RunError ?? RunError(.io, ["\(error)"])
    }
    try write(
      StorageTarget.file(file), passes: 1, block: .mebibytes(1), region: nil,
      what: "filling \(file.path)")
    if !progress.isInterrupted() { ScratchFile.markFilled(file.path) }
  }

  /// Preconditions a target, once per system and workload of a run.
  func condition(_ trial: PlannedTrial) throws(RunError) {
    let key = "\(trial.key.system)/\(trial.key.workload)"
    guard trial.workload.precondition != .none, conditioned.insert(key).inserted else { return }
    let passes: Int
    switch trial.workload.precondition {
    case .none: return
    case .snia: passes = 2
    case .fill(let count): passes = count
    }
    progress.preparing("preconditioning \(trial.key.system), \(passes) sequential passes")
    try write(
      trial.target, passes: passes, block: .kibibytes(128), region: trial.workload,
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
