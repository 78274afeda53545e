public import Measure

/// One server that takes all that waits whenever it becomes free: a gated batch.
///
/// A write-ahead log is one: what comes while a flush is under way waits for the next, and shares
/// it. `start` says how large the batch is, for its service time; once that is over, `leave` names
/// its jobs one by one:
///
///     case .proposal(let job): wal.arrive(job, at: simulator.now); flush(in: &simulator)
///     case .flushed:
///       while let job = wal.leave(at: simulator.now) { ... }
///       flush(in: &simulator)
///
///     mutating func flush(in simulator: inout Simulator<Event>) {
///       guard let jobs = wal.start(at: simulator.now) else { return }
///       simulator.schedule(.flushed, after: sync.draw(&stream) + perEntry * Int64(jobs))
///     }
///
/// All are O(1), `start` O(batch).
public struct BatchStation: ~Copyable {
  /// Those in service come first, then those who wait.
  private var queue: Ring<Waiter>
  /// The most jobs that one batch takes.
  public var limit: Int {
    didSet { precondition(limit > 0, "a batch takes at least one job, not \(limit)") }
  }
  /// Who waits for the next batch.
  public private(set) var waiting = Population()
  /// Who is in the batch under way.
  public private(set) var serving = Population()
  /// The batches so far; a population of at most one, whose mean is the utilisation.
  public private(set) var batches = Population()
  private var waits: Int128 = 0

  /// Makes an idle station whose batches take at most `limit` jobs.
  public init(limit: Int = .max) {
    precondition(limit > 0, "a batch takes at least one job, not \(limit)")
    self.limit = limit
    queue = Ring(capacity: 16)
  }

  /// Lets `job` come; it waits for the next batch.
  public mutating func arrive(_ job: UInt32, at now: Nanoseconds) {
    waiting.enter(at: now)
    queue.append(Waiter(job: job, arrived: now.count))
  }

  /// Starts a batch of all that wait and says how many, if the server is free and any wait.
  public mutating func start(at now: Nanoseconds) -> Int? {
    guard serving.count == 0, waiting.count > 0 else { return nil }
    let jobs = min(waiting.count, limit)
    for index in 0..<jobs { waits += Int128(now.count - queue[index].arrived) }
    waiting.leave(jobs, at: now)
    serving.enter(jobs, at: now)
    batches.enter(at: now)
    return jobs
  }

  /// Lets the next job of the batch that is over leave, in order of arrival; nil when all have.
  public mutating func leave(at now: Nanoseconds) -> UInt32? {
    guard serving.count > 0 else { return nil }
    serving.leave(at: now)
    if serving.count == 0 { batches.leave(at: now) }
    return queue.removeFirst().job
  }

  /// How many jobs a batch took on average.
  public var meanBatch: Double {
    batches.entered > 0 ? Double(serving.entered) / Double(batches.entered) : 0
  }

  /// How long those who have started waited on average, ns.
  public var meanWait: Double { waiting.left > 0 ? Double(waits) / Double(waiting.left) : 0 }

  /// Holds the station's books against each other: conservation of jobs, and Little's law.
  ///
  /// For the end of a run. Throws `StationFault` that names `place`. O(jobs waiting).
  public func audit(_ place: String, at now: Nanoseconds) throws(StationFault) {
    try waiting.audit("\(place), waiting", at: now)
    try serving.audit("\(place), served", at: now)
    try batches.audit("\(place), batches", at: now)
    var sum = waits
    for index in serving.count..<queue.count { sum += Int128(now.count - queue[index].arrived) }
    try StationFault.require(place, sum, waiting, at: now)
    try StationFault.require(place, stoppedWaiting: waiting.left, started: serving.entered)
  }
}
