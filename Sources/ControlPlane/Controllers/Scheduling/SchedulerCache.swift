internal import Measure
internal import Simulation

/// What kube-scheduler knows of nodes and of where pods are, those assumed included.
struct SchedulerCache: ~Copyable {
  private let standing = Standing()
  static let none = UInt32.max

  private(set) var nodes = Table<NodeView>(capacity: 64)
  /// How many nodes are there.
  private(set) var present = 0
  /// The pods that count on a node, assumed or bound.
  private(set) var placed = 0
  private var pods = Table<Placement>(capacity: 1024)
  /// The first of each workload's pods, of those that count on a node.
  private var firstOfWorkload = Table<UInt32>(capacity: 64)
  /// How many pods of one workload, `spreadOf`, each node and each zone has.
  private var perNode = Table<UInt16>(capacity: 64)
  private(set) var perZone = Table<Int32>(repeating: 0, count: 256)
  private var spreadOf = SchedulerCache.none
  /// Who is to come where others had to go.
  private var nominations = Nominations()

  /// A node as last seen, with what it has left.
  struct NodeView: BitwiseCopyable {
    var isThere = false
    var pool: UInt8 = 0
    var zone: UInt8 = 0
    var condition = NodeCondition.unknown
    var taints: UInt16 = 0
    var cpuLeft: Int32 = 0
    var memoryLeft: Int32 = 0
    var podsLeft: Int32 = 0
    var cpu: Int32 = 1
    var memory: Int32 = 1
    var pods: Int32 = 1
  }

  struct Placement: BitwiseCopyable {
    var node = SchedulerCache.none
    var serial: UInt16 = 0
    var workload: UInt16 = 0
    var cpu: Int32 = 0
    var memory: Int32 = 0
    var next = SchedulerCache.none
    var previous = SchedulerCache.none
  }

  // MARK: Nodes

  /// Takes in a node as it is committed; whether anything has changed that may help a pod
  /// (`nodeSchedulingPropertiesChange`: a heartbeat does not).
  ///
  /// Conditions do not keep pods away, only the taints that follow them (TaintNodesByCondition).
  @discardableResult
  mutating func take(node number: Int, _ world: borrowing World) -> Bool {
    while nodes.count < world.nodes.count {
      let node = world.nodes[nodes.count]
      var view = NodeView(pool: node.pool, zone: node.zone)
      view.cpu = max(1, node.cpu)
      view.memory = max(1, node.memory)
      view.cpuLeft = node.cpu
      view.memoryLeft = node.memory
      view.podsLeft = node.maximumPods
      view.pods = max(1, node.maximumPods)
      nodes.append(view)
      perNode.append(0)
    }
    let node = world.nodes[number]
    let before = nodes[number]
    present += (node.isRegistered ? 1 : 0) - (before.isThere ? 1 : 0)
    nodes[number].isThere = node.isRegistered
    nodes[number].taints = node.taints
    nodes[number].condition = node.condition
    return node.isRegistered
      && (!before.isThere || before.taints != node.taints || before.condition != node.condition)
  }

  /// Whether a node would take a pod, spreading apart.
  func takes(_ pod: UInt32, on node: Int, _ world: borrowing World) -> Bool {
    let object = world.pods[pod]
    guard object.target == Pod.nowhere || Int(object.target) == node else { return false }
    let need = NodeChoice.Need(object, world.workloads[Int(object.workload)])
    return NodeChoice.misfits(nodes[node], need) == 0
  }

  /// How full the nodes that take pods are, by what there is least of.
  ///
  /// O(nodes).
  var use: ResourceUse {
    var (all, left) = (SIMD3<Int64>.zero, SIMD3<Int64>.zero)
    var count = 0
    for number in nodes.indices where nodes[number].isThere && nodes[number].taints == 0 {
      let node = nodes[number]
      count += 1
      all &+= SIMD3(Int64(node.cpu), Int64(node.memory), Int64(node.pods))
      left &+= SIMD3(
        Int64(max(0, node.cpuLeft)), Int64(max(0, node.memoryLeft)), Int64(max(0, node.podsLeft)))
    }
    let used = (0..<3).map { all[$0] > 0 ? 1 - Double(left[$0]) / Double(all[$0]) : 0 }
    return ResourceUse(
      name: "room on the nodes", limit: "\(count) without taints",
      used: Fraction(used.max() ?? 0), parts: [.room])
  }

  // MARK: Pods

  /// The node that a pod counts on, or `none`.
  func node(of pod: UInt32, _ serial: UInt16) -> UInt32 {
    guard Int(pod) < pods.count, pods[Int(pod)].serial == serial else { return Self.none }
    return pods[Int(pod)].node
  }

  /// Whether a pod that is no longer in this place of the table counts on a node still.
  func isStale(_ pod: UInt32, _ serial: UInt16) -> Bool {
    Int(pod) < pods.count && pods[Int(pod)].node != Self.none && pods[Int(pod)].serial != serial
  }

  /// Counts a pod on a node: it is assumed there, or seen bound to it.
  mutating func place(_ pod: UInt32, on node: UInt32, _ world: borrowing World) {
    while pods.count <= Int(pod) { pods.append(Placement()) }
    while firstOfWorkload.count < world.workloads.count { firstOfWorkload.append(Self.none) }
    let object = world.pods[pod]
    let first = firstOfWorkload[Int(object.workload)]
    pods[Int(pod)] = Placement(
      node: node, serial: object.serial, workload: object.workload, cpu: object.cpu,
      memory: object.memory, next: first)
    if first != Self.none { pods[Int(first)].previous = pod }
    firstOfWorkload[Int(object.workload)] = pod
    placed += 1
    count(pods[Int(pod)], 1)
  }

  /// A pod counts on its node no longer.
  mutating func remove(_ pod: UInt32) {
    guard Int(pod) < pods.count, pods[Int(pod)].node != Self.none else { return }
    let placement = pods[Int(pod)]
    if placement.next != Self.none { pods[Int(placement.next)].previous = placement.previous }
    if placement.previous != Self.none {
      pods[Int(placement.previous)].next = placement.next
    } else {
      firstOfWorkload[Int(placement.workload)] = placement.next
    }
    placed -= 1
    count(placement, -1)
    pods[Int(pod)] = Placement()
  }

  private mutating func count(_ placement: Placement, _ sign: Int32) {
    let node = Int(placement.node)
    nodes[node].cpuLeft -= sign * placement.cpu
    nodes[node].memoryLeft -= sign * placement.memory
    nodes[node].podsLeft -= sign
    if UInt32(placement.workload) == spreadOf { spread(node, sign) }
  }

  /// Places of pods that it knows of, taken or not.
  var places: Int { pods.count }

  /// Where a pod counts.
  func placement(of pod: UInt32) -> Placement { pods[Int(pod)] }

  // MARK: Nominations

  /// Keeps room on a node for a pod that others make room for.
  mutating func nominate(_ pod: UInt32, to node: UInt32, _ world: borrowing World) {
    let object = world.pods[pod]
    nominations.set(
      Nominations.Entry(
        pod: pod, node: node, priority: world.priority(of: pod), cpu: object.cpu,
        memory: object.memory))
  }

  /// The pod has a node, or is gone.
  mutating func endNomination(of pod: UInt32) { nominations.remove(pod) }

  /// The node that is kept for a pod.
  func nomination(of pod: UInt32) -> UInt32? { nominations.node(of: pod) }

  /// A node as `pod` finds it: without the room that is kept for others.
  @inline(__always)
  func view(of node: Int, for pod: UInt32, _ priority: Int32) -> NodeView {
    var view = nodes[node]
    if !nominations.isEmpty { nominations.take(from: &view, UInt32(node), for: pod, priority) }
    return view
  }

  // MARK: Spreading

  /// How many pods of the workload that was counted last a node has.
  func pods(on node: Int) -> Int32 { Int32(perNode[node]) }

  private mutating func spread(_ node: Int, _ sign: Int32) {
    perNode[node] = UInt16(clamping: Int32(perNode[node]) + sign)
    perZone[Int(nodes[node].zone)] += sign
  }

  /// Counts the pods of a workload by node and zone, unless they are counted already.
  ///
  /// O(pods of this workload and of the one before).
  mutating func count(workload: Int) {
    guard spreadOf != UInt32(workload) else { return }
    while firstOfWorkload.count <= workload { firstOfWorkload.append(Self.none) }
    if spreadOf != Self.none { spreadAll(Int(spreadOf), -1) }
    spreadOf = UInt32(workload)
    spreadAll(workload, 1)
  }

  private mutating func spreadAll(_ workload: Int, _ sign: Int32) {
    var pod = firstOfWorkload[workload]
    while pod != Self.none {
      spread(Int(pods[Int(pod)].node), sign)
      pod = pods[Int(pod)].next
    }
  }
}
