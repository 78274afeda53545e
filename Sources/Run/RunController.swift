internal import Foundation
internal import Host
public import Ledger
internal import Measure
public import Scenario
internal import Storage

/// What the caller of a run decides.
public struct RunOptions: Sendable {
  /// The folder that records are made in.
  public var results: String
  /// Identities of targets whose content may be lost.
  public var allowDestroy: [String]
  /// Assay's version, for the record.
  public var version: String

  /// Collects what the caller decides.
  public init(results: String, allowDestroy: [String], version: String) {
    self.results = results
    self.allowDestroy = allowDestroy
    self.version = version
  }
}

/// How a run ended.
public struct RunEnd {
  /// The record, still open for the report; the caller seals it.
  public var folder: RunFolder
  /// Whether the user stopped it: the plan is not done, and can be resumed.
  public var wasInterrupted: Bool
}

/// Executes a plan: targets made ready, trials in order, every observation kept as it happens.
public final class RunController {
  private let plan: Plan
  private let options: RunOptions
  private let progress: any RunProgress
  private let clock = TickClock.calibrated(counterIsSteady: Environment.counterIsSteady)
  private let topology = Topology.current()
  /// What simulates while the run goes on; nil where nothing is simulated.
  private var simulations: SimulationPool?

  private init(_ plan: Plan, _ options: RunOptions, _ progress: any RunProgress) {
    self.plan = plan
    self.options = options
    self.progress = progress
  }

  /// Starts a run in a new record.
  ///
  /// Throws ``RunError`` where it cannot start; then nothing was changed. A trial that fails is
  /// part of the record.
  public static func start(
    _ plan: Plan, scenario: String, options: RunOptions, progress: any RunProgress
  ) throws(RunError) -> RunEnd {
    Leftovers.undo(progress)
    let setup = try SystemSetup.open(for: plan, progress)
    defer { setup.close() }
    let systems = try Preflight.examine(plan, allowDestroy: options.allowDestroy, setup: setup)
    let controller = RunController(plan, options, progress)
    // Before there is a record: a run that is refused leaves nothing behind.
    let preparation = controller.preparation(of: systems, setup)
    try preparation.lock()
    do {
      let id = "\(WallClock.fileStamp())-\(plan.name)-\(shortID())"
      let folder = try RunFolder.create(in: options.results, id: id)
      try folder.write(text: scenario, to: "scenario.yaml")
      try folder.write(plan, to: "plan.json")
      let environment = Environment.capture(toolVersion: options.version)
      // Without the sample of noise, which would cost a second and load the target's CPUs.
      let readiness = Readiness.examine(spin: nil)
      try folder.write(
        RunEnvironment(
          before: environment, after: nil, readiness: readiness,
          devices: DeviceReport.all(of: systems)),
        to: "environment.json")
      let header = RunHeader(
        id: id, name: plan.name, about: plan.about, startedAt: WallClock.now(),
        version: options.version, seed: plan.seed, notHardware: Emulation.notice(of: systems),
        evidence: plan.isSimulated ? .simulated : .measured)
      try folder.append(.runStarted) { $0.run = header }
      if !plan.isSimulated, let finding = notReady(readiness) {
        try folder.append(.finding) { $0.finding = finding }
      }
      return try controller.execute(in: folder, systems, preparation, finished: [], looks: [])
    } catch let error as LedgerError {
      throw RunError(.io, [error.description])
    } catch let error as RunError {
      throw error
    } catch {
      throw RunError(.io, ["\(error)"])
    }
  }

  /// Goes on with a run that was killed or interrupted; finished trials stay as they are.
  public static func resume(
    _ path: String, options: RunOptions, progress: any RunProgress
  ) throws(RunError) -> RunEnd {
    Leftovers.undo(progress)
    do {
      // Locked before it is read: two that resume at once would both see the same trials undone.
      let folder = try RunFolder.reopen(path)
      let record = try RunRecord.read(path)
      try refuseSealed(record)
      let data = try Data(contentsOf: URL(fileURLWithPath: path + "/plan.json"))
      let plan = try JSONDecoder().decode(Plan.self, from: data)
      let controller = RunController(plan, options, progress)
      if record.isComplete {
        // Killed after its last event: only what is computed from the events is missing.
        progress.runBegins(plan: plan, skipped: record.trials.count, folder: path)
        try folder.write(RunSummary(of: record), to: "summary.json")
        return RunEnd(folder: folder, wasInterrupted: false)
      }
      let setup = try SystemSetup.open(for: plan, progress)
      defer { setup.close() }
      let systems = try Preflight.examine(
        plan, allowDestroy: options.allowDestroy, setup: setup)
      try refuseOtherMachine(record, Environment.capture(toolVersion: options.version))
      let preparation = controller.preparation(of: systems, setup)
      try preparation.lock()
      try folder.append(.runResumed)
      try OperationJournal.takeBack(record, of: plan, RunJournal(folder), progress)
      return try controller.execute(
        in: folder, systems, preparation, finished: record.trials, looks: record.looks)
    } catch let error as RunError {
      throw error
    } catch let error as LedgerError {
      throw RunError(error.kind == .io ? .io : .data, [error.description])
    } catch {
      throw RunError(.data, ["\(path)/plan.json: \(error)\n  hint: the record is damaged"])
    }
  }

  private static func refuseSealed(_ record: RunRecord) throws {
    guard let changed = try record.integrity() else { return }
    guard record.isComplete else {
      throw RunError(
        .data,
        [
          "\(record.folder) was sealed, and is no longer whole: "
            + changed.joined(separator: ", ") + "\n  hint: take the record from a copy"
        ])
    }
    throw RunError(
      .data,
      ["\(record.folder) is complete\n  hint: there is nothing to resume; run it anew"])
  }

  /// What of this host spoils figures; nil where nothing is seen that does.
  private static func notReady(_ readiness: Readiness) -> Finding? {
    let warnings = readiness.checks.filter { $0.state == .warning }.map { check in
      check.id.rawValue + (check.subject.map { " \($0)" } ?? "")
    }
    guard !warnings.isEmpty else { return nil }
    return Finding(
      code: .hostNotReady, severity: .warning,
      message: "this host is not ready for measurements: \(warnings.joined(separator: ", ")); "
        + "`assay doctor` says why and what mends it")
  }

  private static func shortID() -> String {
    let digits = String(FreshSeed.draw() >> 33, radix: 32)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// A record is of one machine: facts of class identity must be those of its first part.
  private static func refuseOtherMachine(
    _ record: RunRecord, _ now: Environment
  ) throws(RunError) {
    guard case .array(let facts)? = record.environment["before"]?["facts"] else { return }
    var then: [String: String] = [:]
    for fact in facts {
      if case .string(let key)? = fact["key"], case .string(let value)? = fact["value"] {
        then[key] = value
      }
    }
    let changed = now.facts(of: .identity).filter {
      then[$0.key] != nil && then[$0.key] != $0.value
    }
    guard changed.isEmpty else {
      let list = changed.map { "\($0.key): \(then[$0.key] ?? "") then, \($0.value) now" }
      throw RunError(
        .refused,
        [
          "this is not the machine on which \(record.header.id) began: "
            + list.joined(separator: "; ") + "\n  hint: run the scenario anew here"
        ])
    }
  }

  // MARK: Execution

  private func preparation(
    of systems: [ExaminedSystem], _ setup: SystemSetup
  ) -> TargetPreparation {
    TargetPreparation(
      systems.compactMap(\.storage), setup: setup, seed: plan.seed, clock: clock,
      progress: progress)
  }

  private func execute(
    in folder: RunFolder, _ systems: [ExaminedSystem], _ preparation: TargetPreparation,
    finished: [TrialRecord], looks: [LookRecord]
  ) throws(RunError) -> RunEnd {
    let journal = RunJournal(folder)
    let looking = LookTaking(plan: plan, finished: finished, taken: looks)
    let done = Set(finished.map(\.id))
    let needed = Set(
      plan.trials.filter { !done.contains($0.id) && !looking.hasEnded }.map(\.key.system))
    progress.runBegins(plan: plan, skipped: finished.count, folder: folder.path)
    do throws(RunError) {
      try preparation.prepare(journal, needed: needed)
      try runLooks(looking, in: folder, systems, preparation, journal, finished: finished)
    } catch {
      preparation.restore(isDone: false)
      throw error
    }
    // Asked once: a signal that comes later than this finds a run that is done.
    let wasInterrupted = progress.isInterrupted()
    // While what was connected still is.
    let devices = wasInterrupted ? [] : DeviceReport.all(of: systems)
    preparation.restore(isDone: !wasInterrupted)
    if let failure = journal.failure { throw RunError(.io, [failure.description]) }
    do {
      if !wasInterrupted { try close(folder, devices, journal) }
      return RunEnd(folder: folder, wasInterrupted: wasInterrupted)
    } catch {
      throw RunError(.io, ["\(error)"])
    }
  }

  /// Runs the trials look by look; without planned looks all of them at once.
  private func runLooks(
    _ looking: LookTaking, in folder: RunFolder, _ systems: [ExaminedSystem],
    _ preparation: TargetPreparation, _ journal: RunJournal, finished: [TrialRecord]
  ) throws(RunError) {
    guard !looking.hasEnded else { return }
    var looking = looking
    var known = Dictionary(finished.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    var total = 0
    for look in 1...looking.count {
      let trials = plan.trials(of: look)
      total += trials.count
      try run(trials, of: total, &known, in: folder, systems, preparation, journal)
      guard !progress.isInterrupted() else { return }
      let ended = plan.trials.compactMap { known[$0.id] }
      guard let record = looking.look(look, after: ended) else { continue }
      journal.looked(record)
      if let failure = journal.failure { throw RunError(.io, [failure.description]) }
      progress.preparing(record.sentence)
      if record.end != nil { return }
    }
  }

  /// Runs the trials that are not known yet, the last of which is number `total` of the run.
  private func run(
    _ trials: [PlannedTrial], of total: Int, _ known: inout [String: TrialRecord],
    in folder: RunFolder, _ systems: [ExaminedSystem], _ preparation: TargetPreparation,
    _ journal: RunJournal
  ) throws(RunError) {
    // Ahead, on all CPUs, where nothing is measured that this would disturb.
    if plan.isSimulated {
      simulations = SimulationPool(
        trials.filter { known[$0.id] == nil }, threads: SimulationPool.allCPUs)
    }
    defer { simulations?.stop() }
    for (index, trial) in trials.enumerated() where known[trial.id] == nil {
      if progress.isInterrupted() { return }
      guard let system = systems.first(where: { $0.name == trial.key.system }) else { continue }
      let number = total - trials.count + index + 1
      progress.trialBegins(
        trial, number: number, of: total,
        remaining: trials[index...].reduce(.zero) { $0 + $1.estimate.knownNs })
      journal.began(trial.id)
      let entry = try OperationJournal.begin(trial, in: folder, journal)
      let record = try run(
        trial, on: system, maximum: trial.maximumFrom.flatMap { known[$0] }, entry, preparation,
        folder)
      OperationJournal.end(entry, after: record, journal)
      if progress.isInterrupted() { return }
      journal.finished(record)
      if let failure = journal.failure { throw RunError(.io, [failure.description]) }
      known[trial.id] = record
      progress.trialEnded(record, number: number, of: total)
    }
  }

  /// Runs one trial; what keeps it from running is recorded, and the next one goes on.
  private func run(
    _ trial: PlannedTrial, on system: ExaminedSystem, maximum: TrialRecord?, _ entry: ChangeEntry?,
    _ preparation: TargetPreparation, _ folder: RunFolder
  ) throws(RunError) -> TrialRecord {
    let rate = maximum?.metrics["iops"].map { Rate(perSecond: $0.value) }
    if trial.maximumFrom != nil && (maximum?.status == .failed || rate == nil) {
      return failed(trial, .noMaximum, "the maximum that the rate is a share of was not found")
    }
    if case .simulation(let work) = trial.work { return try simulate(trial, work, folder) }
    let series: SeriesWriter
    do {
      series = try folder.series(of: trial.id)
    } catch {
      throw RunError(.io, [error.description])
    }
    do throws(RunError) {
      var result = try execute(trial, on: system, rate, entry, preparation, series)
      do {
        try series.finish()
        result.record.series = series.name
        result.record.histograms = try folder.write(result.histograms, of: trial.id)
      } catch {
        throw RunError(.io, ["\(error)"])
      }
      return result.record
    } catch {
      if error.kind == .io { throw error }
      return failed(trial, .trialNotRun, error.description)
    }
  }

  private func simulate(
    _ trial: PlannedTrial, _ work: SimulationWork, _ folder: RunFolder
  ) throws(RunError) -> TrialRecord {
    let pool = simulations ?? SimulationPool([trial], threads: 1)
    defer { if simulations == nil { pool.stop() } }
    guard var result = try SimulationExecution(trial: trial, work: work).run(pool, progress) else {
      return failed(trial, .stoppedEarly, "the user stopped the run")
    }
    do {
      result.record.histograms = try folder.write(result.histograms, of: trial.id)
    } catch {
      throw RunError(.io, ["\(error)"])
    }
    return result.record
  }

  /// Hands the trial to the engine of its work.
  private func execute(
    _ trial: PlannedTrial, on system: ExaminedSystem, _ maximum: Rate?, _ entry: ChangeEntry?,
    _ preparation: TargetPreparation, _ series: SeriesWriter
  ) throws(RunError) -> (record: TrialRecord, histograms: TrialHistograms) {
    switch (trial.work, system) {
    case (.storage(let work), .storage(let target)):
      try preparation.condition(trial, work.workload, on: target)
      return try StorageExecution(
        system: target, trial: trial, workload: work.workload, runSeed: plan.seed, clock: clock,
        topology: topology, maximum: maximum, entry: entry
      ).run(progress, series: series)
    case (.verbs(let work), .fabric(let fabric)):
      return try VerbsExecution(
        system: fabric, trial: trial, workload: work.workload, clock: clock, topology: topology
      ).run(progress, series: series)
    case (.storage, _), (.verbs, _), (.simulation, _):
      throw RunError(
        .unavailable, ["trial \(trial.id): system \(system.name) is not one for its workload"])
    }
  }

  private func failed(_ trial: PlannedTrial, _ code: FindingCode, _ message: String) -> TrialRecord
  {
    var record = TrialRecord(id: trial.id, key: trial.key, block: trial.block)
    record.status = .failed
    record.startedAt = WallClock.now()
    record.findings = [Finding(code: code, severity: .error, message: message)]
    return record
  }

  private func close(
    _ folder: RunFolder, _ devices: [DeviceReport], _ journal: RunJournal
  ) throws {
    let environment = try JSONDecoder().decode(
      RunEnvironment.self,
      from: Data(contentsOf: URL(fileURLWithPath: folder.path + "/environment.json")))
    let reports = (environment.devices ?? []).map { $0.completed(by: devices) }
    for finding in reports.compactMap(\.finding) { journal.note(finding) }
    if let failure = journal.failure { throw failure }
    try folder.write(
      RunEnvironment(
        before: environment.before, after: Environment.capture(toolVersion: options.version),
        readiness: environment.readiness, devices: reports),
      to: "environment.json")
    try folder.append(.runFinished)
    try folder.write(RunSummary(of: RunRecord.read(folder.path)), to: "summary.json")
  }
}

/// `environment.json`.
struct RunEnvironment: Codable {
  var before: Environment
  var after: Environment?
  var readiness: Readiness?
  /// The NVMe controllers beneath the systems; nil in records of before there were any.
  var devices: [DeviceReport]?
}
