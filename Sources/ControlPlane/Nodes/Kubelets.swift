internal import Measure
internal import Simulation

/// The kubelets: leases, status, pods.
struct Kubelets: ~Copyable {
  /// Kinds of events of its own.
  private enum Kind { static let renew: UInt8 = 0 }
  private var firstClient: UInt32 = 0

  init(_ world: inout World) {
    firstClient = UInt32(world.clients.count)
    for number in 0..<world.model.nodes.count {
      world.nodes.append(Node())
      _ = world.add(Client(owner: .kubelet, identity: .node, flow: UInt32(number)))
    }
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start:
      for node in world.nodes.indices {
        var stream = world.stream(.kubelet, of: UInt32(node))
        let interval = UInt64(world.model.nodes.leaseInterval.count)
        loop.schedule(
          Event(component: .kubelet, what: Kind.renew, index: UInt32(node)),
          after: Nanoseconds(Int64(stream.below(interval))))
      }
    case Kind.renew:
      let request = Request(
        .update, .lease, client: firstClient + event.index, object: event.index)
      world.submit(request, in: &loop)
      loop.schedule(event, after: world.model.nodes.leaseInterval)
    case Port.reply:
      let request = world.finish(event.index)
      world.nodes[Int(request.object)].renewed = loop.now
    default: break
    }
  }
}
