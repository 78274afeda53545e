internal import Glibc
internal import Measure

/// Intended times of an open loop, in ticks.
struct ArrivalSchedule {
  /// When the next I/O is due.
  private(set) var next: UInt64
  private let start: UInt64
  private let interval: Double
  private let poisson: Bool
  private var elapsed: Double
  private var random: SeededRandom

  init(_ arrivals: WorkerJob.Arrivals, clock: TickClock, start: UInt64, seed: UInt64) {
    self.start = start
    interval = arrivals.interval / 1e9 * Double(clock.ticks(.seconds(1)))
    poisson = arrivals.poisson
    random = SeededRandom(seed: seed, stream: 3)
    elapsed = interval * arrivals.phase
    next = start
    if poisson { advance() } else { next = start + UInt64(elapsed) }
  }

  /// Moves on to the next arrival: equal gaps, or exponential ones by inversion.
  mutating func advance() {
    elapsed += poisson ? -log(1 - random.unit()) * interval : interval
    next = start &+ UInt64(elapsed)
  }
}
