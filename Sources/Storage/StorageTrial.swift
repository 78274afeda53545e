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

  /// How long I/Os may be in flight after the end before they are given up.
  static let drainLimit = Nanoseconds.seconds(30)

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
  public init(
    facts: TargetFacts, workload: StorageWorkload, seed: UInt64, stampSeed: UInt64, rate: Rate?,
    clock: TickClock, cpus: [Int], node: Int?
  ) {
    self.facts = facts
    self.workload = workload
    self.seed = seed
    self.stampSeed = stampSeed
    self.rate = rate
    self.clock = clock
    self.cpus = cpus
    self.node = node
  }

  /// Runs to the end, or until the observer asks to stop.
  ///
  /// Throws ``StorageError`` where the target cannot be opened or an engine not be set up. I/O
  /// errors are part of the outcome.
  public func run(_ observer: some StorageObserver) throws(StorageError) -> StorageOutcome {
    _ = cl_install_wake_signal(WorkerThread.wakeSignal)
    let target = try OpenTarget(facts, workload: workload)
    let jobs = JobResolver.jobs(
      of: workload, facts: facts, seed: seed, stampSeed: stampSeed, rate: rate, clock: clock)
    let results = try execute(jobs, on: target.file, observer)
    var outcome = OutcomeMerger(clock: clock, jobs: jobs).merge(results)
    outcome.hasRamp = workload.ramp > .zero
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
      outcome.verification = try verify(jobs, results, on: target.file, observer)
    } else if workload.verify == .read {
      outcome.verification = OutcomeMerger.verification(of: results)
    }
    return outcome
  }

  /// Reads back the newest write of each block and compares.
  private func verify(
    _ jobs: [WorkerJob], _ written: [WorkerResult], on file: TargetFile,
    _ observer: some StorageObserver
  ) throws(StorageError) -> VerifyOutcome {
    observer.phaseChanged("verifying")
    let replays = zip(jobs, written).map { job, result in
      Self.replay(of: job, written: result)
    }
    let results = try execute(replays, on: file, QuietObserver(observer))
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
    // Every block is looked at: an unreadable one is counted, not a reason to stop.
    replay.errorLimit = .max
    replay.unwritten = Set(written.failedWrites)
    return replay
  }

  // MARK: Threads

  private func execute(
    _ jobs: [WorkerJob], on file: TargetFile, _ observer: some StorageObserver
  ) throws(StorageError) -> [WorkerResult] {
    let gate = StartGate()
    let setup = EngineSetup(
      engine: workload.engine, file: file, polled: workload.polled,
      submissionThread: workload.submissionThread,
      registeredBuffers: workload.registeredBuffers, registeredFiles: workload.registeredFiles)
    let workers = jobs.map { job in
      WorkerThread(
        job: job, setup: setup, gate: gate,
        cpu: cpus.isEmpty ? nil : cpus[job.index % cpus.count], node: node)
    }
    try begin(workers, gate)
    observer.measuringWillStart(after: workload.ramp)
    let start = clock.now() + clock.ticks(.milliseconds(1))
    gate.start.store(start, ordering: .releasing)
    let abandoned = supervise(
      workers, duration: jobs.first?.duration, ramp: workload.ramp, observer)
    for (index, worker) in workers.enumerated() where !abandoned.contains(index) { worker.join() }
    return workers.enumerated().map { index, worker in
      guard abandoned.contains(index) else { return worker.result }
      worker.abandon()
      var lost = WorkerResult()
      lost.hung = UInt64(jobs[index].queueDepth)
      lost.failure =
        "I/O still in flight \(Int(Self.drainLimit.inSeconds)) s after the end: the target hangs"
      return lost
    }
  }

  /// Starts all threads and waits until every engine stands.
  private func begin(_ workers: [WorkerThread], _ gate: StartGate) throws(StorageError) {
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
    while failure == nil && started.contains(where: { $0.phase == .starting }) { usleep(500) }
    if failure == nil && started.contains(where: { $0.phase == .done }) {
      failure = StorageError("a worker could not be set up", hint: "see the messages above")
    }
    guard let failure else { return }
    gate.abandoned.store(true, ordering: .releasing)
    for worker in started { worker.join() }
    guard let cause = started.lazy.compactMap(\.setUpError).first else { throw failure }
    throw StorageError(cause.message, hint: cause.hint)
  }

  /// Passes seconds on while workers run; gives the indices of workers that hang in the kernel.
  private func supervise(
    _ workers: [WorkerThread], duration: Nanoseconds?, ramp: Nanoseconds,
    _ observer: some StorageObserver
  ) -> Set<Int> {
    var series = SeriesMerger(workers: workers.count)
    let begin = MonotonicClock.now()
    var deadline = duration.map { begin + ramp + $0 }
    var stopping = false
    var progress = [UInt64](repeating: 0, count: workers.count)
    while workers.contains(where: { $0.phase != .done }) {
      MonotonicClock.sleep(until: MonotonicClock.now() + .milliseconds(20))
      drain(workers, &series, observer, isLast: false)
      nudge(workers, &progress)
      let now = MonotonicClock.now()
      // One worker's failure is the trial's: the others would measure what no longer counts.
      let hasFailed = workers.contains { $0.phase == .done && $0.result.failure != nil }
      if !stopping && (hasFailed || observer.shouldStop()) {
        stopping = true
        for worker in workers { worker.channel.stop.store(true, ordering: .relaxed) }
        deadline = now
      }
      guard let end = deadline, now > end + .milliseconds(100) else { continue }
      // A blocked wait does not see the clock: wake it, and give up when waking does not help.
      for worker in workers where worker.phase == .running { worker.wake() }
      if now > end + Self.drainLimit {
        drain(workers, &series, observer, isLast: true)
        return Set(workers.indices.filter { workers[$0].phase != .done })
      }
    }
    observer.measuringDidEnd()
    drain(workers, &series, observer, isLast: true)
    return []
  }

  /// Wakes workers that wait for a burst and have not moved since the last look, so that what has
  /// completed is not held back by what has not.
  private func nudge(_ workers: [WorkerThread], _ progress: inout [UInt64]) {
    guard workload.completeBatch == nil else { return }
    for (index, worker) in workers.enumerated() where worker.phase == .running {
      let now = worker.channel.progress
      if now == progress[index] { worker.wake() }
      progress[index] = now
    }
  }

  private func drain(
    _ workers: [WorkerThread], _ series: inout SeriesMerger, _ observer: some StorageObserver,
    isLast: Bool
  ) {
    for (index, worker) in workers.enumerated() {
      let isDone = worker.phase == .done
      while let second = worker.channel.take() { series.add(second, of: index) }
      if isDone { series.finish(index) }
    }
    for row in series.complete(all: isLast) { observer.secondPassed(row) }
  }
}
