internal import Measure
internal import Simulation

/// Time series: what is read from all components every `sampling` of the load.
struct Sampler: ~Copyable {
  init(_ world: borrowing World) {}
}

extension Cluster {
  /// Takes a sample and schedules the next.
  mutating func sample(_ event: Event, _ loop: inout Loop) {}
}
