internal import Measure
internal import Simulation

/// CoreDNS, Prometheus and Fluent Bit as load.
struct AddOns: ~Copyable {
  init(_ world: inout World) {}

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {}
}
