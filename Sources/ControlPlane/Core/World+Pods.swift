internal import Measure
internal import Simulation

/// How many pods stand where, of all that were ever made.
struct PodCensus: ~Copyable {
  /// Pods that the API has had.
  private(set) var created: Int64 = 0
  private var counts = Table<Int64>(repeating: 0, count: PodPhase.allCases.count)

  /// How many of them are in a phase now; those that are gone count for ever.
  func count(_ phase: PodPhase) -> Int64 { counts[Int(phase.rawValue)] }

  mutating func move(from before: PodPhase, to phase: PodPhase) {
    if before == .wished { created += 1 } else { counts[Int(before.rawValue)] -= 1 }
    counts[Int(phase.rawValue)] += 1
  }
}

extension World {
  /// Takes in a workload, with its replica set if both are there from the start.
  mutating func add(_ workload: Workload) -> Int {
    let number = workloads.append(workload)
    if workload.isThere, !workload.isDaemonSet { addReplicaSet(of: number, isThere: true) }
    return number
  }

  /// A replica set of a workload's present template; it is in the API from its creation on.
  @discardableResult
  mutating func addReplicaSet(of workload: Int, isThere: Bool) -> UInt32 {
    var set = ReplicaSet()
    set.workload = UInt16(workload)
    set.template = workloads[workload].template
    set.older = workloads[workload].newest
    set.isThere = isThere
    if isThere { set.desired = workloads[workload].desired }
    let number = UInt32(replicaSets.append(set))
    workloads[workload].newest = number
    return number
  }

  /// A place for a pod that its owner asks the API for.
  mutating func add(_ pod: Pod) -> UInt32 {
    var pod = pod
    podSerial = podSerial == .max ? 1 : podSerial + 1
    pod.serial = podSerial
    return pods.insert(pod)
  }

  /// What a new pod of a workload is like.
  func pod(of workload: Int, wished: Nanoseconds) -> Pod {
    var pod = Pod()
    pod.workload = UInt16(workload)
    pod.cpu = workloads[workload].cpu
    pod.memory = workloads[workload].memory
    pod.wished = wished
    return pod
  }

  /// A pod that has been ready since before the start.
  mutating func addReadyPod(of workload: Int, on node: UInt32) {
    var pod = pod(of: workload, wished: .zero)
    pod.replicaSet = workloads[workload].newest
    _ = podNeeds.ask(of: pod.replicaSet)
    replicaSets[Int(pod.replicaSet)].replicas += 1
    replicaSets[Int(pod.replicaSet)].ready += 1
    let place = add(pod)
    put(place, on: node)
    enter(.ready, place)
  }

  /// Gives back the place of a pod that the API never had.
  mutating func forget(_ pod: UInt32) {
    guard pods[pod].phase == .wished else { return }
    let set = pods[pod].replicaSet
    if set != ReplicaSet.nothing { podNeeds.giveBack(pods[pod].wished, to: set) }
    pods[pod].phase = .gone
    pods.remove(pod)
  }

  /// Moves a pod to another phase and keeps all counts of pods.
  mutating func enter(_ phase: PodPhase, _ pod: UInt32) {
    let before = pods[pod].phase
    let workload = Int(pods[pod].workload)
    workloads[workload].pods += (phase.isActive ? 1 : 0) - (before.isActive ? 1 : 0)
    let set = pods[pod].replicaSet
    if set != ReplicaSet.nothing { podNeeds.move(set, from: before, to: phase) }
    workloads[workload].ready += (phase == .ready ? 1 : 0) - (before == .ready ? 1 : 0)
    census.move(from: before, to: phase)
    pods[pod].phase = phase
  }

  /// A pod is bound to a node, which counts what it asks for.
  mutating func put(_ pod: UInt32, on node: UInt32) {
    pods[pod].node = node
    pods[pod].isCounted = true
    nodes[Int(node)].pods += 1
    nodes[Int(node)].cpuAsked += pods[pod].cpu
    nodes[Int(node)].memoryAsked += pods[pod].memory
  }

  /// A pod's node counts it no longer.
  mutating func leave(_ pod: UInt32) {
    guard pods[pod].isCounted else { return }
    pods[pod].isCounted = false
    let node = Int(pods[pod].node)
    nodes[node].pods -= 1
    nodes[node].cpuAsked -= pods[pod].cpu
    nodes[node].memoryAsked -= pods[pod].memory
  }
}
