internal import Measure
internal import Simulation

/// Machines on their way to become nodes.
struct Provisioning: ~Copyable {
  init(_ world: inout World) {}

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {}
}
