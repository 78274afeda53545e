internal import Measure
internal import Synchronization

/// Watches the workers of a trial: passes seconds on, stops them, and gives up on those that hang.
struct TrialSupervisor {
  /// How long I/Os may be in flight after the end before they are given up.
  static let drainLimit = Nanoseconds.seconds(30)
  /// How long a worker that has its result may take to give back what it used.
  static let leavingLimit = Nanoseconds.seconds(10)
  /// How long a trial without an end in time may stand still before its end is called.
  static let stallLimit = Nanoseconds.seconds(60)

  private let workers: [WorkerThread]
  private let followsBursts: Bool
  /// Kept alive while the workers work.
  private let session: FabricsSession?
  /// Why the session was lost.
  private(set) var sessionFailure: String?
  private var series: SeriesMerger
  private var progress: [UInt64]
  private var lastMoved = MonotonicClock.now()
  private var deadline: Nanoseconds?
  private var isStopping = false

  /// `duration` is the measured time after `ramp`; nil where count or bytes end the trial.
  init(
    _ workers: [WorkerThread], ramp: Nanoseconds, duration: Nanoseconds?, followsBursts: Bool,
    session: FabricsSession?
  ) {
    self.workers = workers
    self.session = session
    self.followsBursts = followsBursts
    series = SeriesMerger(workers: workers.count, duration: duration)
    progress = [UInt64](repeating: 0, count: workers.count)
    deadline = duration.map { MonotonicClock.now() + ramp + $0 }
  }

  /// Returns when all workers are done, or gives the indices of those that hang in the kernel: in
  /// their I/O, or, with a result, in giving back what they used.
  mutating func watch(_ observer: some StorageObserver) -> Set<Int> {
    while workers.contains(where: { !$0.hasResult }) {
      MonotonicClock.sleep(until: MonotonicClock.now() + .milliseconds(20))
      drain(observer, isLast: false)
      let now = MonotonicClock.now()
      noteProgress(now)
      // One worker's failure is the trial's: the others would measure what no longer counts.
      let hasFailed = workers.contains { $0.hasResult && $0.result.failure != nil }
      let isStuck = deadline == nil && now > lastMoved + Self.stallLimit
      if sessionFailure == nil { sessionFailure = session?.tend() }
      let isOver = hasFailed || isStuck || sessionFailure != nil || observer.shouldStop()
      if !isStopping && isOver { stop(now) }
      guard let end = deadline, now > end + .milliseconds(100) else { continue }
      // A blocked wait does not see the clock: wake it, and give up when waking does not help.
      for worker in workers where worker.phase == .running { worker.wake() }
      if now > end + Self.drainLimit {
        drain(observer, isLast: true)
        return Set(workers.indices.filter { workers[$0].phase != .done })
      }
    }
    observer.measuringDidEnd()
    drain(observer, isLast: true)
    let end = MonotonicClock.now() + Self.leavingLimit
    while workers.contains(where: { $0.phase != .done }), MonotonicClock.now() < end {
      MonotonicClock.sleep(until: MonotonicClock.now() + .milliseconds(1))
      if sessionFailure == nil { sessionFailure = session?.tend() }
    }
    return Set(workers.indices.filter { workers[$0].phase != .done })
  }

  private mutating func stop(_ now: Nanoseconds) {
    isStopping = true
    for worker in workers { worker.channel.stop.store(true, ordering: .relaxed) }
    deadline = now
  }

  /// Wakes workers that wait for a burst and have not moved since the last look, so that what has
  /// completed is not held back by what has not.
  private mutating func noteProgress(_ now: Nanoseconds) {
    for (index, worker) in workers.enumerated() where worker.phase == .running {
      let rounds = worker.channel.progress
      if rounds != progress[index] {
        progress[index] = rounds
        lastMoved = now
      } else if followsBursts {
        worker.wake()
      }
    }
  }

  private mutating func drain(_ observer: some StorageObserver, isLast: Bool) {
    for (index, worker) in workers.enumerated() {
      let hasEnded = worker.hasResult
      while let second = worker.channel.take() { series.add(second, of: index) }
      if hasEnded { series.finish(index) }
    }
    for row in series.complete(all: isLast) { observer.secondPassed(row) }
  }
}
