internal import Measure
internal import Simulation

extension Watches {
  /// On a machine that all share, informers take CPU; the first is in the cost of a write.
  func noteWork(
    _ told: UInt32, _ world: borrowing World, _ loop: inout Loop
  ) {
    guard world.model.machine != nil, told > 1, world.connections.isUp(0) else { return }
    loop.schedule(
      now: Event(component: .apiServer, what: APIServers.Kind.tell, index: told - 1))
  }
}
