internal import Measure

/// Where the time of a request, or of a pod's start, goes.
///
/// Every nanosecond of a request belongs to one part: the parts are the spans between the instants
/// at which it passes from one hand to the next.
public enum LatencyPart: String, Hashable, Codable, CaseIterable, Sendable {
  /// Waiting for the client's own rate limit; of a pod, for the controller's that makes it.
  case clientLimit = "client's limit"
  /// A pod's binding waits for the scheduler's client.
  case schedulerLimit = "scheduler's client limit"
  /// A pod's status waits for the kubelet's client.
  case kubeletLimit = "kubelet's client limit"
  /// From the wish for a pod to its controller's asking for it.
  case controller = "controller"
  /// Attempts that failed, and the pauses after them.
  case earlierAttempts = "earlier attempts"
  /// On the way to the API server and back.
  case network = "network"
  /// Waiting for a seat (API Priority and Fairness).
  case flowControl = "flow control"
  /// Waiting for a CPU of the API server.
  case serverQueue = "API server's CPU queue"
  /// On a CPU of the API server.
  case serverCPU = "API server's CPU"
  /// In etcd until the leader's raft loop takes it into a write of its log.
  case etcdQueue = "etcd before the log"
  /// From there until the leader has it on disk, if no quorum has it before.
  case etcdSync = "etcd fsync"
  /// From there until a quorum has it on disk: raft.
  case etcdQuorum = "etcd raft"
  /// From there to etcd's answer: the apply loop, held by commits of the backend; a read, in all.
  case etcdApply = "etcd apply"
  /// From a change's commit until whoever waits for it has the news.
  case watch = "watch delivery"
  /// In the scheduler: its queue, and the decision.
  case scheduler = "scheduler"
  /// It fits on no node: until a change, of nodes or of pods, lets the scheduler try again.
  case room = "room on nodes"
  /// The kubelet has the pod and pulls its image.
  case imagePull = "image pull"
  /// From there until the containers run and the kubelet says so.
  case containerStart = "container start"

  /// Its place in a ``PartVector``.
  var place: Int {
    switch self {
    case .clientLimit: 0
    case .schedulerLimit: 1
    case .kubeletLimit: 2
    case .controller: 3
    case .earlierAttempts: 4
    case .network: 5
    case .flowControl: 6
    case .serverQueue: 7
    case .serverCPU: 8
    case .etcdQueue: 9
    case .etcdSync: 10
    case .etcdQuorum: 11
    case .etcdApply: 12
    case .watch: 13
    case .scheduler: 14
    case .imagePull: 15
    case .containerStart: 16
    case .room: 17
    }
  }
}

/// The parts of one latency, ns, by `LatencyPart.place`.
struct PartVector: BitwiseCopyable, Equatable {
  var values = SIMD32<Int64>(repeating: 0)

  subscript(part: LatencyPart) -> Int64 {
    get { values[part.place] }
    set { values[part.place] = newValue }
  }

  var total: Int64 { values.wrappedSum() }

  /// Takes `excess` ns off its beginning: off the parts that come first in a request's life.
  mutating func removeFirst(_ excess: Int64) {
    var left = max(0, excess)
    for part in Self.order where left > 0 {
      let cut = min(left, self[part])
      self[part] -= cut
      left -= cut
    }
  }

  private static let order: [LatencyPart] = [
    .earlierAttempts, .clientLimit, .network, .flowControl, .serverQueue, .serverCPU, .etcdQueue,
    .etcdSync, .etcdQuorum, .etcdApply,
  ]
}

extension Request {
  /// The parts of its last attempt from its arrival at the server until `end`, which add up to
  /// that.
  func serverParts(until end: Nanoseconds, _ parameters: APIServerParameters) -> PartVector {
    var parts = PartVector()
    parts[.flowControl] = (dispatched - arrived).count
    var atServer = (end - dispatched).count
    if proposed >= dispatched, stored >= proposed {
      if verb.isMutating, appended >= proposed {
        parts[.etcdQueue] = (appended - proposed).count
        let inLog = committed >= appended ? committed : stored
        parts[.etcdSync] = min(logging, inLog - appended).count
        parts[.etcdQuorum] = (inLog - appended).count - parts[.etcdSync]
        parts[.etcdApply] = (stored - inLog).count
      } else if verb.isMutating {
        parts[.etcdQueue] = (stored - proposed).count
      } else {
        parts[.etcdApply] = (stored - proposed).count
      }
      atServer -= (stored - proposed).count
    }
    parts[.serverCPU] = min(atServer, parameters.cost(of: self).count)
    parts[.serverQueue] = atServer - parts[.serverCPU]
    return parts
  }

  /// Its parts from the wish to its last arrival at a server.
  var clientParts: PartVector {
    var parts = PartVector()
    parts[.clientLimit] = throttled.count
    parts[.earlierAttempts] = (sent - wished - throttled).count
    parts[.network] = (arrived - sent).count
    return parts
  }
}

extension PartVector {
  static func + (left: PartVector, right: PartVector) -> PartVector {
    PartVector(values: left.values &+ right.values)
  }

  static func += (left: inout PartVector, right: PartVector) { left = left + right }
}
