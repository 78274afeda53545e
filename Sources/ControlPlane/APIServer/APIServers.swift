internal import Measure
internal import Simulation

/// The API servers: in-flight limits, the cost of requests, etcd, the answer.
struct APIServers: ~Copyable {
  private enum Kind {
    /// Request `index` is decoded and admitted: it goes to etcd or to the watch cache.
    static let served: UInt8 = 0
  }

  private var servers: Table<Server>

  // Not private: the compiler (6.3.1) loses the metadata of a private type that `Cluster` destroys.
  struct Server: BitwiseCopyable {
    var processors: Processors
    var mutating: Int32 = 0
    var reading: Int32 = 0
  }

  init(_ world: inout World) {
    let parameters = world.model.apiServer
    servers = Table(capacity: parameters.servers)
    for number in 0..<parameters.servers {
      servers.append(
        Server(processors: Processors(.apiServer, lane: number, cpus: parameters.cpus)))
    }
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    let server = Int(event.lane)
    switch event.what {
    case Port.arrive: arrive(event.index, at: server, &world, &loop)
    case Kind.served: served(event.index, at: server, &world, &loop)
    case Port.stored: stored(event.index, at: server, &world, &loop)
    default: break
    }
  }

  private mutating func arrive(
    _ place: UInt32, at server: Int, _ world: inout World, _ loop: inout Loop
  ) {
    world.requests[place].arrived = loop.now
    let parameters = world.model.apiServer
    let isMutating = world.requests[place].verb.isMutating
    let inflight = isMutating ? servers[server].mutating : servers[server].reading
    let limit = isMutating ? parameters.maxMutatingInflight : parameters.maxInflight
    guard Int(inflight) < limit else {
      world.requests[place].outcome = .tooManyRequests
      world.requests[place].answered = loop.now
      return Clients.answer(place, world, &loop)
    }
    if isMutating { servers[server].mutating += 1 } else { servers[server].reading += 1 }
    world.requests[place].dispatched = loop.now
    let cost = parameters.cost(of: world.requests[place])
    servers[server].processors.spend(cost, on: place, then: Kind.served, &world, &loop)
  }

  private mutating func served(
    _ place: UInt32, at server: Int, _ world: inout World, _ loop: inout Loop
  ) {
    servers[server].processors.leave(&world, &loop)
    guard world.requests[place].verb.isMutating else {
      world.requests[place].outcome = .ok
      return finish(place, at: server, &world, &loop)
    }
    world.requests[place].proposed = loop.now
    loop.schedule(now: Event(component: .etcd, what: Port.propose, index: place))
  }

  private mutating func stored(
    _ place: UInt32, at server: Int, _ world: inout World, _ loop: inout Loop
  ) {
    if world.requests[place].outcome == .ok { world.commit(place, in: &loop) }
    finish(place, at: server, &world, &loop)
  }

  private mutating func finish(
    _ place: UInt32, at server: Int, _ world: inout World, _ loop: inout Loop
  ) {
    if world.requests[place].verb.isMutating {
      servers[server].mutating -= 1
    } else {
      servers[server].reading -= 1
    }
    world.requests[place].answered = loop.now
    Clients.answer(place, world, &loop)
  }
}
