internal import Measure

/// Three stations that jobs pass along and back: an open network of Jackson's.
struct QueueNetwork: ObservedModel, ~Copyable {
  enum Event: BitwiseCopyable {
    case arrival
    case served(node: UInt8)
  }

  private var stations: [3 of FIFOStation]
  private let work: [3 of Distribution]
  /// The probability of going from one station to each other; what is left of 1 leaves.
  private let routes: [3 of [3 of Double]]
  private let gap: Distribution
  private var gaps: RandomStream
  private var turns: RandomStream
  private var works: [3 of RandomStream]
  private var start = Nanoseconds.zero
  private var waitingBefore = [3 of Population](repeating: Population())
  private var servingBefore = [3 of Population](repeating: Population())

  /// Jobs from outside come to the first station.
  init(
    seed: UInt64, gap: Distribution, servers: [3 of Int], work: [3 of Distribution],
    routes: [3 of [3 of Double]]
  ) {
    stations = [3 of FIFOStation] { FIFOStation(servers: servers[$0]) }
    self.work = work
    self.routes = routes
    self.gap = gap
    gaps = RandomStream(seed: seed, entity: 0, purpose: 0)
    turns = RandomStream(seed: seed, entity: 0, purpose: 1)
    works = [3 of RandomStream] { RandomStream(seed: seed, entity: UInt32($0), purpose: 2) }
  }

  mutating func begin(in simulator: inout Simulator<Event>) {
    simulator.schedule(.arrival, after: gap.draw(&gaps))
  }

  mutating func handle(_ event: Event, in simulator: inout Simulator<Event>) {
    switch event {
    case .arrival:
      simulator.schedule(.arrival, after: gap.draw(&gaps))
      arrive(0, in: &simulator)
    case .served(let node):
      stations[Int(node)].leave(at: simulator.now)
      serve(Int(node), in: &simulator)
      var turn = turns.unit()
      for next in 0..<3 {
        turn -= routes[Int(node)][next]
        if turn < 0 { return arrive(next, in: &simulator) }
      }
    }
  }

  private mutating func arrive(_ node: Int, in simulator: inout Simulator<Event>) {
    stations[node].arrive(0, at: simulator.now)
    serve(node, in: &simulator)
  }

  private mutating func serve(_ node: Int, in simulator: inout Simulator<Event>) {
    while stations[node].start(at: simulator.now) != nil {
      simulator.schedule(.served(node: UInt8(node)), after: work[node].draw(&works[node]))
    }
  }

  static func fingerprint(of event: Event) -> UInt64 {
    switch event {
    case .arrival: 3
    case .served(let node): UInt64(node)
    }
  }

  mutating func observe(from now: Nanoseconds) {
    start = now
    for node in 0..<3 {
      waitingBefore[node] = stations[node].waiting
      servingBefore[node] = stations[node].serving
    }
  }

  /// The mean number at each station, and in all.
  func observed(at now: Nanoseconds) -> [Double] {
    let numbers = (0..<3).map { node in
      stations[node].waiting.mean(since: waitingBefore[node], at: start, until: now)
        + stations[node].serving.mean(since: servingBefore[node], at: start, until: now)
    }
    return numbers + [numbers.reduce(0, +)]
  }

  func audit(at now: Nanoseconds) throws(StationFault) {
    for node in 0..<3 { try stations[node].audit("node \(node)", at: now) }
  }
}
