internal import Measure
internal import Simulation

/// The API servers: admission by priority and fairness, the cost of requests, etcd, the answer.
struct APIServers: ~Copyable {
  init(_ world: inout World) {}

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.arrive:
      world.requests[event.index].arrived = loop.now
      world.requests[event.index].dispatched = loop.now
      world.requests[event.index].proposed = loop.now
      loop.schedule(now: Event(component: .etcd, what: Port.propose, index: event.index))
    case Port.stored:
      world.requests[event.index].answered = loop.now
      let owner = world.clients[Int(world.requests[event.index].client)].owner
      loop.schedule(
        Event(component: owner, what: Port.reply, index: event.index), after: .microseconds(250))
    default: break
    }
  }
}
