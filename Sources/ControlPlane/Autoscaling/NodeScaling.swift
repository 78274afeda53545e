internal import Measure
internal import Simulation

/// The cluster autoscaler: looks at pods and nodes, asks for machines and gives others back.
///
/// The order of a loop is that of core/static_autoscaler.go (1.22): state of the pools, pods that
/// nothing fits, a scale-up or else unneeded nodes and a scale-down. What it decides comes after
/// what the loop costs. Nodes and pods are read as they are committed: its informers hear of them
/// some milliseconds later, which is little beside a scan interval.
///
/// Left out: topology spread and affinity in its simulations (they see requests, selectors, taints
/// and numbers of pods), the tracker of simulated destinations, soft taints.
struct NodeScaling: ~Copyable {
  let isOn: Bool
  let parameters: ClusterAutoscalerParameters
  let client: UInt32
  private let electionClient: UInt32
  var stream: RandomStream
  var machines = Table<Machine>(capacity: 64)
  var pools: Table<Pool>
  var counters = Counters()
  /// Workloads whose pods may not be evicted.
  var staying: Table<Bool>

  // What a loop finds; memory that is kept from loop to loop.
  var rooms = Table<Room>(capacity: 64)
  var bins = Table<Room>(capacity: 64)
  var groups = Table<Group>(capacity: 16)
  var firstOn = Table<UInt32>(capacity: 64)
  var nextOn = Table<UInt32>(capacity: 64)
  var isStuck = Table<Bool>(capacity: 64)
  /// What the loop has decided: machines to ask for, nodes to remove.
  var asks = Table<UInt32>(capacity: 16)
  var doomed = Table<UInt32>(capacity: 16)
  var doomIsDrain = false
  /// Pods held against nodes in this loop.
  var fits: Int64 = 0
  var bound: Int64 = 0
  var pending: Int64 = 0
  /// No scale-down in this loop.
  var holdsBack = false
  var lastAdd = Nanoseconds.seconds(-3600)
  var lastRemoval = Nanoseconds.seconds(-3600)
  var lastFailure = Nanoseconds.seconds(-3600)
  var drains = 0
  /// Where the last pod of a simulated move found room.
  var cursor = 0

  static let nobody = UInt32.max

  /// What the autoscaler knows of a machine, or the node that it is.
  struct Machine: BitwiseCopyable {
    enum State: UInt8 { case idle, asked, failed, leaving }
    var state = State.idle
    var asked = Nanoseconds.zero
    /// Since when it is unneeded; below zero it is needed.
    var unneeded = Nanoseconds(-1)
    /// Until when it is not looked at, since it could not be removed.
    var unremovable = Nanoseconds.zero
    /// While it is drained: since when, one of the pods to go, and how many do not go.
    var drained = Nanoseconds.zero
    var pod = NodeScaling.nobody
    var staying: Int32 = 0
  }

  /// A pool as a node group.
  struct Pool: BitwiseCopyable {
    var isScaled = false
    var least: Int32 = 0
    var most: Int32 = 0
    /// Its place in the priorities; less is better.
    var rank: Int32 = .max
    var room = Room()
    /// Nodes and machines on their way; of them, those on their way.
    var target: Int32 = 0
    var upcoming: Int32 = 0
    var wanted: Int32 = 0
    var backOffEnd = Nanoseconds.zero
    var backOff = Nanoseconds.zero
  }

  /// What a node has left for pods.
  struct Room: BitwiseCopyable {
    var cpu: Int32 = 0
    var memory: Int32 = 0
    var pods: Int32 = 0
    var pool: UInt8 = 0
    var taints: UInt16 = 0
    /// The node, or `nobody` of one that is still to come.
    var node = NodeScaling.nobody
  }

  /// The pending pods of a workload, all alike.
  struct Group: BitwiseCopyable {
    var workload: UInt16
    var cpu: Int32
    var memory: Int32
    var pool: UInt8
    var tolerations: UInt16
    var count: Int32 = 0
    /// Those of them that are very new.
    var young: Int32 = 0
  }

  struct Counters: BitwiseCopyable {
    var loops: UInt64 = 0
    var longest = Nanoseconds.zero
    var ups: UInt64 = 0
    var downs: UInt64 = 0
    var asked: UInt64 = 0
    var added: UInt64 = 0
    var failed: UInt64 = 0
    var removedEmpty: UInt64 = 0
    var removedDrained: UInt64 = 0
    var failedDrains: UInt64 = 0
  }

  init(_ world: inout World) {
    isOn = world.model.autoscaling.nodes != nil
    parameters = world.model.autoscaling.nodes ?? ClusterAutoscalerParameters()
    stream = world.stream(.autoscaler, of: 1)
    pools = Table(capacity: 4)
    staying = Table(capacity: 4)
    var client = Client(owner: .autoscaler, identity: .kubeSystem)
    client.attempts = 5
    self.client = isOn ? world.add(client, rate: parameters.qps, burst: parameters.burst) : 0
    client.attempts = 1
    electionClient = isOn ? world.add(client) : 0
    guard isOn else { return }
    for description in world.model.nodes.pools {
      pools.append(Self.pool(description, world.model.nodes.maximumPods, parameters))
    }
    for deployment in world.load.deployments { staying.append(!deployment.isMovable) }
  }

  private static func pool(
    _ description: NodeParameters.Pool, _ maximumPods: Int,
    _ parameters: ClusterAutoscalerParameters
  ) -> Pool {
    var pool = Pool()
    pool.isScaled = description.maximum != nil
    pool.least = Int32(description.minimum)
    pool.most = Int32(description.maximum ?? description.nodes)
    if let rank = parameters.priorities.firstIndex(of: description.name) { pool.rank = Int32(rank) }
    pool.backOff = parameters.backOff
    pool.room.cpu = Int32(description.cpu)
    pool.room.memory = Int32(description.memory.count >> 20)
    pool.room.pods = Int32(maximumPods)
    pool.room.taints = description.isBareMetal ? Taint.bareMetal : 0
    return pool
  }

  func owns(_ client: UInt32) -> Bool {
    isOn && (client == self.client || client == electionClient)
  }

  mutating func start(_ loop: inout Loop) {
    guard isOn else { return }
    schedule(Autoscalers.Kind.scan, 0, after: parameters.scanInterval, &loop)
    schedule(Autoscalers.Kind.elect, 0, after: Self.electionRetry, &loop)
  }

  func schedule(
    _ what: UInt8, _ index: UInt32, after delay: Nanoseconds, _ loop: inout Loop
  ) {
    loop.schedule(Event(component: .autoscaler, what: what, index: index), after: delay)
  }

  // MARK: Leader election

  /// `--leader-elect-retry-period` (2 s).
  private static let electionRetry = Nanoseconds.seconds(2)

  /// All replicas read the lease, the leader renews it.
  func elect(_ world: inout World, _ loop: inout Loop) {
    schedule(Autoscalers.Kind.elect, 0, after: Self.electionRetry, &loop)
    for _ in 0..<parameters.replicas {
      var request = Request(.get, .leaderLease, client: electionClient)
      request.argument = Request.fromEtcd
      world.submit(request, in: &loop)
    }
    var request = Request(.update, .leaderLease, client: electionClient)
    request.bytes = UInt32(Resource.leaderLease.objectBytes)
    world.submit(request, in: &loop)
  }

  // MARK: The loop

  /// Begins a loop: looks, decides, and acts after what that costs.
  mutating func scan(_ world: inout World, _ loop: inout Loop) {
    asks.removeAll()
    doomed.removeAll()
    fits = 0
    holdsBack = false
    while machines.count < world.nodes.count { machines.append(Machine()) }
    look(world)
    if isHealthy(world, at: loop.now) {
      plan(world, at: loop.now)
    } else {
      for machine in machines.indices { machines[machine].unneeded = Nanoseconds(-1) }
    }
    let cost =
      parameters.loopCost + parameters.costPerNode * Int64(world.registeredNodes)
      + parameters.costPerPod * bound + parameters.costPerPendingPod * pending
      + parameters.costPerFit * fits
    counters.loops += 1
    counters.longest = max(counters.longest, cost)
    schedule(Autoscalers.Kind.act, 0, after: cost, &loop)
  }

  private mutating func plan(_ world: borrowing World, at now: Nanoseconds) {
    if pending > 0 { placePending(world, at: now) }
    if groups.indices.contains(where: { groups[$0].count > 0 }) {
      if groups.indices.allSatisfy({ groups[$0].count <= groups[$0].young }) {
        holdsBack = true
      } else if planScaleUp(world, at: now) {
        lastAdd = now
        return
      }
    }
    planScaleDown(world, at: now)
  }

  /// What the loop has decided is done.
  mutating func act(_ world: inout World, _ loop: inout Loop) {
    schedule(Autoscalers.Kind.scan, 0, after: parameters.scanInterval, &loop)
    var status = Request(.update, .configMap, client: client)
    status.bytes = UInt32(Resource.configMap.objectBytes)
    world.submit(status, in: &loop)
    if asks.count > 0 { counters.ups += 1 }
    for place in asks.indices {
      let machine = asks[place]
      machines[Int(machine)].state = .asked
      machines[Int(machine)].asked = loop.now
      counters.asked += 1
      loop.schedule(
        now: Event(
          component: .provisioning, what: Port.wanted,
          lane: UInt16(world.nodes[Int(machine)].pool), index: machine))
    }
    if doomed.count > 0 { counters.downs += 1 }
    for place in doomed.indices { remove(doomed[place], isDrain: doomIsDrain, &world, &loop) }
  }

  // MARK: State

  /// Sorts pods by node and by workload.
  ///
  /// O(nodes + pods + workloads).
  private mutating func look(_ world: borrowing World) {
    firstOn.removeAll()
    isStuck.removeAll()
    for _ in world.nodes.indices {
      firstOn.append(Self.nobody)
      isStuck.append(false)
    }
    while nextOn.count < world.pods.peak { nextOn.append(Self.nobody) }
    groups.removeAll()
    for workload in world.workloads.indices {
      let description = world.workloads[workload]
      groups.append(
        Group(
          workload: UInt16(workload), cpu: description.cpu, memory: description.memory,
          pool: description.pool, tolerations: description.tolerations))
    }
    bound = 0
    pending = 0
    for pod in 0..<UInt32(world.pods.peak) {
      let phase = world.pods[pod].phase
      if phase == .pending {
        pending += waits(pod, world) ? 1 : 0
      } else if phase == .bound || phase == .running || phase == .ready {
        bound += 1
        link(pod, world)
      }
    }
  }

  /// Adds a pod to those of its node that would have to move; daemons stay.
  private mutating func link(_ pod: UInt32, _ world: borrowing World) {
    let workload = Int(world.pods[pod].workload)
    let node = Int(world.pods[pod].node)
    guard !world.workloads[workload].isDaemonSet else { return }
    nextOn[Int(pod)] = firstOn[node]
    firstOn[node] = pod
    if workload < staying.count, staying[workload] { isStuck[node] = true }
  }

  /// Counts the nodes of the pools; with too many unready ones nothing is done.
  private mutating func isHealthy(_ world: borrowing World, at now: Nanoseconds) -> Bool {
    for pool in pools.indices {
      pools[pool].target = 0
      pools[pool].upcoming = 0
    }
    var registered = 0
    var unready = 0
    for machine in machines.indices {
      let node = world.nodes[machine]
      noteArrival(machine, node, at: now)
      let isComing = machines[machine].state == .asked
      if isComing { pools[Int(node.pool)].upcoming += 1 }
      guard node.isRegistered || isComing else { continue }
      if machines[machine].state != .leaving { pools[Int(node.pool)].target += 1 }
      guard node.isRegistered, !isComing else { continue }
      registered += 1
      if node.condition != .ready { unready += 1 }
    }
    return unready <= parameters.unreadyCount
      || Double(unready) <= parameters.unreadyShare.value * Double(registered)
  }

  /// Whether a node is ready, and is not told otherwise by a taint that is still to go
  /// (`GetReadinessState`, utils/kubernetes/ready.go): until then it is on its way.
  private func hasStarted(_ node: Node) -> Bool {
    node.isRegistered && node.condition == .ready
      && node.taints & (Taint.notReady | Taint.notReadyNoExecute) == 0
  }

  /// A machine that was asked for is ready, or has taken too long; one that left is gone.
  private mutating func noteArrival(_ machine: Int, _ node: Node, at now: Nanoseconds) {
    let pool = Int(node.pool)
    switch machines[machine].state {
    case .asked where hasStarted(node):
      machines[machine].state = .idle
      counters.added += 1
      pools[pool].backOff = parameters.backOff
    case .asked where now - machines[machine].asked > parameters.provisionTime:
      machines[machine].state = .failed
      counters.failed += 1
      guard pools[pool].backOffEnd <= now else { return }
      pools[pool].backOffEnd = now + pools[pool].backOff
      pools[pool].backOff = min(pools[pool].backOff * 2, parameters.longestBackOff)
    case .failed where hasStarted(node):
      machines[machine].state = .idle
    default: break
    }
  }
}
