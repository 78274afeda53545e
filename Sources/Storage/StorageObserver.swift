public import Measure

/// One second of a trial over all workers.
public struct StorageSecond: Hashable, Sendable {
  /// Seconds since measuring started, from 0.
  public var second = 0
  /// Reads completed.
  public var readIOs: UInt64 = 0
  /// Bytes read.
  public var readBytes: UInt64 = 0
  /// Writes completed.
  public var writeIOs: UInt64 = 0
  /// Bytes written.
  public var writeBytes: UInt64 = 0
  /// Trims completed.
  public var trimIOs: UInt64 = 0
  /// Syncs completed.
  public var syncIOs: UInt64 = 0
  /// Sum of the latencies of reads, writes and trims, ns.
  public var latencySumNs: UInt64 = 0
  /// Largest of them, ns.
  public var latencyMaxNs: UInt64 = 0
  /// Late I/Os.
  public var lateIOs: UInt64 = 0
  /// Failed I/Os.
  public var errors: UInt64 = 0

  /// Reads, writes and trims completed.
  public var ios: UInt64 { readIOs + writeIOs + trimIOs }

  mutating func add(_ part: WorkerSecond) {
    readIOs += part.ios.read
    readBytes += part.readBytes
    writeIOs += part.ios.write
    writeBytes += part.writeBytes
    trimIOs += part.ios.trim
    syncIOs += part.ios.sync
    latencySumNs &+= part.latencySum
    latencyMaxNs = max(latencyMaxNs, part.latencyMax)
    lateIOs += part.late
    errors += part.errors
  }
}

/// Follows a trial while it runs; called from the thread that runs it.
public protocol StorageObserver {
  /// All engines stand; measuring starts after the ramp.
  func measuringWillStart(after ramp: Nanoseconds)
  /// Measuring starts at this moment of CLOCK_MONOTONIC, a millisecond and the ramp from now.
  func measuringStarts(at moment: Nanoseconds)
  /// A second is complete over all workers.
  func secondPassed(_ second: StorageSecond)
  /// What happens besides measuring, such as `verifying`.
  func phaseChanged(_ phase: String)
  /// The last I/O has completed.
  func measuringDidEnd()
  /// Asked about fifty times a second: whether the trial should end now.
  func shouldStop() -> Bool
}

extension StorageObserver {
  /// Does nothing.
  public func measuringStarts(at moment: Nanoseconds) {}
}

/// Passes only the wish to stop on: for phases that are not measured.
struct QuietObserver<Base: StorageObserver>: StorageObserver {
  private let base: Base

  init(_ base: Base) { self.base = base }

  func measuringWillStart(after ramp: Nanoseconds) {}
  func secondPassed(_ second: StorageSecond) {}
  func phaseChanged(_ phase: String) { base.phaseChanged(phase) }
  func measuringDidEnd() {}
  func shouldStop() -> Bool { base.shouldStop() }
}

/// Sums the workers' seconds up; holds no more than the seconds that some worker still owes.
struct SeriesMerger {
  private var pending: [StorageSecond] = []
  private var firstPending = 0
  /// By worker: the second that it will publish next; `Int.max` when it is done.
  private var next: [Int]

  /// Whole seconds of a trial that ends by time: what completes just after them belongs to the
  /// last one, or every series would end in a fall that is none.
  private let wholeSeconds: Int?

  init(workers: Int, duration: Nanoseconds? = nil) {
    next = [Int](repeating: 0, count: workers)
    wholeSeconds = duration.flatMap {
      $0.count >= 1_000_000_000 && $0.count % 1_000_000_000 == 0
        ? Int($0.count / 1_000_000_000) : nil
    }
  }

  mutating func add(_ part: WorkerSecond, of worker: Int) {
    let isTail = part.second == wholeSeconds
    let place = part.second - firstPending - (isTail ? 1 : 0)
    guard place >= 0 else { return }
    while pending.count <= place {
      var row = StorageSecond()
      row.second = firstPending + pending.count
      pending.append(row)
    }
    pending[place].add(part)
    next[worker] = max(next[worker], part.second + 1)
  }

  mutating func finish(_ worker: Int) { next[worker] = .max }

  /// Removes and gives the rows that can no longer change; two are held back until the end.
  mutating func complete(all: Bool) -> [StorageSecond] {
    let settled = next.min() ?? .max
    var count = 0
    while count < pending.count && (all || firstPending + count < settled - 1) { count += 1 }
    if !all { count = min(count, max(pending.count - 2, 0)) }
    let rows = Array(pending.prefix(count))
    pending.removeFirst(count)
    firstPending += count
    return rows
  }
}
