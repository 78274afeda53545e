internal import Measure
internal import Simulation

/// The watchdog of nodes that stand by: they are cordoned until others of their pool are not ready.
///
/// Kubernetes has no such thing; small clusters keep a machine for it. It lists nodes at an
/// interval, uncordons as many as are missing, and cordons again when those are back; pods that
/// run there by then stay.
struct StandbyNodes: ~Copyable {
  private let interval: Nanoseconds
  private let client: UInt32
  /// Whether any node stands by.
  let isOn: Bool

  init(_ world: inout World) {
    interval = world.model.nodes.standbyInterval
    isOn = world.model.nodes.pools.contains { $0.standby > 0 }
    let client = Client(owner: .autoscaler, identity: .kubeSystem, flow: 3)
    self.client = isOn ? world.add(client) : 0
  }

  func owns(_ client: UInt32) -> Bool { isOn && client == self.client }

  func start(_ loop: inout Loop) {
    guard isOn else { return }
    loop.schedule(
      Event(component: .autoscaler, what: Autoscalers.Kind.standby), after: interval)
  }

  /// It looks, once in an interval.
  func look(_ world: inout World, _ loop: inout Loop) {
    start(&loop)
    var request = Request(.list, .node, client: client)
    request.scope = .cluster
    request.objects = UInt32(clamping: world.registeredNodes)
    request.bytes = UInt32(clamping: Int64(request.objects) * Resource.node.objectBytes)
    world.submit(request, in: &loop)
  }

  func answered(_ request: Request, _ world: inout World, _ loop: inout Loop) {
    guard request.verb == .list, request.outcome == .ok else { return }
    for pool in world.model.nodes.pools.indices where world.model.nodes.pools[pool].standby > 0 {
      balance(pool, &world, &loop)
    }
  }

  /// Lets as many nodes step in as are missing.
  ///
  /// O(nodes).
  private func balance(_ pool: Int, _ world: inout World, _ loop: inout Loop) {
    var missing = 0
    for number in world.nodes.indices where Int(world.nodes[number].pool) == pool {
      let node = world.nodes[number]
      if node.isRegistered, !node.isStandby, node.condition != .ready { missing += 1 }
    }
    for number in world.nodes.indices where Int(world.nodes[number].pool) == pool {
      let node = world.nodes[number]
      guard node.isRegistered, node.isStandby, node.condition == .ready else { continue }
      let stepsIn = missing > 0
      missing -= stepsIn ? 1 : 0
      guard stepsIn == (node.taints & Taint.cordoned != 0) else { continue }
      var request = Request(.patch, .node, client: client, object: UInt32(number))
      request.argument =
        stepsIn
        ? Taint.change(set: 0, clear: Taint.cordoned) : Taint.change(set: Taint.cordoned, clear: 0)
      request.bytes = UInt32(Resource.node.objectBytes)
      world.submit(request, in: &loop)
    }
  }
}
