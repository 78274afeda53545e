public import Measure

/// Completions in short windows of time, for what happens at one moment of a trial.
public struct CompletionTimeline: Hashable, Sendable {
  /// CLOCK_MONOTONIC when measuring started; every other time counts from there.
  public var startedAtNs: Nanoseconds
  /// Length of a window.
  public var windowNs: Nanoseconds
  /// Windows from the start; the last one also holds what came after the end.
  public var windows: [Window]
  /// The longest times in which no I/O of any worker ended well.
  public var gaps: [CompletionGap]
  /// When the last failed I/O came back; nil where none failed.
  public var lastErrorNs: Nanoseconds?
  /// When every worker whose I/O had failed had one that ended well again; nil where none failed,
  /// or where one never had.
  public var succeededAgainNs: Nanoseconds?
  /// When the last I/O ended, or measuring did.
  public var endNs: Nanoseconds
  /// Workers that hang in the kernel: of them the windows are all that is known.
  public var lostWorkers: Int

  /// What ended in a window, over all workers.
  public struct Window: Hashable, Sendable {
    /// Reads, writes and trims that ended well.
    public var ios: UInt64
    /// I/Os that failed.
    public var errors: UInt64

    /// Counts.
    public init(ios: UInt64 = 0, errors: UInt64 = 0) {
      self.ios = ios
      self.errors = errors
    }
  }

  /// The shortest window.
  public static let shortestWindow = Nanoseconds.milliseconds(10)
  /// The most windows of all workers together: 8 bytes each.
  static let mostWindows = 4_000_000

  /// The window for a duration: 10 ms, or longer where there would be too many.
  static func window(for duration: Nanoseconds, jobs: Int) -> Nanoseconds {
    let most = Int64(max(1000, min(100_000, mostWindows / max(jobs, 1))))
    return max(shortestWindow, Nanoseconds(duration.count / most + 1))
  }
}

/// One worker's windows: in memory that outlives a worker which hangs.
///
/// One writer; read when the worker is done, or given up.
final class WindowLog: @unchecked Sendable {
  struct Count {
    var ios: UInt32 = 0
    var errors: UInt32 = 0
  }

  let capacity: Int
  private let counts: UnsafeMutablePointer<Count>

  init(capacity: Int) {
    self.capacity = capacity
    counts = .allocate(capacity: capacity)
    counts.initialize(repeating: Count(), count: capacity)
  }

  deinit { counts.deallocate() }

  /// Adds to a window; those past the end are the last.
  func add(ios: UInt64, errors: UInt64, at index: Int) {
    let place = min(index, capacity - 1)
    counts[place].ios &+= UInt32(truncatingIfNeeded: ios)
    counts[place].errors &+= UInt32(truncatingIfNeeded: errors)
  }

  subscript(index: Int) -> Count { counts[index] }
}
