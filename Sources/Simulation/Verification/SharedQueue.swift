internal import Measure

/// Jobs that come at random and share one server evenly: M/G/1-PS.
struct SharedQueue: ObservedModel, ~Copyable {
  enum Event: BitwiseCopyable {
    case arrival
    case departure
  }

  private var station = SharedStation()
  private let gap: Distribution
  private let work: Distribution
  private var gaps: RandomStream
  private var works: RandomStream
  private var timer = Timer.none
  private var start = Nanoseconds.zero
  private var before = Population()

  init(seed: UInt64, gap: Distribution, work: Distribution) {
    self.gap = gap
    self.work = work
    gaps = RandomStream(seed: seed, entity: 0, purpose: 0)
    works = RandomStream(seed: seed, entity: 0, purpose: 1)
  }

  mutating func begin(in simulator: inout Simulator<Event>) {
    simulator.schedule(.arrival, after: gap.draw(&gaps))
  }

  mutating func handle(_ event: Event, in simulator: inout Simulator<Event>) {
    let now = simulator.now
    switch event {
    case .arrival:
      simulator.schedule(.arrival, after: gap.draw(&gaps))
      station.arrive(0, work: work.draw(&works), at: now)
      simulator.cancel(timer)
    case .departure: while station.leave(at: now) != nil {}
    }
    timer = .none
    if let rest = station.untilDeparture(at: now) { timer = simulator.arm(.departure, after: rest) }
  }

  static func fingerprint(of event: Event) -> UInt64 {
    switch event {
    case .arrival: 0
    case .departure: 1
    }
  }

  mutating func observe(from now: Nanoseconds) {
    start = now
    before = station.inside
  }

  /// The mean stay, ms, by Little's law, and the mean number inside.
  func observed(at now: Nanoseconds) -> [Double] {
    let inside = station.inside
    let area = inside.integral(at: now) - before.integral(at: start)
    return [
      Double(area) / Double(inside.entered - before.entered) / 1e6,
      inside.mean(since: before, at: start, until: now),
    ]
  }

  func audit(at now: Nanoseconds) throws(StationFault) { try station.audit("link", at: now) }
}
