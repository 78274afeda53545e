internal import Measure
internal import Simulation

extension Watches {
  /// How long news takes to a component; who looks on sees changes in the order of their sending.
  mutating func inOrder(
    _ wait: Nanoseconds, to component: Component, at now: Nanoseconds
  ) -> Nanoseconds {
    guard component == .load else { return wait }
    lastSeen = max(lastSeen, now + wait)
    return lastSeen - now
  }

  /// On a machine that all share, informers take CPU; the first of a small object is in the cost of
  /// a write.
  func noteWork(
    _ told: UInt32, of resource: Resource, _ world: borrowing World, _ loop: inout Loop
  ) {
    let others = resource == .pod || resource == .node ? told : told - min(told, 1)
    guard world.model.machine != nil, others > 0, world.connections.isUp(0) else { return }
    loop.schedule(
      now: Event(
        component: .apiServer, what: APIServers.Kind.tell, lane: UInt16(resource.rawValue) << 8,
        index: others))
  }
}
