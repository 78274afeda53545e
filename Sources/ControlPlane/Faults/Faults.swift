internal import Measure
internal import Simulation

/// What goes wrong by the load's description, and what comes back.
struct Faults: ~Copyable {
  private var stream: RandomStream

  init(_ world: inout World) { stream = world.stream(.fault) }
}

extension Cluster {
  /// Faults reach into every component.
  mutating func handleFault(_ event: Event, _ loop: inout Loop) {}
}
