internal import Measure
internal import Simulation

/// The client's side of requests: client-go's rate limiter, connection, retries and back-off.
struct Clients: ~Copyable {
  private enum Kind {
    /// The limiter lets request `index` go.
    static let send: UInt8 = 0
    /// The answer to request `index` has arrived.
    static let answered: UInt8 = 1
  }

  init(_ world: inout World) {}

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.submit: submit(event.index, &world, &loop)
    case Kind.send: send(event.index, &world, &loop)
    case Kind.answered: answered(event.index, &world, &loop)
    default: break
    }
  }

  private func submit(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let limiter = world.clients[Int(world.requests[place].client)].limiter
    guard limiter != Client.unlimited else { return send(place, &world, &loop) }
    let wait = world.limiters[Int(limiter)].reserve(at: loop.now)
    loop.schedule(Event(component: .client, what: Kind.send, index: place), after: wait)
  }

  private func send(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let server = world.clients[Int(world.requests[place].client)].server
    world.requests[place].server = server
    world.requests[place].sent = loop.now
    loop.schedule(
      Event(component: .apiServer, what: Port.arrive, lane: UInt16(server), index: place),
      after: world.model.apiServer.halfTrip)
  }

  /// Sends the answer on its way to the client.
  static func answer(_ place: UInt32, _ world: borrowing World, _ loop: inout Loop) {
    loop.schedule(
      Event(component: .client, what: Kind.answered, index: place),
      after: world.model.apiServer.halfTrip)
  }

  /// The owner is told, unless a refused request has attempts left (Retry-After is 1 s).
  private func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.requests[place]
    let client = world.clients[Int(request.client)]
    if request.outcome != .ok, request.attempt + 1 < client.attempts {
      world.requests[place].attempt += 1
      world.requests[place].outcome = .pending
      loop.schedule(
        Event(component: .client, what: Port.submit, index: place), after: .seconds(1))
    } else {
      loop.schedule(now: Event(component: client.owner, what: Port.reply, index: place))
    }
  }
}
