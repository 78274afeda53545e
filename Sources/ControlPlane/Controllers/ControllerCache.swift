internal import Measure
internal import Simulation

/// What the informers of the controller manager have told its controllers.
///
/// An event says which object has changed; what is taken in is the object as committed when the
/// event arrives. A real informer would hear of what came in between a few milliseconds later, by
/// the next event: that is the whole difference, and a list brings the same state.
struct ControllerCache: ~Copyable {
  private(set) var pods = Table<PodView>(capacity: 1024)
  private(set) var replicaSets = Table<ReplicaSetView>(capacity: 64)
  private(set) var workloads = Table<WorkloadView>(capacity: 64)

  /// A pod as last seen.
  struct PodView: BitwiseCopyable {
    static let none = UInt32.max
    /// `gone` is not in the cache.
    var phase = PodPhase.gone
    /// Whether its replica set has asked for its end and waits to see it.
    var isExpectedGone = false
    var serial: UInt16 = 0
    var workload: UInt16 = 0
    var replicaSet = ReplicaSet.nothing
    var node = Pod.nowhere
    /// Its neighbours among the pods of its replica set.
    var next = PodView.none
    var previous = PodView.none
  }

  /// A replica set as last seen, and its pods.
  struct ReplicaSetView: BitwiseCopyable {
    var object = ReplicaSet()
    var firstPod = PodView.none
    var active: Int32 = 0
    var ready: Int32 = 0
  }

  /// A deployment as last seen; DaemonSets are others' (`DaemonSets`).
  struct WorkloadView: BitwiseCopyable {
    var isThere = false
    var isDaemonSet = false
    var template: UInt16 = 0
    var desired: Int32 = 0
  }

  // MARK: Pods

  /// Whether what is known of a pod's place is of another pod than is there now, or of one gone.
  mutating func isStale(_ pod: UInt32, _ world: borrowing World) -> Bool {
    while pods.count <= Int(pod) { pods.append(PodView()) }
    let seen = pods[Int(pod)]
    guard seen.phase != .gone else { return false }
    return seen.serial != world.pods[pod].serial || world.pods[pod].phase == .gone
  }

  /// Forgets a pod.
  mutating func drop(_ pod: UInt32) {
    count(pod, -1)
    unlink(pod)
    pods[Int(pod)] = PodView()
  }

  /// Takes a pod in as it is; it is not stale.
  mutating func take(pod: UInt32, _ world: borrowing World) {
    let object = world.pods[pod]
    if pods[Int(pod)].phase == .gone {
      pods[Int(pod)].serial = object.serial
      pods[Int(pod)].workload = object.workload
      pods[Int(pod)].replicaSet = object.replicaSet
      reserve(world)
      link(pod)
    } else {
      count(pod, -1)
    }
    pods[Int(pod)].phase = object.phase
    pods[Int(pod)].node = object.node
    count(pod, 1)
  }

  mutating func expectEnd(of pod: UInt32, _ isExpected: Bool) {
    pods[Int(pod)].isExpectedGone = isExpected
  }

  private mutating func count(_ pod: UInt32, _ sign: Int32) {
    let view = pods[Int(pod)]
    guard view.replicaSet != ReplicaSet.nothing else { return }
    if view.phase.isActive { replicaSets[Int(view.replicaSet)].active += sign }
    if view.phase == .ready { replicaSets[Int(view.replicaSet)].ready += sign }
  }

  private mutating func link(_ pod: UInt32) {
    let set = pods[Int(pod)].replicaSet
    guard set != ReplicaSet.nothing else { return }
    let first = replicaSets[Int(set)].firstPod
    pods[Int(pod)].next = first
    if first != PodView.none { pods[Int(first)].previous = pod }
    replicaSets[Int(set)].firstPod = pod
  }

  private mutating func unlink(_ pod: UInt32) {
    let view = pods[Int(pod)]
    guard view.replicaSet != ReplicaSet.nothing else { return }
    if view.next != PodView.none { pods[Int(view.next)].previous = view.previous }
    if view.previous != PodView.none {
      pods[Int(view.previous)].next = view.next
    } else {
      replicaSets[Int(view.replicaSet)].firstPod = view.next
    }
  }

  // MARK: Workloads

  /// Makes room for all that the world has numbers for.
  mutating func reserve(_ world: borrowing World) {
    while workloads.count < world.workloads.count { workloads.append(WorkloadView()) }
    while replicaSets.count < world.replicaSets.count { replicaSets.append(ReplicaSetView()) }
  }

  mutating func take(workload number: Int, _ world: borrowing World) {
    reserve(world)
    workloads[number].isThere = world.workloads[number].isThere
    workloads[number].isDaemonSet = world.workloads[number].isDaemonSet
    workloads[number].template = world.workloads[number].template
    workloads[number].desired = world.workloads[number].desired
  }

  mutating func take(replicaSet number: Int, _ world: borrowing World) {
    reserve(world)
    replicaSets[number].object = world.replicaSets[number]
  }
}
