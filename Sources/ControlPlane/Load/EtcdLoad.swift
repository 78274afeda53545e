public import Measure
internal import Simulation

/// Clients of etcd itself, beside the API servers: what a benchmark of etcd puts on it.
///
/// Each has a member that it is connected to, the members in turn. Their keys are none of
/// Kubernetes': no watch cache hears of them.
public struct EtcdLoad: Hashable, Codable, Sendable {
  /// What a client does.
  public enum Act: String, Hashable, Codable, CaseIterable, Sendable {
    /// Write one key.
    case put
    /// Read one key, confirmed with a quorum.
    case linearizableRead = "linearizable-read"
    /// Read one key as the member has it.
    case serializableRead = "serializable-read"
  }

  /// How many send the next request when the last is answered.
  public var clients = 0
  /// Requests that come by themselves, a Poisson process, whatever becomes of those before.
  public var rate = Rate(perSecond: 0)
  /// What each does.
  public var act = Act.put
  /// Bytes of a value that is written.
  public var valueSize = ByteCount(256)

  /// None.
  public init() {}

  /// Whether there are any.
  public var isThere: Bool { clients > 0 || rate.perSecond > 0 }
}

/// What clients of etcd saw.
public struct EtcdLoadOutcome: Hashable, Sendable {
  /// From the wish to the answer, of requests that were answered in the measured time.
  public var latency: LatencyDistribution
  /// Requests that etcd refused or lost.
  public var failed: UInt64
  /// Entries for each sync of the leader's log; nil without a sync.
  public var entriesPerSync: Double?
}

/// The clients of an ``EtcdLoad`` as they run.
struct EtcdLoadClients: ~Copyable {
  /// Kinds of the load's events that are theirs.
  enum Kind {
    /// Client `index` wants its next request; of the open loop, the next request is due.
    static let send: UInt8 = 0x10
    /// Request `index` has come to its member.
    static let arrived: UInt8 = 0x11
    /// Its answer has come to the client.
    static let answered: UInt8 = 0x12

    static func contains(_ what: UInt8) -> Bool {
      send...answered ~= what || what == Port.stored
    }
  }

  /// A client that was refused does not come back at once.
  private static let pauseAfterFailure = Nanoseconds.milliseconds(10)

  private let parameters: EtcdLoad
  private let begin: Nanoseconds
  private let halfTrip: Nanoseconds
  private let gap: Distribution?
  private var stream: RandomStream
  private var client: UInt32 = 0
  private var latency = LatencyHistogram()
  private var failed: UInt64 = 0

  init(_ world: inout World) {
    parameters = world.load.etcdLoad
    begin = world.load.warmUp
    halfTrip = Nanoseconds(world.model.etcd.roundTrip.count / 2)
    stream = world.stream(.load, of: 2)
    let rate = parameters.rate.perSecond
    gap =
      rate > 0
      ? Distribution.known(try .exponential(mean: Nanoseconds(Int64(1e9 / rate)))) : nil
    if parameters.isThere { client = world.add(Client(owner: .load, identity: .admin)) }
  }

  func start(_ loop: inout Loop) {
    for number in 0..<UInt32(parameters.clients) {
      loop.schedule(now: Event(component: .load, what: Kind.send, index: number))
    }
    if gap != nil { loop.schedule(now: Event(component: .load, what: Kind.send, lane: 1)) }
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Kind.send:
      send(event.index, &world, &loop)
      guard event.lane == 1, let gap else { return }
      var next = event
      next.index &+= 1
      loop.schedule(next, after: gap.draw(&stream))
    case Kind.arrived:
      let isRead = parameters.act != .put
      loop.schedule(
        now: Event(
          component: .etcd, what: isRead ? Port.read : Port.propose,
          lane: parameters.act == .linearizableRead ? 1 : 0, index: event.index))
    case Port.stored:
      loop.schedule(
        Event(component: .load, what: Kind.answered, index: event.index), after: halfTrip)
    default: answered(event.index, &world, &loop)
    }
  }

  private func send(_ number: UInt32, _ world: inout World, _ loop: inout Loop) {
    // What it writes stands for a key of its own: a commit of this resource changes nothing.
    var request = Request(
      parameters.act == .put ? .update : .get, .leaderLease, client: client, object: number)
    request.isDirect = true
    request.server = UInt8(Int(number) % world.model.etcd.members)
    request.bytes = UInt32(parameters.valueSize.count)
    request.wished = loop.now
    request.proposed = loop.now + halfTrip
    let place = world.requests.insert(request)
    loop.schedule(Event(component: .load, what: Kind.arrived, index: place), after: halfTrip)
  }

  private mutating func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.requests.remove(place)
    let isGood = request.outcome == .ok
    if loop.now >= begin {
      if isGood {
        latency.record(UInt64((loop.now - request.wished).count))
      } else {
        failed += 1
      }
    }
    guard gap == nil else { return }
    loop.schedule(
      Event(component: .load, what: Kind.send, index: request.object),
      after: isGood ? .zero : Self.pauseAfterFailure)
  }

  /// What they saw, with etcd's own count of its log; nil if there are none.
  func outcome(_ counters: borrowing EtcdCounters) -> EtcdLoadOutcome? {
    guard parameters.isThere else { return nil }
    let syncs = counters.walSyncs.count
    return EtcdLoadOutcome(
      latency: latency.snapshot(), failed: failed,
      entriesPerSync: syncs == 0 ? nil : Double(counters.proposals) / Double(syncs))
  }
}
