internal import CLinux
internal import Glibc
public import Measure
internal import Synchronization

/// One execution of a storage workload on a target, freshly opened.
///
/// Destructive when the workload's pattern is: nothing here asks whether that is allowed.
public struct StorageTrial {
  private let facts: TargetFacts
  private let workload: StorageWorkload
  private let seed: UInt64
  private let stampSeed: UInt64
  private let rate: Rate?
  private let clock: TickClock
  private let cpus: [Int]
  private let node: Int?
  private let countsWindows: Bool

  /// Prepares a trial; nothing is opened yet.
  ///
  /// - Parameters:
  ///   - facts: of the target, examined before.
  ///   - workload: without obstacles on these facts.
  ///   - seed: of everything random in this trial.
  ///   - stampSeed: of verify's block headers; the same for all trials that read each other's data.
  ///   - rate: total I/Os per second of an open loop; nil when closed.
  ///   - clock: calibrated once per run.
  ///   - cpus: where workers are pinned, one each; empty leaves them free.
  ///   - node: the NUMA node of the buffers; nil leaves it to the kernel.
  ///   - countsWindows: whether a timed trial keeps a ``CompletionTimeline``.
  public init(
    facts: TargetFacts, workload: StorageWorkload, seed: UInt64, stampSeed: UInt64, rate: Rate?,
    clock: TickClock, cpus: [Int], node: Int?, countsWindows: Bool = false
  ) {
    self.facts = facts
    self.workload = workload
    self.seed = seed
    self.stampSeed = stampSeed
    self.rate = rate
    self.clock = clock
    self.cpus = cpus
    self.node = node
    self.countsWindows = countsWindows
  }

  /// Runs to the end, or until the observer asks to stop.
  ///
  /// Throws ``StorageError`` where the target cannot be opened or an engine not be set up. I/O
  /// errors are part of the outcome.
  public func run(_ observer: some StorageObserver) throws(StorageError) -> StorageOutcome {
    _ = cl_install_wake_signal(WorkerThread.wakeSignal)
    var target = try OpenTarget(facts, workload: workload)
    let jobs = jobs()
    let (results, timeline) = try execute(jobs, on: target, observer)
    // A lost worker may yet use the descriptor: its number must not come to mean another file.
    if results.contains(where: \.isLost) { target.leaveOpen() }
    var outcome = OutcomeMerger(clock: clock, jobs: jobs).merge(results)
    outcome.hasRamp = workload.ramp > .zero
    outcome.timeline = timeline
    if let reason = outcome.stoppedEarly, target.isGone() {
      outcome.stoppedEarly =
        "\(facts.name) is gone: removed, unplugged, or given up by its driver; "
        + "first sign: \(reason)"
    }
    if workload.endFsync && workload.pattern.isDestructive {
      let code = target.sync()
      if code != 0 {
        outcome.errorCount += 1
        outcome.errors.append(
          IOError(
            operation: "sync", offset: 0, length: 0, errno: code, atNs: outcome.elapsed))
      }
    }
    if workload.verify == .writeThenRead && outcome.stoppedEarly == nil {
      target.dropCache()
      outcome.verification = try verify(jobs, results, on: target, observer)
    } else if workload.verify == .read {
      outcome.verification = OutcomeMerger.verification(of: results)
    }
    return outcome
  }

  /// Reads back the newest write of each block and compares.
  private func verify(
    _ jobs: [WorkerJob], _ written: [WorkerResult], on target: borrowing OpenTarget,
    _ observer: some StorageObserver
  ) throws(StorageError) -> VerifyOutcome {
    observer.phaseChanged("verifying")
    let replays = zip(jobs, written).map { job, result in
      Self.replay(of: job, written: result)
    }
    let (results, _) = try execute(replays, on: target, QuietObserver(observer))
    return OutcomeMerger.verification(of: results)
  }

  private static func replay(of job: WorkerJob, written: WorkerResult) -> WorkerJob {
    let blocks = UInt64(job.regionBytes / job.alignment)
    let count = min(written.sequence, blocks)
    var replay = job
    replay.pattern = job.pattern.isRandom ? .randomRead : .sequentialRead
    replay.readBlock = job.writeBlock
    replay.check = .replay(first: written.sequence - count)
    replay.countBudget = Int64(count)
    replay.byteBudget = .max
    replay.duration = nil
    replay.ramp = .zero
    replay.arrivals = nil
    replay.syncEvery = 0
    replay.timestamps = true
    replay.windowCount = 0
    // Every block is looked at: an unreadable one is counted, not a reason to stop.
    replay.errorLimit = .max
    replay.unwritten = Set(written.failedWrites)
    return replay
  }

  private func jobs() -> [WorkerJob] {
    var jobs = JobResolver.jobs(
      of: workload, facts: facts, seed: seed, stampSeed: stampSeed, rate: rate, clock: clock)
    guard countsWindows, let duration = workload.duration else { return jobs }
    let window = CompletionTimeline.window(for: duration, jobs: jobs.count)
    for index in jobs.indices {
      jobs[index].window = window
      jobs[index].windowCount = Int(duration.count / window.count) + 1
    }
    return jobs
  }

  // MARK: Threads

  private func execute(
    _ jobs: [WorkerJob], on target: borrowing OpenTarget, _ observer: some StorageObserver
  ) throws(StorageError) -> (results: [WorkerResult], timeline: CompletionTimeline?) {
    let gate = StartGate()
    let setup = EngineSetup(
      engine: workload.engine, file: target.file, route: target.route, polled: workload.polled,
      submissionThread: workload.submissionThread,
      registeredBuffers: workload.registeredBuffers, registeredFiles: workload.registeredFiles)
    let workers = jobs.map { job in
      WorkerThread(
        job: job, setup: setup, gate: gate,
        cpu: cpus.isEmpty ? nil : cpus[job.index % cpus.count], node: node)
    }
    try begin(workers, gate, target.session)
    observer.measuringWillStart(after: workload.ramp)
    let (now, tick) = (MonotonicClock.now(), clock.now())
    let start = tick + clock.ticks(.milliseconds(1))
    gate.start.store(start, ordering: .releasing)
    let startedAt = now + .milliseconds(1) + workload.ramp
    observer.measuringStarts(at: startedAt)
    var supervisor = TrialSupervisor(
      workers, ramp: workload.ramp, duration: jobs.first?.duration,
      followsBursts: workload.completeBatch == nil, session: target.session)
    let abandoned = supervisor.watch(observer)
    for (index, worker) in workers.enumerated() where !abandoned.contains(index) { worker.join() }
    let sessionFailure = supervisor.sessionFailure
    let portProblem = abandoned.isEmpty ? "" : target.session?.portProblem ?? ""
    let results = workers.enumerated().map { index, worker in
      if abandoned.contains(index) { worker.abandon() }
      guard worker.hasResult else {
        var lost = WorkerResult()
        lost.isLost = true
        lost.hung = UInt64(jobs[index].queueDepth)
        lost.failure =
          "I/O still in flight \(Int(TrialSupervisor.drainLimit.inSeconds)) s after the end: "
          + "the target hangs" + portProblem
        return lost
      }
      var result = worker.result
      result.failure = result.failure ?? sessionFailure
      guard abandoned.contains(index) else { return result }
      let hangs =
        "the kernel has not taken its queue down for "
        + "\(Int(TrialSupervisor.leavingLimit.inSeconds)) s"
      result.failure = result.failure.map { "\($0); \(hangs)" } ?? hangs + portProblem
      return result
    }
    let timeline = OutcomeMerger(clock: clock, jobs: jobs).timeline(
      results, workers.compactMap(\.channel.windows), origin: start + clock.ticks(workload.ramp),
      startedAt: startedAt)
    return (results, timeline)
  }

  /// Starts all threads and waits until every engine stands.
  private func begin(
    _ workers: [WorkerThread], _ gate: StartGate, _ session: FabricsSession?
  ) throws(StorageError) {
    var started: [WorkerThread] = []
    var failure: StorageError?
    for worker in workers {
      if worker.start() {
        started.append(worker)
      } else {
        failure = StorageError(
          "no more threads can be started", hint: "use fewer jobs, or raise `ulimit -u`")
        break
      }
    }
    while failure == nil && started.contains(where: { $0.phase == .starting }) {
      usleep(500)
      if let reason = session?.tend() {
        failure = StorageError(reason, hint: "is the target still there?")
      }
    }
    if failure == nil && started.contains(where: { $0.phase == .done }) {
      failure = StorageError("a worker could not be set up", hint: "see the messages above")
    }
    guard let failure else { return }
    gate.abandoned.store(true, ordering: .releasing)
    for worker in started { worker.join() }
    guard let cause = started.lazy.compactMap(\.setUpError).first else { throw failure }
    throw StorageError(cause.message, hint: cause.hint)
  }
}
