internal import Measure
internal import Simulation

/// How full machines are of what their pods use, and whom their kubelets evict for it.
///
/// pkg/kubelet/eviction of Kubernetes 1.22: `synchronize` looks every 10 s. A threshold that is
/// crossed makes a condition, soft ones at once as well; a hard one, or a soft one after its grace,
/// evicts one pod: first of those that use more than they ask for, then by priority, then by how
/// much more they use (`rankMemoryPressure`, `rankDiskPressure`). The next look waits until that
/// pod is gone, 30 s at most. Critical pods are never evicted.
///
/// Left out: what a kubelet frees before (dead containers, images that nobody uses), the cgroup's
/// memory limits and the kernel's OOM killer.
struct NodePressure: ~Copyable {
  /// `evictionMonitoringPeriod` (pkg/kubelet/kubelet.go).
  static let period = Nanoseconds.seconds(10)
  /// `podCleanupTimeout`.
  private static let cleanupTimeout = Nanoseconds.seconds(30)
  /// `SystemCriticalPriority` (pkg/apis/scheduling/types.go).
  private static let critical: Int32 = 2_000_000_000
  private static let nobody = UInt32.max
  private static let never = Nanoseconds(-1)

  /// What a pod of a workload uses when it is ready, and each second more.
  struct Use: BitwiseCopyable {
    var memory: Int64
    var memoryGrowth: Int64 = 0
    var disk: Int64 = 0
    var diskGrowth: Int64 = 0
  }

  /// What a kubelet knows of its machine.
  struct State: BitwiseCopyable {
    var memory: Int64 = 0
    var disk: Int64 = 0
    /// Since when soft thresholds are crossed; `never` if they are not.
    var softMemory = NodePressure.never
    var softDisk = NodePressure.never
    /// When thresholds were last seen crossed.
    var memoryPressure = NodePressure.never
    var diskPressure = NodePressure.never
    /// Its conditions, as bits of `Taint`.
    var conditions: UInt16 = 0
    /// Who is being evicted, and since when.
    var victim = NodePressure.nobody
    var serial: UInt16 = 0
    var since = Nanoseconds.zero
  }

  /// A pod that is to go, with the time that it has for it.
  struct Victim: BitwiseCopyable {
    var pod: UInt32
    var grace: Nanoseconds
  }

  /// Whether machines can run out of anything.
  let isOn: Bool
  private let parameters: EvictionParameters
  private var uses = Table<Use>(capacity: 16)
  private var states: Table<State>
  /// Pods that were told to go.
  private(set) var evictions: UInt64 = 0

  init(_ world: borrowing World) {
    parameters = world.model.nodes.eviction
    for deployment in world.load.deployments {
      uses.append(
        Use(
          memory: (deployment.memoryUse ?? deployment.memory).count,
          memoryGrowth: deployment.memoryGrowthBytesPerSecond, disk: deployment.diskUse.count,
          diskGrowth: deployment.diskGrowthBytesPerSecond))
    }
    isOn = parameters.isOn && world.load.deployments.contains(where: \.usesMoreThanItAsksFor)
    states = Table(repeating: State(), count: isOn ? world.nodes.count : 0)
  }

  /// What a node's conditions are, as bits of `Taint`.
  func conditions(of node: Int) -> UInt16 { isOn ? states[node].conditions : 0 }

  // MARK: What is used

  /// Adds up what the pods of each node use.
  ///
  /// O(nodes + pods).
  mutating func measure(_ world: borrowing World, at now: Nanoseconds) {
    for node in states.indices {
      states[node].memory = 0
      states[node].disk = 0
    }
    for pod in 0..<UInt32(world.pods.peak) where world.pods[pod].isCounted {
      let object = world.pods[pod]
      let use = use(of: object, at: now)
      states[Int(object.node)].memory += use.memory
      states[Int(object.node)].disk += use.disk
    }
  }

  /// What a pod uses by now; before it has started, nothing.
  private func use(of pod: Pod, at now: Nanoseconds) -> Use {
    guard pod.isCounted, pod.phase != .bound, pod.phase != .failed else { return Use(memory: 0) }
    guard Int(pod.workload) < uses.count else { return Use(memory: Int64(pod.memory) << 20) }
    var use = uses[Int(pod.workload)]
    let age = (now - pod.ready).count / 1_000_000_000
    use.memory += use.memoryGrowth * age
    use.disk += use.diskGrowth * age
    return use
  }

  // MARK: Judgement

  /// Whether a threshold is crossed.
  private struct Crossing {
    var hard: Bool
    var soft: Bool
    var isAny: Bool { hard || soft }
  }

  /// Brings a node's conditions up to date; who is to go, if anyone.
  mutating func judge(_ node: Int, _ world: borrowing World, at now: Nanoseconds) -> Victim? {
    let pool = world.model.nodes.pools[Int(world.nodes[node].pool)]
    let freeMemory = pool.memory.count - states[node].memory
    let freeDisk = Double(pool.disk.count - states[node].disk) / Double(max(1, pool.disk.count))
    let memory = Crossing(
      hard: freeMemory < parameters.hardMemory.count,
      soft: freeMemory < parameters.softMemory.count)
    let disk = Crossing(
      hard: parameters.hardDisk.value > 0 && freeDisk < parameters.hardDisk.value,
      soft: parameters.softDisk.value > 0 && freeDisk < parameters.softDisk.value)
    if memory.isAny { states[node].memoryPressure = now }
    if disk.isAny { states[node].diskPressure = now }
    states[node].softMemory = since(states[node].softMemory, memory.soft, now)
    states[node].softDisk = since(states[node].softDisk, disk.soft, now)
    states[node].conditions =
      (isRecent(states[node].memoryPressure, now) ? Taint.memoryPressure : 0)
      | (isRecent(states[node].diskPressure, now) ? Taint.diskPressure : 0)
    guard !isEvicting(node, world, now) else { return nil }
    let softMemoryIsDue = isDue(states[node].softMemory, now)
    if memory.hard || softMemoryIsDue {
      return evict(from: node, byDisk: false, isHard: memory.hard, world, now)
    }
    guard disk.hard || isDue(states[node].softDisk, now) else { return nil }
    return evict(from: node, byDisk: true, isHard: disk.hard, world, now)
  }

  private func since(_ before: Nanoseconds, _ isCrossed: Bool, _ now: Nanoseconds) -> Nanoseconds {
    isCrossed ? (before == Self.never ? now : before) : Self.never
  }

  private func isDue(_ since: Nanoseconds, _ now: Nanoseconds) -> Bool {
    since != Self.never && now - since >= parameters.softGrace
  }

  private func isRecent(_ moment: Nanoseconds, _ now: Nanoseconds) -> Bool {
    moment != Self.never && now - moment <= parameters.transition
  }

  /// Whether the last victim is there still, and not for too long.
  private func isEvicting(_ node: Int, _ world: borrowing World, _ now: Nanoseconds) -> Bool {
    let state = states[node]
    guard state.victim != Self.nobody, now - state.since < Self.cleanupTimeout else {
      return false
    }
    let pod = world.pods[state.victim]
    return pod.serial == state.serial && pod.isCounted && Int(pod.node) == node
  }

  /// Chooses who is to go.
  ///
  /// O(pods); for rare occasions.
  private mutating func evict(
    from node: Int, byDisk: Bool, isHard: Bool, _ world: borrowing World, _ now: Nanoseconds
  ) -> Victim? {
    var victim = Self.nobody
    var best = Rank(isAbove: false, priority: 0, excess: 0)
    for pod in 0..<UInt32(world.pods.peak) {
      let object = world.pods[pod]
      guard Int(object.node) == node, object.phase == .ready || object.phase == .running,
        world.priority(of: pod) < Self.critical
      else { continue }
      let use = use(of: object, at: now)
      let excess = byDisk ? use.disk : use.memory - Int64(object.memory) << 20
      let rank = Rank(
        isAbove: excess > 0, priority: world.priority(of: pod), excess: excess)
      if victim == Self.nobody || rank.goesBefore(best) { (victim, best) = (pod, rank) }
    }
    guard victim != Self.nobody else { return nil }
    states[node].victim = victim
    states[node].serial = world.pods[victim].serial
    states[node].since = now
    evictions += 1
    return Victim(pod: victim, grace: isHard ? .zero : parameters.podGrace)
  }

  /// In which order pods go.
  private struct Rank {
    var isAbove: Bool
    var priority: Int32
    var excess: Int64

    func goesBefore(_ other: Rank) -> Bool {
      if isAbove != other.isAbove { return isAbove }
      if priority != other.priority { return priority < other.priority }
      return excess > other.excess
    }
  }
}

extension Kubelets {
  /// All kubelets look at their machines, at the same moments.
  mutating func watchPressure(_ world: inout World, _ loop: inout Loop) {
    guard pressure.isOn else { return }
    loop.schedule(
      Event(component: .kubelet, what: Kind.pressure), after: NodePressure.period)
    pressure.measure(world, at: loop.now)
    for node in world.nodes.indices where world.nodes[node].isRegistered {
      guard world.nodes[node].isAlive, let victim = pressure.judge(node, world, at: loop.now)
      else { continue }
      loop.schedule(
        Event(component: .kubelet, what: Kind.evicted, index: victim.pod),
        after: min(victim.grace, stop.draw(&kubelets[node].stream)))
    }
  }

  /// The containers of a pod that was evicted have ended: it has failed.
  func evicted(_ pod: UInt32, _ world: inout World, _ loop: inout Loop) {
    let node = world.pods[pod].node
    guard node != Pod.nowhere, world.nodes[Int(node)].isAlive,
      world.pods[pod].phase == .ready || world.pods[pod].phase == .running
    else { return }
    var request = Request(.patch, .podStatus, client: client(1, of: node), object: pod)
    request.argument = UInt32(PodPhase.failed.rawValue)
    request.serial = world.pods[pod].serial
    request.bytes = 6_000
    world.submit(request, in: &loop)
    var event = Request(.create, .event, client: client(2, of: node), object: pod)
    event.bytes = 800
    world.submit(event, in: &loop)
  }
}
