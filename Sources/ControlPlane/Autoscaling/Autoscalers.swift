internal import Measure
internal import Simulation

/// The horizontal pod autoscaler and the cluster autoscaler.
struct Autoscalers: ~Copyable {
  init(_ world: inout World) {}

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {}
}
