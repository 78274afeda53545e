internal import Measure

/// What one worker observes, in memory that is allocated once.
struct Recorder: ~Copyable {
  /// The three latencies of an I/O.
  enum Kind: Int, CaseIterable {
    case latency, service, submission
  }

  /// One gap between completions, in ticks.
  struct Gap {
    var start: UInt64 = 0
    var length: UInt64 = 0
  }

  /// How many of the longest gaps are kept: enough that a gap common to all workers is among them.
  static let gapCapacity = 32
  /// How many errors are kept in full.
  static let errorCapacity = 64

  private let clock: TickClock
  private let hangNs: UInt64
  private let histograms: UnsafeMutablePointer<LatencyHistogram>
  private let counts: UnsafeMutablePointer<UInt64>
  private let gaps: UnsafeMutablePointer<Gap>
  private var gapCount = 0
  private var gapFloor: UInt64 = 0
  private var lastCompletion: UInt64 = 0
  private let log: WindowLog?
  private let windowTicks: UInt64
  private var window = 0
  private var windowStart: (ios: UInt64, errors: UInt64) = (0, 0)

  /// When the window that is being filled ends; never without a log.
  private(set) var windowEnd = UInt64.max
  /// The last failed I/O, ticks; 0 without any.
  private(set) var lastError: UInt64 = 0
  /// The first I/O that ended well after it, ticks; 0 without any.
  private(set) var successAfterError: UInt64 = 0
  private var awaitsSuccess = false

  /// The second that is being filled.
  var second = WorkerSecond()
  private(set) var hung: UInt64 = 0
  private(set) var late: UInt64 = 0
  private(set) var errorCount: UInt64 = 0
  private(set) var errors: [IOError] = []
  /// I/Os handed over at queue depths from 1, 2, 4 up to 64 on, as fio's iodepth_level.
  private(set) var depths: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
    (0, 0, 0, 0, 0, 0, 0)

  init(
    clock: TickClock, hangBound: Nanoseconds, log: WindowLog? = nil, window: Nanoseconds = .zero
  ) {
    self.clock = clock
    self.log = log
    windowTicks = max(clock.ticks(window), 1)
    hangNs = UInt64(hangBound.count)
    histograms = .allocate(capacity: Operation.allCases.count * Kind.allCases.count)
    for index in 0..<Operation.allCases.count * Kind.allCases.count {
      (histograms + index).initialize(to: LatencyHistogram())
    }
    counts = .allocate(capacity: 12)
    counts.initialize(repeating: 0, count: 12)
    gaps = .allocate(capacity: Self.gapCapacity)
    gaps.initialize(repeating: Gap(), count: Self.gapCapacity)
    errors.reserveCapacity(Self.errorCapacity)
  }

  deinit {
    histograms.deinitialize(count: Operation.allCases.count * Kind.allCases.count)
    histograms.deallocate()
    counts.deallocate()
    gaps.deallocate()
  }

  /// Forgets everything: the ramp is over at `tick`.
  mutating func restart(at tick: UInt64) {
    for index in 0..<Operation.allCases.count * Kind.allCases.count { histograms[index].reset() }
    counts.update(repeating: 0, count: 12)
    gapCount = 0
    gapFloor = 0
    lastCompletion = tick
    second = WorkerSecond()
    (hung, late, errorCount) = (0, 0, 0)
    (lastError, successAfterError, awaitsSuccess) = (0, 0, false)
    errors.removeAll(keepingCapacity: true)
    depths = (0, 0, 0, 0, 0, 0, 0)
  }

  /// Records `times` I/Os that share their ticks.
  @inline(__always)
  mutating func record(
    _ operation: Operation, start: UInt64, prepared: UInt64, issued: UInt64, ended: UInt64,
    times: UInt64, bytes: UInt64, submission: Bool
  ) {
    if awaitsSuccess {
      awaitsSuccess = false
      successAfterError = ended
    }
    let row = Int(operation.rawValue) &* 3
    let latency = clock.nanoseconds(ended &- start)
    histograms[row].record(latency, times: times)
    let service = clock.nanoseconds(ended &- issued)
    histograms[row &+ 1].record(service, times: times)
    if submission {
      histograms[row &+ 2].record(clock.nanoseconds(issued &- prepared), times: times)
    }
    count(operation, times: times, bytes: bytes)
    if operation != .sync {
      second.latencySum &+= latency &* times
      if latency > second.latencyMax { second.latencyMax = latency }
    }
    // By service time: an open loop's queue in an overload is late, its target does not hang.
    if service >= hangNs { hung &+= times }
  }

  /// Counts I/Os that were not timed.
  @inline(__always)
  mutating func count(_ operation: Operation, times: UInt64, bytes: UInt64) {
    let row = Int(operation.rawValue) &* 3
    counts[row] &+= times
    counts[row &+ 1] &+= bytes
    second.count(operation, times: times, bytes: bytes)
  }

  /// Begins to count by windows, the first of which starts at `tick`.
  mutating func openWindows(at tick: UInt64) {
    guard log != nil else { return }
    window = 0
    windowStart = (0, 0)
    windowEnd = tick + windowTicks
  }

  /// Ends the windows that are over at `tick`; what completes at it belongs to a later one.
  @inline(never)
  mutating func closeWindows(at tick: UInt64) {
    flushWindow()
    let passed = (tick &- windowEnd) / windowTicks &+ 1
    window += Int(truncatingIfNeeded: passed)
    windowEnd &+= passed &* windowTicks
  }

  /// Writes down what the present window holds so far.
  mutating func flushWindow() {
    guard let log else { return }
    let ios =
      [Operation.read, .write, .trim].reduce(UInt64(0)) { $0 &+ counts[Int($1.rawValue) * 3] }
    log.add(ios: ios &- windowStart.ios, errors: errorCount &- windowStart.errors, at: window)
    windowStart = (ios, errorCount)
  }

  /// Notes that I/Os ended well at `tick`.
  @inline(__always)
  mutating func completed(at tick: UInt64) {
    let gap = tick &- lastCompletion
    if gap > gapFloor { keepGap(Gap(start: lastCompletion, length: gap)) }
    lastCompletion = tick
  }

  /// Keeps the longest gaps; rare, since each kept gap raises the floor.
  @inline(never)
  private mutating func keepGap(_ gap: Gap) {
    if gapCount < Self.gapCapacity {
      gaps[gapCount] = gap
      gapCount += 1
      guard gapCount == Self.gapCapacity else { return }
    } else {
      var shortest = 0
      for index in 1..<gapCount where gaps[index].length < gaps[shortest].length {
        shortest = index
      }
      gaps[shortest] = gap
    }
    gapFloor = gaps[0].length
    for index in 1..<gapCount { gapFloor = min(gapFloor, gaps[index].length) }
  }

  /// Notes the end of measuring as the end of the last gap.
  mutating func close(at tick: UInt64) {
    if tick > lastCompletion { completed(at: tick) }
    if windowEnd != .max { flushWindow() }
  }

  mutating func countShort(_ operation: Operation) {
    counts[Int(operation.rawValue) * 3 + 2] &+= 1
  }

  mutating func countLate() {
    late &+= 1
    second.late &+= 1
  }

  mutating func record(_ error: IOError, at tick: UInt64) {
    lastError = tick
    successAfterError = 0
    awaitsSuccess = true
    errorCount += 1
    second.errors &+= 1
    if errors.count < Self.errorCapacity { errors.append(error) }
  }

  /// Notes that `handed` I/Os were handed over with `inFlight` in the queue.
  @inline(__always)
  mutating func countDepth(inFlight: Int, handed: Int) {
    let times = UInt64(truncatingIfNeeded: handed)
    switch inFlight {
    case ...1: depths.0 &+= times
    case ...3: depths.1 &+= times
    case ...7: depths.2 &+= times
    case ...15: depths.3 &+= times
    case ...31: depths.4 &+= times
    case ...63: depths.5 &+= times
    default: depths.6 &+= times
    }
  }

  /// The longest gaps, in ticks.
  var longestGaps: [Gap] { (0..<gapCount).map { gaps[$0] } }

  /// One direction as a value.
  func outcome(of operation: Operation) -> DirectionOutcome {
    let row = Int(operation.rawValue) * 3
    var outcome = DirectionOutcome()
    outcome.ios = counts[row]
    outcome.bytes = counts[row + 1]
    outcome.shortIOs = counts[row + 2]
    outcome.latency = histograms[row].snapshot()
    outcome.service = histograms[row + 1].snapshot()
    outcome.submission = histograms[row + 2].snapshot()
    return outcome
  }
}
