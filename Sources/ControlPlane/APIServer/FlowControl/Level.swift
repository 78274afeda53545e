internal import Measure
internal import Simulation

extension FlowControl {
  /// What a level does with requests that find no seat.
  enum Kind: BitwiseCopyable { case exempt, queues, refuses }

  /// A priority level and its books.
  struct Level: BitwiseCopyable {
    let kind: Kind
    let queueCount: Int
    let handSize: Int
    let queueLength: Int
    /// Seats by its shares, and the least and most that lending and borrowing leave it.
    let nominal: Int
    let minimum: Int
    let maximum: Int
    /// Seats as of now.
    var limit: Int
    /// The most seats that one request may take:
    /// max(1, min(ceil(15 % of nominal), nominal / hand)) (`finishQueueSetReconfigsLocked`).
    let widest: Int
    var firstQueue = 0
    var firstWord = 0
    /// The number of the queue that was served last.
    var robin = 0
    var enqueues: UInt64 = 0
    /// R, and when it was so.
    var virtualTime: Int64 = 0
    var synced: Nanoseconds
    /// Queues in which requests wait or of which some run.
    var activeQueues = 0
    var waiting = 0
    var seatsWaiting = 0
    var executing = 0
    var seatsInUse = 0
    var demand: SeatDemand
    /// `apiserver_flowcontrol_dispatched_requests_total`.
    var dispatched: UInt64 = 0
    /// `apiserver_flowcontrol_rejected_requests_total` by reason: queue-full and concurrency-limit,
    /// time-out, cancelled.
    var refused: UInt64 = 0
    var timedOut: UInt64 = 0
    var cancelled: UInt64 = 0

    init(_ level: PriorityLevel, nominal: Int, seats: Int, at now: Nanoseconds) {
      kind = level.name == .exempt ? .exempt : level.queues > 0 ? .queues : .refuses
      queueCount = level.queues
      handSize = min(level.handSize, level.queues, ShuffleSharding.largestHand)
      queueLength = level.queueLength
      self.nominal = nominal
      let lendable = Int((Double(nominal) * level.lendable.value).rounded())
      minimum = nominal - lendable
      maximum = nominal + seats
      limit = nominal
      widest = max(1, min((nominal * 15 + 99) / 100, nominal / max(1, level.handSize)))
      synced = now
      demand = SeatDemand(at: now)
    }

    /// Forgets all requests; the books go on.
    mutating func reset(at now: Nanoseconds) {
      robin = 0
      enqueues = 0
      virtualTime = 0
      synced = now
      activeQueues = 0
      waiting = 0
      seatsWaiting = 0
      executing = 0
      seatsInUse = 0
      limit = nominal
      demand = SeatDemand(at: now)
    }

    /// Whether so many seats more can be taken (`canAccommodateSeatsLocked`).
    func accommodates(_ seats: Int) -> Bool {
      if kind == .exempt { return true }
      return seats > limit ? executing == 0 : seatsInUse + seats <= limit
    }
  }

  /// A queue of a level.
  struct Queue: BitwiseCopyable {
    let level: Int
    var waiting = RequestQueue()
    var seatsWaiting: Int32 = 0
    var executing: Int32 = 0
    var seatsInUse: Int32 = 0
    var hasTimer = false
    /// Work of those that wait, in 10^-8 seat-seconds.
    var workWaiting: Int64 = 0
    /// The virtual time at which its oldest request is to be dispatched (`nextDispatchR`, in 1.22
    /// `virtualStart`).
    var next: Int64 = 0

    init(level: Int) { self.level = level }

    var isActive: Bool { waiting.count > 0 || executing > 0 }
  }
}

/// How many seats a level wants over time (fairqueuing/integrator.go, `seatDemandStats`).
struct SeatDemand: BitwiseCopyable {
  /// `seatDemandSmoothingCoefficient`: a half-life of 5 minutes at one adjustment per 10 s.
  private static let smoothing = 0.977

  private var seats = 0.0
  private var since: Nanoseconds
  private var elapsed = 0.0
  private var integral = 0.0
  private var squares = 0.0
  /// The most since the last adjustment.
  private(set) var highest = 0.0
  /// The envelope (mean plus deviation), smoothed where it falls.
  private(set) var smoothed = 0.0

  init(at now: Nanoseconds) { since = now }

  /// The level wants so many seats from now on.
  mutating func set(_ seats: Int, at now: Nanoseconds) {
    advance(to: now)
    self.seats = Double(seats)
    peak = max(peak, self.seats)
  }

  private var peak = 0.0

  private mutating func advance(to now: Nanoseconds) {
    let span = (now - since).inSeconds
    since = now
    elapsed += span
    integral += seats * span
    squares += seats * seats * span
  }

  /// Takes in the time since the last adjustment and begins anew.
  mutating func smooth(at now: Nanoseconds) {
    advance(to: now)
    highest = peak
    if elapsed > 0 {
      let mean = integral / elapsed
      let variance = squares / elapsed - mean * mean
      let envelope = mean + (variance > 0 ? variance.squareRoot() : 0)
      smoothed = max(envelope, Self.smoothing * smoothed + (1 - Self.smoothing) * envelope)
    }
    elapsed = 0
    integral = 0
    squares = 0
    peak = seats
  }
}

/// Divides seats among levels by their targets, within bounds (apiserver's conc_alloc.go).
///
/// All levels get the same proportion of their target, but for those whose bound is in the way.
struct SeatAllocation {
  private let sum: Double
  private var lower: [Double] = []
  private var upper: [Double] = []
  private var target: [Double] = []

  init(sum: Int) { self.sum = Double(sum) }

  mutating func add(lower: Double, upper: Double, target: Double) {
    self.lower.append(lower)
    self.upper.append(upper)
    // `MinTarget`.
    self.target.append(max(target, 0.001))
  }

  /// The seats of each level; nil if the bounds leave no solution.
  ///
  /// The sum of what levels get grows with the proportion, linearly between bounds: the bounds are
  /// walked upwards until the sum is reached. O(levels^2).
  func solve() -> [Double]? {
    guard lower.reduce(0, +) <= sum + 1e-7, upper.reduce(0, +) >= sum - 1e-7 else { return nil }
    var bounds: [Double] = []
    for level in target.indices {
      bounds.append(lower[level] / target[level])
      bounds.append(upper[level] / target[level])
    }
    bounds.sort()
    var below = 0.0
    for bound in bounds {
      let total = given(bound).reduce(0, +)
      guard total < sum else {
        let before = given(below).reduce(0, +)
        let slope = total - before
        let part = slope > 0 ? (sum - before) / slope : 0
        return given(below + (bound - below) * part)
      }
      below = bound
    }
    return given(below)
  }

  private func given(_ proportion: Double) -> [Double] {
    target.indices.map { max(lower[$0], min(upper[$0], proportion * target[$0])) }
  }
}
