internal import Measure
internal import Synchronization

/// One second of one worker.
struct WorkerSecond {
  var second = 0
  var ios: (read: UInt64, write: UInt64, trim: UInt64, sync: UInt64) = (0, 0, 0, 0)
  var readBytes: UInt64 = 0
  var writeBytes: UInt64 = 0
  var latencySum: UInt64 = 0
  var latencyMax: UInt64 = 0
  var late: UInt64 = 0
  var errors: UInt64 = 0

  @inline(__always)
  mutating func count(_ operation: Operation, times: UInt64, bytes: UInt64) {
    switch operation {
    case .read:
      ios.read &+= times
      readBytes &+= bytes
    case .write:
      ios.write &+= times
      writeBytes &+= bytes
    case .trim: ios.trim &+= times
    case .sync: ios.sync &+= times
    }
  }
}

/// Errors of all workers of a trial: its limit is one for all.
final class ErrorTally: Sendable {
  let count = Atomic<Int>(0)
}

/// What a worker and the coordinator share: a single-writer ring of seconds and a few flags.
///
/// The worker never waits for the coordinator: a full ring (over four minutes unread) folds the
/// newest second into the one before it.
final class WorkerChannel: @unchecked Sendable {
  static let capacity = 256

  /// Set by the coordinator: stop issuing, drain, end.
  let stop = Atomic<Bool>(false)
  /// Set by the worker: what it does.
  let phase = Atomic<Int>(Phase.starting.rawValue)
  /// Rounds of the worker's loop, so that the coordinator sees one that waits.
  private let rounds = Atomic<UInt64>(0)
  /// Seconds published so far.
  private let written = Atomic<Int>(0)
  /// Seconds read so far.
  private let consumed = Atomic<Int>(0)
  private let seconds: UnsafeMutablePointer<WorkerSecond>
  /// Completions by windows, where they are asked for.
  let windows: WindowLog?

  enum Phase: Int {
    case starting, ready, running
    /// Its result stands; what it used is being given back.
    case leaving
    case done
  }

  init(windowCount: Int) {
    windows = windowCount > 0 ? WindowLog(capacity: windowCount) : nil
    seconds = .allocate(capacity: Self.capacity)
    seconds.initialize(repeating: WorkerSecond(), count: Self.capacity)
  }

  deinit { seconds.deallocate() }

  /// Counts a round; a plain store, for there is one writer.
  @inline(__always)
  func noteProgress() {
    rounds.store(rounds.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }

  /// Rounds so far.
  var progress: UInt64 { rounds.load(ordering: .relaxed) }

  /// Publishes a finished second; false when the ring is full and nothing was taken.
  func publish(_ second: WorkerSecond) -> Bool {
    let position = written.load(ordering: .relaxed)
    guard position - consumed.load(ordering: .acquiring) < Self.capacity else { return false }
    seconds[position % Self.capacity] = second
    written.store(position + 1, ordering: .releasing)
    return true
  }

  /// Takes the oldest unread second.
  func take() -> WorkerSecond? {
    let position = consumed.load(ordering: .relaxed)
    guard position < written.load(ordering: .acquiring) else { return nil }
    let second = seconds[position % Self.capacity]
    consumed.store(position + 1, ordering: .releasing)
    return second
  }
}
