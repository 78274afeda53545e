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
  /// From a client to a member and back.
  public var clientRoundTrip = Nanoseconds.zero
  /// CPU that a request costs its client, half of it before it is sent; it counts where all members
  /// run on one machine, which is the clients' too, and otherwise clients have CPUs enough.
  public var clientCPU = Nanoseconds.zero
  /// CPU that each turn of a client's thread costs, however many requests or answers it takes.
  public var clientTurnCPU = Nanoseconds.zero
  /// Threads that the clients share; what waits for a thread's turn is sent, or taken, together.
  public var clientThreads = 4
  /// Whether all send to the leader's member rather than one after the other.
  public var toLeader = true
  /// The time before anything is measured, and the time measured.
  public var warmUp = Nanoseconds.seconds(1)
  /// The time measured.
  public var duration = Nanoseconds.seconds(10)
  /// Whether the leader stops at the end of the warm-up; clients send from then on only, since raft
  /// takes an entry for a heartbeat.
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
  private enum Kind {
    static let arrive: UInt8 = 0
    static let measure: UInt8 = 1
    /// The client has had the CPU that it takes to send, or to take the answer.
    static let sent: UInt8 = 2
    static let received: UInt8 = 3
    /// The request, or the answer, has come over the network.
    static let arrived: UInt8 = 4
    static let answered: UInt8 = 5
  }

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
    etcd.machines.makeGates(2 * max(1, trial.clientThreads))
    _ = world.add(Client(owner: .load, identity: .admin))
  }

  func start(_ loop: inout Loop) {
    loop.schedule(now: Event(component: .etcd, what: Port.start))
    loop.schedule(Event(component: .load, what: Kind.measure), after: trial.warmUp)
    if !trial.leaderStops { startClients(&loop) }
  }

  private func startClients(_ loop: inout Loop) {
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
      begin(client: event.index, &loop)
      if let gap {
        var next = event
        next.index &+= 1
        loop.schedule(next, after: gap.draw(&stream))
      }
    case (.load, Kind.measure): measure(&loop)
    case (.load, Port.batch):
      etcd.machines.leave(0, &loop)
      var next = event.index
      while let job = etcd.machines.takeJob(next) {
        loop.schedule(now: job.event)
        next = job.next
      }
    case (.load, Kind.sent):
      loop.schedule(
        Event(component: .load, what: Kind.arrived, index: event.index), after: halfTrip)
    case (.load, Kind.arrived): submit(event.index, &loop)
    case (.apiServer, Port.stored): take(event.index, &loop)
    case (.load, Kind.received), (.load, Kind.answered): answered(event.index, &loop)
    default: preconditionFailure("etcd alone has no such event")
    }
  }

  private var halfTrip: Nanoseconds { Nanoseconds(trial.clientRoundTrip.count / 2) }
  private var halfCPU: Nanoseconds? {
    let isShared = trial.parameters.placement == .oneMachine && trial.clientCPU > .zero
    return isShared ? Nanoseconds(trial.clientCPU.count / 2) : nil
  }

  /// The thread of a client; those of an open loop take turns.
  private func gate(of client: UInt32) -> Int { Int(client) % max(1, trial.clientThreads) }

  private mutating func begin(client: UInt32, _ loop: inout Loop) {
    var request = Request(
      trial.operation == .put ? .update : .get, .lease, client: 0, object: client)
    let member = trial.toLeader ? etcd.leader ?? 0 : Int(client) % trial.parameters.members
    request.server = UInt8(member)
    request.bytes = UInt32(trial.valueSize.count)
    request.wished = loop.now
    let place = world.requests.insert(request)
    if let halfCPU {
      let sent = Event(component: .load, what: Kind.sent, index: place)
      etcd.machines.spend(
        halfCPU, and: trial.clientTurnCPU, then: sent, at: gate(of: client), &loop)
    } else {
      loop.schedule(Event(component: .load, what: Kind.arrived, index: place), after: halfTrip)
    }
  }

  private mutating func submit(_ place: UInt32, _ loop: inout Loop) {
    world.requests[place].proposed = loop.now
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
    startClients(&loop)
    etcd.stop(leader, &world, &loop)
  }

  /// The answer is on its way to the client.
  private mutating func take(_ place: UInt32, _ loop: inout Loop) {
    if let halfCPU {
      let received = Event(component: .load, what: Kind.received, index: place)
      let gate = gate(of: world.requests[place].object) + trial.clientThreads
      etcd.machines.spend(halfCPU, and: trial.clientTurnCPU, then: received, at: gate, &loop)
    } else {
      loop.schedule(Event(component: .load, what: Kind.answered, index: place), after: halfTrip)
    }
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
