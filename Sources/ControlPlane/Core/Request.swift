internal import Measure
internal import Simulation

/// The verbs of the Kubernetes API.
enum Verb: UInt8, Sendable, CaseIterable {
  case get, list, watch, create, update, patch, delete

  /// Whether it counts against the mutating in-flight limit.
  var isMutating: Bool { rawValue >= Verb.create.rawValue }
}

/// The resources that the model knows; subresources are resources of their own.
enum Resource: UInt8, Sendable, CaseIterable {
  case node, nodeStatus, lease, leaderLease
  case pod, podStatus, binding
  case event
  case deployment, deploymentStatus, replicaSet, replicaSetStatus
  case service, endpointSlice, endpoints
  case configMap, secret, namespace, serviceAccountToken
  case certificateSigningRequest
  case horizontalPodAutoscaler, podMetrics
  case customResource
  /// What a node serves by way of the API server (`nodes/proxy`), as its metrics.
  case nodeProxy
}

/// What part of a resource a request is about, as SLOs and metrics tell them apart.
enum Scope: UInt8, Sendable, CaseIterable {
  case resource, namespace, cluster
}

/// How a request ended.
enum Outcome: UInt8, Sendable, CaseIterable {
  case pending, ok
  /// 409: the object has changed, or is there already.
  case conflict
  /// 404.
  case notFound
  /// 410: a list or watch from a revision that is gone.
  case gone
  /// 429: in-flight limit or a full queue.
  case tooManyRequests
  /// 504, or the client has waited long enough.
  case timeout
  /// 500, 503, connection refused: no server, or etcd without a leader.
  case unavailable
  /// etcd's "database space exceeded".
  case noSpace
}

/// A request to an API server on its way, from the wish to the answer.
///
/// Instants are of the simulation; 0 is "not yet". Their differences are the parts of a latency.
struct Request: BitwiseCopyable {
  var verb: Verb
  var resource: Resource
  var scope = Scope.resource
  var outcome = Outcome.pending
  /// Who sent it: a place in `World.clients`.
  var client: UInt32
  /// The object it is about (node, pod, workload, ...), by `resource`.
  var object: UInt32 = 0
  /// What it says of the object: the node of a binding, the phase of a pod status, ...
  var argument: UInt32 = 0
  /// A second such: the ready pods of a status, the replica set that asks for a pod or its end.
  var detail: UInt32 = 0
  /// The `Pod.serial` that its pod must have; 0 is any. (A precondition by UID.)
  var serial: UInt16 = 0
  /// The requester's own mark, to know the answer by.
  var tag: UInt16 = 0
  var server: UInt8 = 0
  var attempt: UInt8 = 0
  /// Where in APF it waits or runs; the API server's.
  var priorityLevel: UInt8 = 0
  var queue: UInt16 = 0
  var seats: UInt16 = 1
  /// Seats that it keeps after its end, for so many ns.
  var finalSeats: UInt16 = 0
  var linger: UInt32 = 0
  /// The level's virtual time when it came.
  var arrivalR: Int64 = 0
  /// The server's start that it came to; what a server did before it was restarted is void.
  var epoch: UInt8 = 0
  /// Whether it is between its arrival at a server and the answer.
  var isAtServer = false
  /// Whether its client has given up on it; what it does is done, but no one is told.
  var isOrphan = false
  /// Whether it is a client's of etcd itself, and no API server's.
  var isDirect = false
  /// Objects that a list returns.
  var objects: UInt32 = 0
  /// Bytes of the object written, or of the answer.
  var bytes: UInt32 = 0
  /// The revision that a list is of, or that a watch begins after.
  var revision: UInt64 = 0

  /// When its owner wanted it; waiting for the client's own limiter counts from here.
  var wished = Nanoseconds.zero
  /// When it left the client (the last attempt).
  var sent = Nanoseconds.zero
  /// When it reached the API server.
  var arrived = Nanoseconds.zero
  /// When APF let it run.
  var dispatched = Nanoseconds.zero
  /// When the API server handed it to etcd.
  var proposed = Nanoseconds.zero
  /// When the leader took it into a write of its log.
  var appended = Nanoseconds.zero
  /// How long the leader's own write of the log took.
  var logging = Nanoseconds.zero
  /// When the leader handed it on as committed: a quorum has it on disk.
  var committed = Nanoseconds.zero
  /// When etcd answered.
  var stored = Nanoseconds.zero
  /// When the API server's answer left it.
  var answered = Nanoseconds.zero
  /// How long it waited for its client's own limiter, all attempts together.
  var throttled = Nanoseconds.zero
  /// What it waits for a CPU for, and how much of it; of whoever serves it now.
  var phase: UInt8 = 0
  var cost = Nanoseconds.zero
  /// What it needs of a CPU beyond `cost`, when its turn is over.
  var rest = Nanoseconds.zero
  /// The timer of the client that waits for it.
  var timer = Timer.none
  /// The one behind it in whatever `RequestQueue` it waits in.
  var behind = RequestQueue.nobody

  init(_ verb: Verb, _ resource: Resource, client: UInt32, object: UInt32 = 0) {
    self.verb = verb
    self.resource = resource
    self.client = client
    self.object = object
  }

  /// Whether a read goes to etcd (no resource version) rather than to the watch cache; `argument`.
  var isFromEtcd: Bool { !verb.isMutating && verb != .watch && argument == Self.fromEtcd }
  static let fromEtcd: UInt32 = 1

  /// The seats that APF keeps for it while it runs.
  var maximumSeats: Int { Int(max(seats, finalSeats)) }
}

/// Who sends requests: an identity with a rate limiter of its own, as one client-go client is.
struct Client: BitwiseCopyable {
  static let unlimited = UInt32.max

  /// Who is told of answers.
  var owner: Component
  var identity: Identity
  /// What APF tells flows apart by: the node's number, a namespace's.
  var flow: UInt32 = 0
  /// Its rate limiter in `World.limiters`, or `unlimited`.
  var limiter = Client.unlimited
  /// The API server it is connected to.
  var server: UInt8 = 0
  /// How often a request is tried in all before its owner is told.
  var attempts: UInt8 = 1
  /// After how long an attempt is given up; zero is never.
  var timeout = Nanoseconds.zero
  /// The wait before a second attempt after an error other than 429, and the longest: it doubles.
  ///
  /// client-go repeats after 1 s what had no answer (rest/with_retry.go), without growth.
  var backOff = Nanoseconds.seconds(1)
  var longestBackOff = Nanoseconds.seconds(1)
}

extension Client {
  /// Makes it a kubelet's client for leases: 5 tries (`maxUpdateRetries`) with a back-off of 200 ms
  /// to 7 s (component-helpers/apimachinery/lease, controller.go), each up to 10 s (kubelet's
  /// `nodeStatusUpdateFrequency`, the timeout of its heartbeat client).
  mutating func renewsLeases() {
    attempts = 5
    timeout = .seconds(10)
    backOff = .milliseconds(200)
    longestBackOff = .seconds(7)
  }
}

/// User and groups as APF's flow schemas tell them apart.
enum Identity: UInt8, Sendable, CaseIterable {
  case admin
  case node
  case kubeControllerManager
  case kubeScheduler
  case leaderElection
  case kubeProxy
  /// A service account of kube-system.
  case kubeSystem
  /// Any other service account.
  case serviceAccount
  case other
}
