internal import Measure
internal import Simulation

/// An etcd cluster: raft, the write-ahead log, the backend, elections.
struct Etcd: ~Copyable {
  init(_ world: borrowing World) {}

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    guard event.what == Port.propose else { return }
    world.requests[event.index].committed = loop.now
    world.requests[event.index].stored = loop.now
    world.requests[event.index].outcome = .ok
    loop.schedule(
      Event(component: .apiServer, what: Port.stored, index: event.index), after: .milliseconds(1))
  }
}
