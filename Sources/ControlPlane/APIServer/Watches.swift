internal import Measure
internal import Simulation

/// The watch caches, and who is told of which change.
struct Watches: ~Copyable {
  init(_ world: inout World) {}

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {}
}
