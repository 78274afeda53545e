public import Measure
internal import Simulation

/// etcd alone under clients, as `assay calibrate etcd` drives the real one.
public struct EtcdTrial: Sendable {
  /// What the clients do.
  public enum Operation: String, Codable, CaseIterable, Sendable {
    /// Write one key.
    case put
    /// Read one key, confirmed with a quorum.
    case linearizableRead
    /// Read one key as the member has it.
    case serializableRead
  }

  /// When the clients send.
  public enum Arrival: Hashable, Codable, Sendable {
    /// So many clients, each with one request at a time.
    case closed(clients: Int)
    /// Poisson at a rate.
    case poisson(Rate)
  }

  /// The cluster.
  public var parameters: EtcdParameters
  /// What the clients do.
  public var operation = Operation.put
  /// When they send.
  public var arrival = Arrival.closed(clients: 1)
  /// Bytes of a value.
  public var valueSize = ByteCount(256)
  /// Whether all send to the leader's member rather than one after the other.
  public var toLeader = true
  /// The time before anything is measured, and the time measured.
  public var warmUp = Nanoseconds.seconds(1)
  /// The time measured.
  public var duration = Nanoseconds.seconds(10)
  /// What happens to the leader at the end of the warm-up.
  public var leaderStops = false
  /// What all random numbers follow from.
  public var seed: UInt64 = 1

  /// One client that puts 256 bytes at a time.
  public init(parameters: EtcdParameters) { self.parameters = parameters }

  /// Simulates it.
  ///
  /// O(events).
  public func run() -> EtcdOutcome {
    var model = EtcdClients(self)
    var loop = Loop(capacity: 4096)
    model.start(&loop)
    let stop = loop.run(&model, until: warmUp + duration, limit: 2_000_000_000)
    return model.outcome(events: loop.handled, trace: loop.trace.value, stop)
  }
}

/// What etcd showed under its clients.
public struct EtcdOutcome: Sendable {
  /// Answers in the measured time, those that were refused left out.
  public var completed: UInt64
  /// Answers per second of the measured time.
  public var throughput: Rate
  /// From the wish to the answer.
  public var latency: LatencyDistribution
  /// Entries for each write of the leader's log.
  public var batch: Double
  /// The leader's fdatasync.
  public var walSync: LatencyDistribution
  /// Answers other than good ones.
  public var failed: UInt64
  /// From the leader's stop to the first good answer; nil without one.
  public var outage: Nanoseconds?
  /// How often the leader changed.
  public var leaderChanges: UInt64
  /// Candidacies, won or not.
  public var campaigns: UInt64
  /// The size of the database's file.
  public var databaseSize: ByteCount
  /// How many events happened.
  public var events: UInt64
  /// The hash of all of them.
  public var trace: UInt64
}

/// The model: etcd and the clients before it.
struct EtcdClients: Model, ~Copyable {
  private enum Kind { static let arrive: UInt8 = 0, measure: UInt8 = 1 }

  /// A client that was refused does not come back at once.
  private static let pauseAfterFailure = Nanoseconds.milliseconds(10)

  let trial: EtcdTrial
  var world: World
  var etcd: Etcd
  private var stream: RandomStream
  private var gap: Distribution?
  private var latency = LatencyHistogram()
  private var failed: UInt64 = 0
  private var stopped: Nanoseconds?
  private var outage: Nanoseconds?
  private var proposalsBefore: UInt64 = 0

  init(_ trial: EtcdTrial) {
    self.trial = trial
    var model = ClusterModel()
    model.etcd = trial.parameters
    world = World(model: model, load: ClusterLoad(), seed: trial.seed)
    etcd = Etcd(world)
    stream = world.stream(.load)
    if case .poisson(let rate) = trial.arrival {
      let mean = Nanoseconds(Int64(1e9 / rate.perSecond))
      gap = Distribution.known(try .exponential(mean: mean))
    }
    _ = world.add(Client(owner: .load, identity: .admin))
  }

  func start(_ loop: inout Loop) {
    loop.schedule(now: Event(component: .etcd, what: Port.start))
    loop.schedule(Event(component: .load, what: Kind.measure), after: trial.warmUp)
    switch trial.arrival {
    case .closed(let clients):
      for client in 0..<clients {
        loop.schedule(now: Event(component: .load, what: Kind.arrive, index: UInt32(client)))
      }
    case .poisson: loop.schedule(now: Event(component: .load, what: Kind.arrive))
    }
  }

  mutating func handle(_ event: Event, in loop: inout Loop) {
    switch (event.component, event.what) {
    case (.etcd, _): etcd.handle(event, &world, &loop)
    case (.load, Kind.arrive):
      send(client: event.index, &loop)
      if let gap { loop.schedule(event, after: gap.draw(&stream)) }
    case (.load, Kind.measure): measure(&loop)
    case (.apiServer, Port.stored): answered(event.index, &loop)
    case (.machine, _): world.machine.handle(event, &loop)
    default: preconditionFailure("etcd alone has no such event")
    }
  }

  private mutating func send(client: UInt32, _ loop: inout Loop) {
    var request = Request(
      trial.operation == .put ? .update : .get, .lease, client: 0, object: client)
    let member = trial.toLeader ? etcd.leader ?? 0 : Int(client) % trial.parameters.members
    request.server = UInt8(member)
    request.bytes = UInt32(trial.valueSize.count)
    request.wished = loop.now
    request.proposed = loop.now
    let place = world.requests.insert(request)
    switch trial.operation {
    case .put:
      loop.schedule(now: Event(component: .etcd, what: Port.propose, index: place))
    case .linearizableRead:
      loop.schedule(now: Event(component: .etcd, what: Port.read, lane: 1, index: place))
    case .serializableRead:
      loop.schedule(now: Event(component: .etcd, what: Port.read, index: place))
    }
  }

  private mutating func measure(_ loop: inout Loop) {
    latency.reset()
    failed = 0
    proposalsBefore = etcd.counters.proposals
    etcd.counters.walSyncs.reset()
    guard trial.leaderStops, let leader = etcd.leader else { return }
    stopped = loop.now
    etcd.stop(leader, &world, &loop)
  }

  private mutating func answered(_ place: UInt32, _ loop: inout Loop) {
    let request = world.requests.remove(place)
    if request.outcome == .ok {
      latency.record(UInt64((loop.now - request.wished).count))
      if let stopped, outage == nil, request.wished > stopped { outage = loop.now - stopped }
    } else {
      failed += 1
    }
    guard case .closed = trial.arrival else { return }
    let again = Event(component: .load, what: Kind.arrive, index: request.object)
    loop.schedule(again, after: request.outcome == .ok ? .zero : Self.pauseAfterFailure)
  }

  func outcome(events: UInt64, trace: UInt64, _ stop: Stop) -> EtcdOutcome {
    let seconds = trial.duration.inSeconds
    let syncs = etcd.counters.walSyncs.count
    let proposals = etcd.counters.proposals - proposalsBefore
    return EtcdOutcome(
      completed: latency.count, throughput: Rate(perSecond: Double(latency.count) / seconds),
      latency: latency.snapshot(),
      batch: syncs == 0 ? 0 : Double(proposals) / Double(syncs),
      walSync: etcd.counters.walSyncs.snapshot(), failed: failed, outage: outage,
      leaderChanges: etcd.counters.leaderChanges, campaigns: etcd.counters.campaigns,
      databaseSize: ByteCount(etcd.database.file), events: events, trace: trace)
  }

  static func fingerprint(of event: Event) -> UInt64 { Cluster.fingerprint(of: event) }
}
