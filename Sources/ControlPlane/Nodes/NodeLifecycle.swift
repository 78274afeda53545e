internal import Measure
internal import Simulation

/// The node-lifecycle controller: who has not renewed its lease is unknown, tainted, and emptied.
///
/// pkg/controller/nodelifecycle of Kubernetes 1.22: `monitorNodeHealth` looks at all nodes and
/// marks, one after the other, those that are silent and their pods; `doNoExecuteTaintingPass` has
/// a queue and a rate limiter for each zone (`NodeLifecycle+Zones`); the taint manager deletes the
/// pods of tainted nodes when their toleration is over; the pod garbage collector those of nodes
/// that are gone.
struct NodeLifecycle: ~Copyable {
  private let standing = Standing()
  enum Kind {
    static let monitor: UInt8 = 0
    static let taintPass: UInt8 = 1
    /// The tolerations of the pods on node `index` are over.
    static let endPods: UInt8 = 2
    /// The garbage collector looks for pods of node `index`, which is gone.
    static let collect: UInt8 = 3
  }

  /// What a request was for, as `Request.tag`.
  private enum Task {
    static let other: UInt16 = 0
    static let health: UInt16 = 1
    static let noSchedule: UInt16 = 2
    static let noExecute: UInt16 = 3
  }

  /// How far a node is on its way to its NoExecute taint.
  enum Stage: UInt8 { case none, queued, tainted }

  /// What the controller keeps of a node.
  struct Ward: BitwiseCopyable {
    static let nobody = UInt32.max
    var stage = Stage.none
    /// Whether it stands in its zone's queue, if only as one that has left it.
    var isInQueue = false
    var behind = Ward.nobody
    /// Whether it waits to be marked unknown.
    var isSilent = false
    /// Whether a patch of its NoSchedule taints is wanted or under way.
    var isPatching = false
    /// Since when its pods are on their way out, and when they are deleted.
    var since = Nanoseconds.zero
    var until = Nanoseconds.zero
    var timer = Timer.none
  }

  let parameters: ControllerParameters
  let client: UInt32
  private let addressClient: UInt32
  private let collectorClient: UInt32
  var wards: Table<Ward>
  var zones: Table<Zone>
  /// Whether the next pass over the zones' queues is scheduled.
  var isPassing = false
  /// From when silence counts; later than the start after all zones were away.
  var forgiven = Nanoseconds.zero
  private var silent = Ring<UInt32>(capacity: 64)
  private var unmarked = Ring<UInt32>(capacity: 64)
  private var isMarking = false
  private var unscheduled = Ring<UInt32>(capacity: 64)
  private var patching = 0
  /// Workers that set NoSchedule taints (`scheduler.UpdateWorkerSize`).
  private static let updateWorkers = 8

  init(_ world: inout World) {
    parameters = world.model.controllers
    var clients: [UInt32] = []
    for _ in 0..<3 {
      clients.append(
        world.add(
          Client(owner: .lifecycle, identity: .kubeControllerManager),
          rate: parameters.qps, burst: parameters.burst))
    }
    client = clients[0]
    addressClient = clients[1]
    collectorClient = clients[2]
    wards = Table(repeating: Ward(), count: world.nodes.count)
    zones = Table(capacity: 8)
    for _ in 0..<max(1, world.model.nodes.zones) {
      zones.append(Zone(rate: parameters.evictionRate))
    }
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start, Kind.monitor: monitor(&world, &loop)
    case Kind.taintPass: taintPass(&world, &loop)
    case Kind.endPods: endPods(on: event.index, &world, &loop)
    case Kind.collect: collect(event.index, &world, &loop)
    case Port.observed: observed(event, &world, &loop)
    case Port.reply: answered(event.index, &world, &loop)
    default: break
    }
  }

  // MARK: Health

  /// Every `--node-monitor-period` all nodes are looked at.
  private mutating func monitor(_ world: inout World, _ loop: inout Loop) {
    loop.schedule(
      Event(component: .lifecycle, what: Kind.monitor), after: parameters.nodeMonitorPeriod)
    for zone in zones.indices { zones[zone].forgetCounts() }
    for node in world.nodes.indices where world.nodes[node].isRegistered {
      let isReady = look(at: node, &world, &loop)
      zones[Int(world.nodes[node].zone)].count(isReady: isReady)
    }
    handleDisruption(&world, &loop)
    armTaintPass(&loop)
    mark(&world, &loop)
  }

  /// Whether a node's Ready condition is true.
  private mutating func look(
    at node: Int, _ world: inout World, _ loop: inout Loop
  ) -> Bool {
    if isSilent(node, world, at: loop.now) {
      if world.nodes[node].condition == .unknown {
        condemn(node, &world, &loop)
      } else if !wards[node].isSilent {
        wards[node].isSilent = true
        silent.append(UInt32(node))
      }
      return false
    }
    guard world.nodes[node].condition == .ready else {
      condemn(node, &world, &loop)
      return false
    }
    release(node, &world, &loop)
    return true
  }

  private func isSilent(
    _ node: Int, _ world: borrowing World, at now: Nanoseconds
  ) -> Bool {
    now - max(world.nodes[node].renewed, forgiven) > parameters.nodeMonitorGracePeriod
  }

  /// Marks the next node unknown, or the next pod of one not ready: one request at a time.
  private mutating func mark(_ world: inout World, _ loop: inout Loop) {
    guard !isMarking else { return }
    while unmarked.count > 0 {
      let pod = unmarked.removeFirst()
      let node = world.pods[pod].node
      guard world.pods[pod].phase == .ready, node != Pod.nowhere,
        world.nodes[Int(node)].condition != .ready
      else { continue }
      var request = Request(.update, .podStatus, client: client, object: pod)
      request.argument = UInt32(PodPhase.running.rawValue)
      request.bytes = 6_000
      return submitMark(request, &world, &loop)
    }
    while silent.count > 0 {
      let node = silent.removeFirst()
      guard world.nodes[Int(node)].isRegistered, isSilent(Int(node), world, at: loop.now) else {
        wards[Int(node)].isSilent = false
        continue
      }
      var request = Request(.update, .nodeStatus, client: client, object: node)
      request.argument = UInt32(NodeCondition.unknown.rawValue)
      request.bytes = 20_000
      return submitMark(request, &world, &loop)
    }
  }

  private mutating func submitMark(
    _ request: Request, _ world: inout World, _ loop: inout Loop
  ) {
    var request = request
    request.tag = Task.health
    isMarking = true
    world.submit(request, in: &loop)
  }

  private mutating func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.finish(place)
    switch request.tag {
    case Task.health:
      isMarking = false
      if request.resource == .nodeStatus { marked(request, &world, &loop) }
      mark(&world, &loop)
    case Task.noSchedule:
      patching -= 1
      wards[Int(request.object)].isPatching = false
      if request.outcome == .ok { correctTaints(of: request.object, world) }
      patchNext(&world, &loop)
    case Task.noExecute where request.outcome != .ok:
      guard wards[Int(request.object)].stage == .tainted else { return }
      enqueue(Int(request.object), world)
      armTaintPass(&loop)
    default: break
    }
  }

  /// A node is marked unknown; its pods, which no one can tell anything of, follow.
  private mutating func marked(
    _ request: Request, _ world: inout World, _ loop: inout Loop
  ) {
    wards[Int(request.object)].isSilent = false
    guard request.outcome == .ok, world.nodes[Int(request.object)].condition == .unknown else {
      return
    }
    condemn(Int(request.object), &world, &loop)
    armTaintPass(&loop)
    for pod in world.livePods(on: request.object) where world.pods[pod].phase == .ready {
      unmarked.append(pod)
    }
  }

  // MARK: What it learns of nodes

  private mutating func observed(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    let node = event.index
    switch ChangeKind(rawValue: event.lane) {
    case .nodeAdded:
      assignAddresses(node, &world, &loop)
      correctTaints(of: node, world)
    case .nodeStatus: correctTaints(of: node, world)
    case .nodeTaints: tolerate(node, world, &loop)
    case .nodeGone: forget(node, &loop)
    default: return
    }
    patchNext(&world, &loop)
  }

  /// The node-ipam controller gives a new node its range of pod addresses.
  private func assignAddresses(
    _ node: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    var request = Request(.patch, .node, client: addressClient, object: node)
    request.bytes = 20_000
    world.submit(request, in: &loop)
  }

  /// NoSchedule taints follow conditions (`doNoScheduleTaintingPass`).
  private mutating func correctTaints(of node: UInt32, _ world: borrowing World) {
    guard world.nodes[Int(node)].isRegistered, !wards[Int(node)].isPatching else { return }
    guard Self.noScheduleChange(of: world.nodes[Int(node)]) != 0 else { return }
    wards[Int(node)].isPatching = true
    unscheduled.append(node)
  }

  private mutating func patchNext(_ world: inout World, _ loop: inout Loop) {
    while patching < Self.updateWorkers, unscheduled.count > 0 {
      let node = unscheduled.removeFirst()
      let change = Self.noScheduleChange(of: world.nodes[Int(node)])
      guard change != 0, world.nodes[Int(node)].isRegistered else {
        wards[Int(node)].isPatching = false
        continue
      }
      patching += 1
      patch(node, change, Task.noSchedule, &world, &loop)
    }
  }

  /// The taints to set and to take away, as `Taint.change` has them; 0 if they are right.
  private static func noScheduleChange(of node: Node) -> UInt32 {
    let wanted: UInt16 =
      switch node.condition {
      case .ready: node.pressure
      case .notReady: Taint.notReady | node.pressure
      case .unknown: Taint.unreachableNoSchedule
      }
    let present =
      node.taints & (Taint.notReady | Taint.unreachableNoSchedule | Taint.ofPressure)
    return Taint.change(set: wanted & ~present, clear: present & ~wanted)
  }

  private func patch(
    _ node: UInt32, _ change: UInt32, _ task: UInt16, _ world: inout World, _ loop: inout Loop
  ) {
    var request = Request(.patch, .node, client: client, object: node)
    request.argument = change
    request.tag = task
    request.bytes = 20_000
    world.submit(request, in: &loop)
  }

  /// Sets the NoExecute taint of a node's condition, and takes that of the other away.
  func patchNoExecute(_ node: Int, _ world: inout World, _ loop: inout Loop) {
    let present = world.nodes[node].taints & Taint.noExecute
    let wanted =
      switch world.nodes[node].condition {
      case .ready: UInt16(0)
      case .notReady: Taint.notReadyNoExecute
      case .unknown: Taint.unreachableNoExecute
      }
    let change = Taint.change(set: wanted & ~present, clear: present & ~wanted)
    guard change != 0 else { return }
    patch(UInt32(node), change, Task.noExecute, &world, &loop)
  }

  // MARK: The taint manager

  /// A NoExecute taint starts the toleration of the pods there; without any they stay.
  private mutating func tolerate(
    _ number: UInt32, _ world: borrowing World, _ loop: inout Loop
  ) {
    let node = Int(number)
    let taints = world.nodes[node].taints & Taint.noExecute
    guard taints != 0 else {
      loop.cancel(wards[node].timer)
      wards[node].timer = .none
      return
    }
    if wards[node].timer == .none { wards[node].since = loop.now }
    let toleration =
      taints & Taint.unreachableNoExecute != 0
      ? parameters.unreachableToleration : parameters.notReadyToleration
    let until = wards[node].since + toleration
    guard wards[node].timer == .none || until != wards[node].until else { return }
    loop.cancel(wards[node].timer)
    wards[node].until = until
    wards[node].timer = loop.arm(
      Event(component: .lifecycle, what: Kind.endPods, index: number),
      after: max(.zero, until - loop.now))
  }

  /// The toleration is over: the pods are deleted, but for those of daemon sets, which tolerate
  /// such nodes for ever.
  private func endPods(on node: UInt32, _ world: inout World, _ loop: inout Loop) {
    for pod in world.livePods(on: node)
    where !world.workloads[Int(world.pods[pod].workload)].isDaemonSet {
      world.submit(Request(.delete, .pod, client: client, object: pod), in: &loop)
    }
  }

  // MARK: Nodes that are gone

  private mutating func forget(_ node: UInt32, _ loop: inout Loop) {
    let place = Int(node)
    loop.cancel(wards[place].timer)
    wards[place].timer = .none
    wards[place].stage = .none
    // The collector looks every 20 s (`gcCheckPeriod`), and for a node that it misses once more
    // after 40 s (`quarantineTime`).
    let period = Nanoseconds.seconds(20).count
    let quarantine = Nanoseconds.seconds(40).count
    loop.schedule(
      Event(component: .lifecycle, what: Kind.collect, index: node),
      after: Nanoseconds(period - loop.now.count % period + quarantine))
  }

  private func collect(_ node: UInt32, _ world: inout World, _ loop: inout Loop) {
    guard !world.nodes[Int(node)].isRegistered else { return }
    for pod in world.allPods(on: node) {
      var request = Request(.delete, .pod, client: collectorClient, object: pod)
      request.argument = 1
      world.submit(request, in: &loop)
    }
  }
}
