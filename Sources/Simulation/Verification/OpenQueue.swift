internal import Measure

/// Jobs that come at random and wait in order: M/G/c, with room for K if that is given.
struct OpenQueue: ObservedModel, ~Copyable {
  enum Event: BitwiseCopyable {
    case arrival
    case served(UInt32)
  }
  /// What `observed` returns, in order.
  enum Quantity: Int { case wait, inside, delayed, refused }

  private var station: FIFOStation
  private let gap: Distribution
  private let work: Distribution
  private var gaps: RandomStream
  private var works: RandomStream
  /// When each job came.
  private var jobs = Slab<Int64>()

  private var start = Nanoseconds.zero
  private var waitingBefore = Population()
  private var servingBefore = Population()
  private var refusedBefore: UInt64 = 0
  private var waits: Int64 = 0
  private var started = 0
  private var delayed = 0

  init(
    seed: UInt64, gap: Distribution, work: Distribution, servers: Int = 1, room: Int = .max
  ) {
    station = FIFOStation(servers: servers, room: room)
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
      let job = jobs.insert(now.count)
      if !station.arrive(job, at: now) { jobs.remove(job) }
    case .served(let job):
      jobs.remove(job)
      station.leave(at: now)
    }
    while let job = station.start(at: now) {
      let wait = now.count - jobs[job]
      waits += wait
      started += 1
      if wait > 0 { delayed += 1 }
      simulator.schedule(.served(job), after: work.draw(&works))
    }
  }

  static func fingerprint(of event: Event) -> UInt64 {
    switch event {
    case .arrival: 0
    case .served(let job): 1 << 32 | UInt64(job)
    }
  }

  mutating func observe(from now: Nanoseconds) {
    start = now
    (waitingBefore, servingBefore) = (station.waiting, station.serving)
    refusedBefore = station.refused
    (waits, started, delayed) = (0, 0, 0)
  }

  func observed(at now: Nanoseconds) -> [Double] {
    let inside =
      station.waiting.mean(since: waitingBefore, at: start, until: now)
      + station.serving.mean(since: servingBefore, at: start, until: now)
    let refused = Double(station.refused - refusedBefore)
    let entered = Double(station.waiting.entered - waitingBefore.entered)
    return [
      Double(waits) / Double(started) / 1e6, inside, Double(delayed) / Double(started),
      refused / (refused + entered),
    ]
  }

  func audit(at now: Nanoseconds) throws(StationFault) { try station.audit("queue", at: now) }
}
