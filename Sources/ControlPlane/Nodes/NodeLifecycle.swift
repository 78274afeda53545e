internal import Measure
internal import Simulation

/// The node-lifecycle controller: who has not renewed its lease is unknown, tainted, and emptied.
struct NodeLifecycle: ~Copyable {
  private enum Kind {
    static let monitor: UInt8 = 0
    static let evict: UInt8 = 1
    static let endPods: UInt8 = 2
  }

  private let parameters: ControllerParameters
  private let client: UInt32
  /// Nodes that wait for their NoExecute taint, one queue for all zones.
  private var condemned = Ring<UInt32>(capacity: 64)
  private var isCondemned: Table<Bool>
  private var isEvicting = false

  init(_ world: inout World) {
    parameters = world.model.controllers
    client = world.add(
      Client(owner: .lifecycle, identity: .kubeControllerManager),
      rate: parameters.qps, burst: parameters.burst)
    isCondemned = Table(repeating: false, count: world.nodes.count)
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start, Kind.monitor: monitor(&world, &loop)
    case Kind.evict: evict(&world, &loop)
    case Kind.endPods: endPods(on: event.index, &world, &loop)
    case Port.reply: _ = world.finish(event.index)
    default: break
    }
  }

  /// Every `--node-monitor-period` all nodes are looked at.
  private mutating func monitor(_ world: inout World, _ loop: inout Loop) {
    loop.schedule(
      Event(component: .lifecycle, what: Kind.monitor), after: parameters.nodeMonitorPeriod)
    for node in world.nodes.indices where world.nodes[node].isRegistered {
      let silence = loop.now - world.nodes[node].renewed
      if silence > parameters.nodeMonitorGracePeriod, world.nodes[node].condition == .ready {
        markUnknown(UInt32(node), &world, &loop)
      } else if silence <= parameters.nodeMonitorGracePeriod, isCondemned[node] {
        isCondemned[node] = false
        patchTaints(UInt32(node), 0, &world, &loop)
      }
    }
  }

  private mutating func markUnknown(
    _ node: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    var request = Request(.patch, .nodeStatus, client: client, object: node)
    request.argument = UInt32(NodeCondition.unknown.rawValue)
    request.bytes = 20_000
    world.submit(request, in: &loop)
    patchTaints(node, Taint.unreachableNoSchedule, &world, &loop)
    guard !isCondemned[Int(node)] else { return }
    isCondemned[Int(node)] = true
    condemned.append(node)
    guard !isEvicting else { return }
    isEvicting = true
    loop.schedule(now: Event(component: .lifecycle, what: Kind.evict))
  }

  /// Nodes are tainted NoExecute at a limited rate, lower where most of a zone is away.
  private mutating func evict(_ world: inout World, _ loop: inout Loop) {
    while condemned.count > 0 {
      let node = condemned.removeFirst()
      guard isCondemned[Int(node)] else { continue }
      patchTaints(
        node, Taint.unreachableNoSchedule | Taint.unreachableNoExecute, &world, &loop)
      loop.schedule(
        Event(component: .lifecycle, what: Kind.endPods, index: node),
        after: parameters.unreachableToleration)
      let rate = evictionRate(world)
      guard rate > 0 else { break }
      loop.schedule(
        Event(component: .lifecycle, what: Kind.evict),
        after: Nanoseconds(Int64(1e9 / rate)))
      return
    }
    isEvicting = false
  }

  /// Nodes per second (`handleDisruption` and `ReducedQPSFunc` of the controller).
  private func evictionRate(_ world: borrowing World) -> Double {
    let total = world.nodes.indices.count { world.nodes[$0].isRegistered }
    let away = world.nodes.indices.count {
      world.nodes[$0].isRegistered && world.nodes[$0].condition != .ready
    }
    guard Double(away) >= parameters.unhealthyZoneThreshold.value * Double(total) else {
      return parameters.evictionRate.perSecond
    }
    return total > parameters.largeClusterThreshold
      ? parameters.secondaryEvictionRate.perSecond : 0
  }

  private func patchTaints(
    _ node: UInt32, _ taints: UInt16, _ world: inout World, _ loop: inout Loop
  ) {
    let lasting = world.nodes[Int(node)].taints & (Taint.bareMetal | Taint.cordoned)
    var request = Request(.patch, .node, client: client, object: node)
    request.argument = UInt32(taints | lasting)
    request.bytes = 20_000
    world.submit(request, in: &loop)
  }

  /// The toleration is over: pods of a node that is still away are deleted.
  private func endPods(on node: UInt32, _ world: inout World, _ loop: inout Loop) {
    guard isCondemned[Int(node)] else { return }
    for pod in world.livePods(on: node) {
      world.submit(Request(.delete, .pod, client: client, object: pod), in: &loop)
    }
  }
}
