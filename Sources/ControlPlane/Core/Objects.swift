internal import Measure
internal import Simulation

/// What is committed about an object; informers learn of it by watches.
enum ChangeKind: UInt16, Sendable, CaseIterable {
  case nodeAdded, nodeStatus, nodeTaints, nodeGone, lease
  case podCreated, podBound, podRunning, podReady, podFailed, podDeleting, podGone
  case workloadChanged, replicaSetChanged
  case endpoints
  case event
  case configuration
  case other
  /// A pod is not ready any more, though its containers may run.
  case podNotReady
  /// A certificate signing request.
  case certificate
}

/// A node as the API has it, and its machine as it is.
struct Node: BitwiseCopyable {
  var pool: UInt8 = 0
  var zone: UInt8 = 0
  var rack: UInt16 = 0
  /// Whether its Node object is there.
  var isRegistered = false
  /// Whether its machine runs and reaches the API servers; no one in the API knows.
  var isAlive = true
  /// Whether its machine runs its pods, though it may reach no API server; the truth, for what is
  /// measured of availability only.
  var runsPods = true
  var condition = NodeCondition.unknown
  /// Its conditions MemoryPressure and DiskPressure, as the bits of `Taint`.
  var pressure: UInt16 = 0
  /// Bits of `Taint`.
  var taints: UInt16 = 0
  /// Whether it takes no pods until other nodes are not ready.
  var isStandby = false
  /// When its lease was last renewed, as committed.
  var renewed = Nanoseconds.zero
  /// What it can give and what bound pods have asked for: thousandths of a CPU, MiB, pods.
  var cpu: Int32 = 0
  var memory: Int32 = 0
  var maximumPods: Int32 = 110
  var cpuAsked: Int32 = 0
  var memoryAsked: Int32 = 0
  var pods: Int32 = 0
  /// Whether someone has wanted the machine as a node, if it was none from the start.
  var isWanted = false
  /// Whether its provisioning was given up.
  var isGivenUp = false
  /// When it was wanted, when its kubelet started, and when it was first ready as committed.
  var wished = Nanoseconds.zero
  var booted = Nanoseconds.zero
  var becameReady = Nanoseconds.zero
  /// How far its kubelet's certificate is, as committed.
  var certificate = CertificateState.none
}

/// How far a certificate signing request is.
enum CertificateState: UInt8, Sendable { case none, requested, approved, issued }

/// The Ready condition of a node.
enum NodeCondition: UInt8, Sendable { case ready, notReady, unknown }

/// Taints that the model knows, as bits.
enum Taint {
  static let notReady: UInt16 = 1
  static let unreachableNoSchedule: UInt16 = 2
  static let unreachableNoExecute: UInt16 = 4
  static let cordoned: UInt16 = 8
  /// `dedicated=baremetal:NoSchedule`.
  static let bareMetal: UInt16 = 16
  static let memoryPressure: UInt16 = 32
  static let diskPressure: UInt16 = 64
  /// The taints of what a node runs out of.
  static let ofPressure = memoryPressure | diskPressure
  static let notReadyNoExecute: UInt16 = 128
  /// The taints that end pods.
  static let noExecute = unreachableNoExecute | notReadyNoExecute
  /// What a node's own daemons tolerate: everything, as kube-proxy's and Calico's manifests say.
  static let ofDaemons = UInt16.max

  /// What a patch of a node's taints says, as `Request.argument`: which it sets, which it clears.
  static func change(set: UInt16, clear: UInt16) -> UInt32 { UInt32(clear) << 16 | UInt32(set) }
}

/// Where a pod stands, as the API has it.
enum PodPhase: UInt8, Sendable, CaseIterable {
  /// Its owner has asked for it; the API does not have it yet.
  case wished
  case pending, bound, running, ready, failed, deleting, gone

  /// Whether its owner counts it (`FilterActivePods`).
  var isActive: Bool {
    rawValue >= PodPhase.pending.rawValue && rawValue <= PodPhase.ready.rawValue
  }
}

/// A pod as the API has it, with when each step was taken.
struct Pod: BitwiseCopyable {
  static let nowhere = UInt32.max
  /// The workload that it belongs to.
  var workload: UInt16 = 0
  /// What tells it from others that have its place before or after it; `World.add` sets it.
  var serial: UInt16 = 0
  var phase = PodPhase.wished
  /// Whether the scheduler has found no node for it (condition PodScheduled, reason Unschedulable).
  var isUnschedulable = false
  /// Whether its node counts what it asks for: from its binding until it fails or is gone.
  var isCounted = false
  /// The replica set that owns it, or `ReplicaSet.nothing`.
  var replicaSet = ReplicaSet.nothing
  /// The node that it is bound to, or `nowhere`.
  var node = Pod.nowhere
  /// The only node that its affinity allows (a daemon set's pod), or `nowhere`.
  var target = Pod.nowhere
  var cpu: Int32 = 0
  var memory: Int32 = 0
  /// When its owner first wanted it: the start of pod start-up.
  var wished = Nanoseconds.zero
  var created = Nanoseconds.zero
  var bound = Nanoseconds.zero
  var running = Nanoseconds.zero
  var ready = Nanoseconds.zero
}

/// A Deployment with its replica set and service, as far as the model has them.
struct Workload: BitwiseCopyable {
  static let anyPool: UInt8 = 255
  static let noImage = UInt16.max

  var namespace: UInt16 = 0
  var desired: Int32 = 0
  /// Whether its object is there.
  var isThere = true
  /// The number of its pod template; a rollout brings the next.
  var template: UInt16 = 0
  /// The last replica set that was made for it; `ReplicaSet.older` leads to the others.
  var newest = ReplicaSet.nothing
  /// Pods that are there and neither failed nor ending, and those that are ready, as committed.
  var pods: Int32 = 0
  var ready: Int32 = 0
  var cpu: Int32 = 100
  var memory: Int32 = 128
  /// The pool its node selector names, or `anyPool`.
  var pool = Workload.anyPool
  /// Taints it tolerates, as bits.
  var tolerations: UInt16 = 0
  /// Whether the scheduler takes its pods; those of another scheduler it leaves alone.
  var isScheduled = true
  /// Whether a service selects its pods.
  var hasService = true
  /// Whether one pod runs on every node (a DaemonSet).
  var isDaemonSet = false
  /// The priority of its pods in the scheduler's queue.
  var priority: Int32 = 0
  /// The most pods that a zone, or a node, may have over the least; 0 is any.
  var zoneSkew: UInt8 = 0
  var nodeSkew: UInt8 = 0
  /// What a rolling update may have beyond, and lack of, the pods wanted: shares of them.
  var maxSurge = 0.25
  var maxUnavailable = 0.25
  /// What a daemon set's pods do for their node.
  var role = DaemonRole.other
  /// Its image, a place in `World.images`; `noImage` is one that every node has.
  var image = Workload.noImage
}

/// A ReplicaSet as the API has it.
struct ReplicaSet: BitwiseCopyable {
  static let nothing = UInt32.max

  var workload: UInt16 = 0
  /// The pod template that it was made of.
  var template: UInt16 = 0
  var isThere = false
  var desired: Int32 = 0
  /// Its status, as last written.
  var replicas: Int32 = 0
  var ready: Int32 = 0
  /// The one made before it for the same workload, or `nothing`.
  var older = ReplicaSet.nothing
}
