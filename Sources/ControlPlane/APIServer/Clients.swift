internal import Measure
internal import Simulation

/// The client's side of requests: client-go's rate limiter, connection, retries and back-off.
struct Clients: ~Copyable {
  init(_ world: inout World) {}

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    guard event.what == Port.submit else { return }
    world.requests[event.index].sent = loop.now
    loop.schedule(
      Event(component: .apiServer, what: Port.arrive, index: event.index),
      after: .microseconds(250))
  }
}
