internal import Measure

/// Two classes that come at random before one server, which interrupts neither.
struct PriorityQueue: ObservedModel, ~Copyable {
  enum Event: BitwiseCopyable {
    case arrival(priority: UInt8)
    case served
  }

  private var station = PriorityStation(servers: 1, classes: 2)
  private let gap: [2 of Distribution]
  private let work: Distribution
  private var gaps: [2 of RandomStream]
  private var works: RandomStream
  private var start = Nanoseconds.zero
  private var before: [2 of Population] = [Population(), Population()]

  init(seed: UInt64, gap: [2 of Distribution], work: Distribution) {
    self.gap = gap
    self.work = work
    gaps = [2 of RandomStream] { RandomStream(seed: seed, entity: UInt32($0), purpose: 0) }
    works = RandomStream(seed: seed, entity: 0, purpose: 1)
  }

  mutating func begin(in simulator: inout Simulator<Event>) {
    for priority in 0..<2 {
      simulator.schedule(
        .arrival(priority: UInt8(priority)), after: gap[priority].draw(&gaps[priority]))
    }
  }

  mutating func handle(_ event: Event, in simulator: inout Simulator<Event>) {
    switch event {
    case .arrival(let priority):
      let index = Int(priority)
      simulator.schedule(event, after: gap[index].draw(&gaps[index]))
      station.arrive(0, priority: index, at: simulator.now)
    case .served: station.leave(at: simulator.now)
    }
    while station.start(at: simulator.now) != nil {
      simulator.schedule(.served, after: work.draw(&works))
    }
  }

  static func fingerprint(of event: Event) -> UInt64 {
    switch event {
    case .arrival(let priority): UInt64(priority)
    case .served: 2
    }
  }

  mutating func observe(from now: Nanoseconds) {
    start = now
    before = [station.waiting(0), station.waiting(1)]
  }

  /// The mean waits of both classes, ms; by Little's law.
  func observed(at now: Nanoseconds) -> [Double] {
    (0..<2).map { priority in
      let waiting = station.waiting(priority)
      let area = waiting.integral(at: now) - before[priority].integral(at: start)
      return Double(area) / Double(waiting.entered - before[priority].entered) / 1e6
    }
  }

  func audit(at now: Nanoseconds) throws(StationFault) { try station.audit("queue", at: now) }
}
