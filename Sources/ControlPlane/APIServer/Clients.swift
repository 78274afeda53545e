internal import Measure
internal import Simulation

/// The client's side of requests: client-go's rate limiter, connection, timeout, retries and
/// back-off.
struct Clients: ~Copyable {
  private let standing = Standing()
  private enum Kind {
    /// The limiter lets request `index` go.
    static let send: UInt8 = 0
    /// The answer to request `index` has arrived.
    static let answered: UInt8 = 1
    /// The client has waited long enough for request `index`.
    static let gaveUp: UInt8 = 2
    /// Request `index` is made, and its answer read, on a machine where that takes CPU from others.
    static let made: UInt8 = 3
    static let read: UInt8 = 4
    /// An event is read; request `index` stands for the work.
    static let tookIn: UInt8 = 5
  }

  /// To `client`: so many informers of process `lane` as `index` says have an event to read; the
  /// lane's high byte is the resource.
  static let takeIn: UInt8 = 6

  /// How long requests waited for their own client's limiter (`rest_client_rate_limiter_duration`).
  private(set) var throttled = LatencyHistogram()
  /// How often requests were sent again.
  private(set) var retries: UInt64 = 0

  /// The CPUs that the processes with clients can use: those of nodes and load, the controller
  /// manager's and the scheduler's.
  private var processes: Table<Processors>

  init(_ world: inout World) {
    processes = Table(capacity: 3)
    for process in 0..<3 {
      processes.append(
        Processors(.client, lane: process, cpus: world.model.machine?.cpus ?? 1))
    }
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.submit: submit(event.index, &world, &loop)
    case Kind.send: send(event.index, &world, &loop)
    case Kind.answered: answered(event.index, &world, &loop)
    case Kind.gaveUp: gaveUp(event.index, &world, &loop)
    case Kind.made:
      processes[Int(event.lane)].leave(&world, &loop)
      depart(event.index, &world, &loop)
    case Kind.read:
      processes[Int(event.lane)].leave(&world, &loop)
      conclude(event.index, &world, &loop)
    case Self.takeIn: takeIn(event, &world, &loop)
    case Kind.tookIn:
      processes[Int(event.lane)].leave(&world, &loop)
      world.requests.remove(event.index)
    default: break
    }
  }

  private mutating func submit(
    _ place: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    let limiter = world.clients[Int(world.requests[place].client)].limiter
    guard limiter != Client.unlimited else { return send(place, &world, &loop) }
    let wait = world.limiters[Int(limiter)].reserve(at: loop.now)
    throttled.record(UInt64(wait.count))
    world.requests[place].throttled = world.requests[place].throttled + wait
    loop.schedule(Event(component: .client, what: Kind.send, index: place), after: wait)
  }

  /// The process that a client belongs to.
  private static func process(of client: Client) -> Int {
    switch client.identity {
    case .kubeControllerManager: controllerManager
    case .kubeScheduler: 2
    default: 0
    }
  }

  static let controllerManager = 1

  /// Half of a request's CPU is spent before it leaves, half when its answer is there.
  private mutating func spend(
    on place: UInt32, then what: UInt8, _ world: inout World, _ loop: inout Loop
  ) {
    let process = Self.process(of: world.clients[Int(world.requests[place].client)])
    let cost = Nanoseconds((world.model.machine?.clientCPU.count ?? 0) / 2)
    processes[process].spend(cost, on: place, then: what, &world, &loop)
  }

  private mutating func takeIn(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    guard let machine = world.model.machine,
      let resource = Resource(rawValue: UInt8(event.lane >> 8))
    else { return }
    let process = Int(event.lane & 0xFF)
    let place = world.requests.insert(Request(.watch, resource, client: 0))
    let each =
      process == Self.controllerManager
      ? machine.controllerCPU : machine.cost(machine.watcherCPU, ofEvent: resource)
    processes[process].spend(
      each * Int64(event.index), on: place, then: Kind.tookIn, &world, &loop)
  }

  private mutating func send(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    world.requests[place].sent = loop.now
    guard world.model.machine != nil else { return depart(place, &world, &loop) }
    spend(on: place, then: Kind.made, &world, &loop)
  }

  private mutating func depart(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let number = Int(world.requests[place].client)
    var wait = world.model.apiServer.halfTrip
    if !world.connections.isUp(Int(world.clients[number].server)) {
      let opening = world.connections.listening(at: loop.now)
      guard let server = world.connections.connect() ?? opening?.server else {
        // No one listens: the connection is refused a round trip later.
        world.requests[place].outcome = .unavailable
        return loop.schedule(
          Event(component: .client, what: Kind.answered, index: place),
          after: world.model.apiServer.roundTrip)
      }
      world.clients[number].server = server
      if let opening, opening.server == server { wait = wait + opening.serves - loop.now }
    }
    let server = world.clients[number].server
    world.requests[place].server = server
    world.requests[place].answered = .zero
    loop.schedule(
      Event(component: .apiServer, what: Port.arrive, lane: UInt16(server), index: place),
      after: wait)
    let timeout = world.clients[number].timeout
    guard timeout > .zero else { return }
    world.requests[place].timer = loop.arm(
      Event(component: .client, what: Kind.gaveUp, index: place), after: timeout)
  }

  /// Sends the answer on its way to the client.
  static func answer(_ place: UInt32, _ world: borrowing World, _ loop: inout Loop) {
    loop.schedule(
      Event(component: .client, what: Kind.answered, index: place),
      after: world.model.apiServer.halfTrip)
  }

  /// The attempt is given up; what the server has of it becomes an orphan.
  private mutating func gaveUp(
    _ place: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    // An answer that is on its way comes before anything else could.
    guard world.requests[place].answered == .zero else { return }
    let other = world.abandon(place)
    loop.schedule(now: Event(component: .apiServer, what: Port.cancel, index: place))
    world.requests[other].outcome = .timeout
    world.requests[other].answered = loop.now
    conclude(other, &world, &loop)
  }

  private mutating func answered(
    _ place: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    loop.cancel(world.requests[place].timer)
    guard world.model.machine != nil else { return conclude(place, &world, &loop) }
    spend(on: place, then: Kind.read, &world, &loop)
  }

  /// The owner is told, unless a failed request has attempts left.
  private mutating func conclude(
    _ place: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    let request = world.requests[place]
    world.observations.answered(request)
    let client = world.clients[Int(request.client)]
    world.sightings.note(request, of: client.owner, at: loop.now)
    guard request.outcome.isTransient, request.attempt + 1 < client.attempts else {
      return loop.schedule(now: Event(component: client.owner, what: Port.reply, index: place))
    }
    retries += 1
    world.requests[place].attempt += 1
    world.requests[place].outcome = .pending
    loop.schedule(
      Event(component: .client, what: Port.submit, index: place),
      after: Self.pause(before: request, by: client, world.model.apiServer.flowControl))
  }

  /// What the server says on 429 (Retry-After), else the client's own back-off, doubled each time.
  private static func pause(
    before request: Request, by client: Client, _ parameters: FlowControlParameters
  ) -> Nanoseconds {
    if request.outcome == .tooManyRequests { return parameters.retryAfter }
    let doublings = min(Int64(request.attempt), 30)
    return min(client.longestBackOff, Nanoseconds(client.backOff.count << doublings))
  }
}

extension Outcome {
  /// Whether a client tries again by itself; the others are for its owner to judge.
  var isTransient: Bool { self == .tooManyRequests || self == .timeout || self == .unavailable }
}
