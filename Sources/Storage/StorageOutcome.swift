public import Measure

/// Everything that one storage trial observed.
public struct StorageOutcome: Codable, Sendable {
  /// Reads.
  public var read = DirectionOutcome()
  /// Writes.
  public var write = DirectionOutcome()
  /// Trims.
  public var trim = DirectionOutcome()
  /// fsync and fdatasync.
  public var sync = DirectionOutcome()
  /// Measured time, without the ramp.
  public var elapsed = Nanoseconds.zero
  /// One entry a worker.
  public var workers: [WorkerOutcome] = []
  /// Open loop: I/Os issued later than the late bound after their intended time.
  public var lateIOs: UInt64 = 0
  /// I/Os that took at least the hang bound, those still in flight at the end included.
  public var hungIOs: UInt64 = 0
  /// The longest time in which no I/O of any worker completed.
  public var longestGap: CompletionGap?
  /// The first errors, at most 64, in the order in which they came.
  public var errors: [IOError] = []
  /// How many errors there were in all.
  public var errorCount: UInt64 = 0
  /// What verify found, where it was on.
  public var verification: VerifyOutcome?
  /// I/Os handed over at queue depths from 1, 2, 4, 8, 16, 32 and 64 on, as fio groups them.
  public var depthLevels = [UInt64](repeating: 0, count: 7)
  /// What the kernel granted.
  public var features: [String] = []
  /// Why the trial ended before its time; nil when it did not.
  public var stoppedEarly: String?

  /// Whether a ramp came first, whose I/Os are not counted here.
  public var hasRamp = false
  /// Workers that hung in the kernel to the end: what they did stands in the series alone; nil is
  /// none.
  public var lostWorkers: Int?
  /// Completions by windows, where they were asked for; in memory alone.
  public var timeline: CompletionTimeline?

  private enum CodingKeys: String, CodingKey {
    case read, write, trim, sync, elapsed, workers, lateIOs, hungIOs, longestGap, errors,
      errorCount, verification, depthLevels, features, stoppedEarly, hasRamp, lostWorkers
  }

  /// An outcome in which nothing happened yet.
  public init() {}

  /// Adds a later round of the same trial.
  public mutating func merge(_ later: StorageOutcome) {
    read.merge(later.read)
    write.merge(later.write)
    trim.merge(later.trim)
    sync.merge(later.sync)
    for (index, worker) in later.workers.enumerated() {
      if index < workers.count { workers[index].merge(worker) } else { workers.append(worker) }
    }
    lateIOs += later.lateIOs
    hungIOs += later.hungIOs
    if let gap = later.longestGap, gap.lengthNs > longestGap?.lengthNs ?? .zero {
      longestGap = CompletionGap(startNs: gap.startNs + elapsed, lengthNs: gap.lengthNs)
    }
    errors = Array((errors + later.errors).prefix(64))
    errorCount += later.errorCount
    for (level, count) in later.depthLevels.enumerated() { depthLevels[level] += count }
    if verification == nil { verification = later.verification }
    if stoppedEarly == nil { stoppedEarly = later.stoppedEarly }
    hasRamp = hasRamp || later.hasRamp
    if let lost = later.lostWorkers { lostWorkers = (lostWorkers ?? 0) + lost }
    if timeline == nil { timeline = later.timeline }
    elapsed = elapsed + later.elapsed
  }

  /// The same without its latency distributions, for a record that keeps those apart.
  public var withoutDistributions: StorageOutcome {
    var bare = self
    for path in [\StorageOutcome.read, \.write, \.trim, \.sync] {
      bare[keyPath: path].latency = LatencyDistribution()
      bare[keyPath: path].service = LatencyDistribution()
      bare[keyPath: path].submission = LatencyDistribution()
    }
    return bare
  }
}

/// What happened in one direction.
public struct DirectionOutcome: Codable, Sendable {
  /// Completed I/Os.
  public var ios: UInt64 = 0
  /// Bytes moved.
  public var bytes: UInt64 = 0
  /// I/Os that moved less than asked and were continued.
  public var shortIOs: UInt64 = 0
  /// From the intended time (open loop) or preparation (closed loop) to completion.
  public var latency = LatencyDistribution()
  /// From hand-over to the kernel to completion.
  public var service = LatencyDistribution()
  /// From preparation to hand-over.
  public var submission = LatencyDistribution()

  /// Nothing yet.
  public init() {}

  /// Adds another worker's or round's share.
  public mutating func merge(_ other: DirectionOutcome) {
    ios += other.ios
    bytes += other.bytes
    shortIOs += other.shortIOs
    latency.merge(other.latency)
    service.merge(other.service)
    submission.merge(other.submission)
  }
}

/// A time without completions.
public struct CompletionGap: Codable, Hashable, Sendable {
  /// From the start of measuring to the last completion before the gap.
  public var startNs: Nanoseconds
  /// How long it lasted.
  public var lengthNs: Nanoseconds

  /// Names a gap.
  public init(startNs: Nanoseconds, lengthNs: Nanoseconds) {
    self.startNs = startNs
    self.lengthNs = lengthNs
  }
}

/// An I/O that failed.
public struct IOError: Codable, Hashable, Sendable {
  /// `read`, `write`, `trim` or `sync`.
  public var operation: String
  /// Where, in bytes from the start of the target.
  public var offset: Int64
  /// How much was asked, bytes.
  public var length: Int
  /// The errno.
  public var errno: Int32
  /// What the device answered where an NVMe command failed: status code type and code, as in
  /// 0x281 (unrecovered read error).
  public var nvmeStatus: Int32?
  /// From the start of measuring.
  public var atNs: Nanoseconds

  /// Describes a failed I/O.
  public init(
    operation: String, offset: Int64, length: Int, errno: Int32, nvmeStatus: Int32? = nil,
    atNs: Nanoseconds
  ) {
    self.operation = operation
    self.offset = offset
    self.length = length
    self.errno = errno
    self.nvmeStatus = nvmeStatus
    self.atNs = atNs
  }
}

/// What one worker used.
public struct WorkerOutcome: Codable, Sendable {
  /// I/Os it completed, syncs included.
  public var ios: UInt64 = 0
  /// Its CPU time in the measured window.
  public var cpuNs = Nanoseconds.zero
  /// The part in user mode, by the kernel's sampling or exact accounting.
  public var userNs = Nanoseconds.zero
  /// The part in the kernel.
  public var systemNs = Nanoseconds.zero
  /// Voluntary context switches.
  public var voluntarySwitches: Int = 0
  /// Involuntary context switches.
  public var involuntarySwitches: Int = 0
  /// The CPU it was pinned to; nil when free.
  public var cpu: Int?
  /// The NUMA node of its buffers; nil when the kernel chose.
  public var bufferNode: Int?

  /// Nothing used yet.
  public init() {}

  /// Adds a later round of the same worker.
  mutating func merge(_ later: WorkerOutcome) {
    ios += later.ios
    cpuNs = cpuNs + later.cpuNs
    userNs = userNs + later.userNs
    systemNs = systemNs + later.systemNs
    voluntarySwitches += later.voluntarySwitches
    involuntarySwitches += later.involuntarySwitches
  }
}

/// What verify found.
public struct VerifyOutcome: Codable, Hashable, Sendable {
  /// Blocks that were compared.
  public var blocksChecked: UInt64 = 0
  /// Blocks that were not what was written.
  public var blocksBad: UInt64 = 0
  /// Blocks that could not be read: never counted as bad.
  public var blocksUnreadable: UInt64 = 0
  /// The bad block at the lowest offset.
  public var firstBad: BadBlock?

  /// Nothing compared yet.
  public init() {}

  /// A block that is not what was written.
  public struct BadBlock: Codable, Hashable, Sendable {
    /// Where it is, bytes from the start of the target.
    public var offset: Int64
    /// What is wrong with it, for people.
    public var reason: String
    /// What should have stood there: header fields.
    public var expected: String
    /// What stood there: header fields, or the first bytes in hex.
    public var found: String

    /// Describes a bad block.
    public init(offset: Int64, reason: String, expected: String, found: String) {
      self.offset = offset
      self.reason = reason
      self.expected = expected
      self.found = found
    }
  }
}
