internal import Measure

/// Clients that think, then wait for a batch and its end, and think again.
struct BatchLoop: ObservedModel, ~Copyable {
  enum Event: BitwiseCopyable {
    case proposal(UInt32)
    case flushed
  }

  private var station = BatchStation()
  private let clients: UInt32
  private let think: Distribution
  private let perBatch: Distribution
  private let perJob: Distribution
  private var thinking: RandomStream
  private var working: RandomStream
  private var before = (start: Nanoseconds.zero, left: UInt64(0), batches: UInt64(0))

  init(
    seed: UInt64, clients: Int, think: Distribution, perBatch: Distribution, perJob: Distribution
  ) {
    self.clients = UInt32(clients)
    self.think = think
    self.perBatch = perBatch
    self.perJob = perJob
    thinking = RandomStream(seed: seed, entity: 0, purpose: 0)
    working = RandomStream(seed: seed, entity: 0, purpose: 1)
  }

  mutating func begin(in simulator: inout Simulator<Event>) {
    for client in 0..<clients {
      simulator.schedule(.proposal(client), after: think.draw(&thinking))
    }
  }

  mutating func handle(_ event: Event, in simulator: inout Simulator<Event>) {
    let now = simulator.now
    switch event {
    case .proposal(let client): station.arrive(client, at: now)
    case .flushed:
      while let client = station.leave(at: now) {
        simulator.schedule(.proposal(client), after: think.draw(&thinking))
      }
    }
    guard let batch = station.start(at: now) else { return }
    let time = perBatch.draw(&working) + perJob.draw(&working) * Int64(batch)
    simulator.schedule(.flushed, after: time)
  }

  static func fingerprint(of event: Event) -> UInt64 {
    switch event {
    case .proposal(let client): UInt64(client)
    case .flushed: 1 << 32
    }
  }

  mutating func observe(from now: Nanoseconds) {
    before = (now, station.serving.left, station.batches.left)
  }

  /// Jobs a second, and the mean batch.
  func observed(at now: Nanoseconds) -> [Double] {
    let jobs = Double(station.serving.left - before.left)
    return [
      jobs / (now - before.start).inSeconds,
      jobs / Double(station.batches.left - before.batches),
    ]
  }

  func audit(at now: Nanoseconds) throws(StationFault) { try station.audit("log", at: now) }
}

/// Machines that run, fail, wait for one of few repairers, and run again.
struct RepairShop: ObservedModel, ~Copyable {
  enum Event: BitwiseCopyable {
    case failure(UInt32)
    case repaired(UInt32)
  }

  private var station: FIFOStation
  private let machines: UInt32
  private let life: Distribution
  private let repair: Distribution
  private var lives: RandomStream
  private var repairs: RandomStream
  private var start = Nanoseconds.zero
  private var before = (waiting: Population(), serving: Population())

  init(
    seed: UInt64, machines: Int, repairers: Int, life: Distribution, repair: Distribution
  ) {
    station = FIFOStation(servers: repairers)
    self.machines = UInt32(machines)
    self.life = life
    self.repair = repair
    lives = RandomStream(seed: seed, entity: 0, purpose: 0)
    repairs = RandomStream(seed: seed, entity: 0, purpose: 1)
  }

  mutating func begin(in simulator: inout Simulator<Event>) {
    for machine in 0..<machines {
      simulator.schedule(.failure(machine), after: life.draw(&lives))
    }
  }

  mutating func handle(_ event: Event, in simulator: inout Simulator<Event>) {
    let now = simulator.now
    switch event {
    case .failure(let machine): station.arrive(machine, at: now)
    case .repaired(let machine):
      station.leave(at: now)
      simulator.schedule(.failure(machine), after: life.draw(&lives))
    }
    while let machine = station.start(at: now) {
      simulator.schedule(.repaired(machine), after: repair.draw(&repairs))
    }
  }

  static func fingerprint(of event: Event) -> UInt64 {
    switch event {
    case .failure(let machine): UInt64(machine)
    case .repaired(let machine): 1 << 32 | UInt64(machine)
    }
  }

  mutating func observe(from now: Nanoseconds) {
    start = now
    before = (station.waiting, station.serving)
  }

  /// The mean numbers down and under repair.
  func observed(at now: Nanoseconds) -> [Double] {
    let waiting = station.waiting.mean(since: before.waiting, at: start, until: now)
    let serving = station.serving.mean(since: before.serving, at: start, until: now)
    return [waiting + serving, serving]
  }

  func audit(at now: Nanoseconds) throws(StationFault) { try station.audit("repair", at: now) }
}
