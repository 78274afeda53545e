public import Measure
internal import Simulation

/// A stretch of a cluster's life, to be looked at in Perfetto or about:tracing.
///
/// Requests with their parts, each part with the component that it was spent in, and moments:
/// faults, and who leads etcd.
public struct ClusterTrace: Sendable {
  /// A span of a request, or the request itself.
  public struct Slice: Hashable, Sendable {
    /// Where it was spent.
    public var process: Process
    /// What it was.
    public var name: String
    /// Which request it is of; slices of one request lie beside each other.
    public var request: Int
    /// When it began, from the start of the simulation.
    public var begin: Nanoseconds
    /// How long it took.
    public var length: Nanoseconds
  }

  /// A moment without length.
  public struct Moment: Hashable, Sendable {
    /// What happened.
    public var name: String
    /// When, from the start of the simulation.
    public var at: Nanoseconds
  }

  /// The component that a slice is drawn with.
  public enum Process: Hashable, Sendable {
    /// Whoever sends requests, by identity.
    case client(String)
    /// An API server by its number.
    case apiServer(Int)
    /// etcd.
    case etcd

    var name: String {
      switch self {
      case .client(let identity): identity
      case .apiServer(let number): "kube-apiserver \(number)"
      case .etcd: "etcd"
      }
    }
  }

  /// Slices in the order in which their requests ended.
  public var slices: [Slice] = []
  /// Moments in their order.
  public var moments: [Moment] = []
  /// Requests that were left out because there were more than the limit.
  public var leftOut: UInt64 = 0

}

extension ClusterTrace {
  init(_ cluster: borrowing Cluster) {
    leftOut = cluster.world.observations.tracer.leftOut
    for place in cluster.world.observations.tracer.requests.indices {
      slices += Self.slices(of: place, in: cluster)
    }
    moments = Self.moments(in: cluster)
  }

  /// What happened without length, in order.
  static func moments(in cluster: borrowing Cluster) -> [Moment] {
    let faults = cluster.world.load.faults
    var moments: [Moment] = []
    for place in cluster.world.observations.tracer.moments.indices {
      let moment = cluster.world.observations.tracer.moments[place]
      let name =
        switch moment.kind {
        case .faultBegins: "\(faults[Int(moment.number)].kind.rawValue) begins"
        case .faultEnds: "\(faults[Int(moment.number)].kind.rawValue) ends"
        case .leads: "etcd member \(moment.number) leads"
        case .leaderless: "etcd has no leader"
        }
      moments.append(Moment(name: name, at: moment.at))
    }
    return moments
  }

  /// A request with its parts behind it, in the order in which they pass.
  static func slices(of number: Int, in cluster: borrowing Cluster) -> [Slice] {
    slices(cluster.world.observations.tracer.requests[number], number, cluster.world)
  }

  private static func slices(
    _ request: Request, _ number: Int, _ world: borrowing World
  ) -> [Slice] {
    var slices: [Slice] = []
    let client = Process.client(world.clients[Int(request.client)].identity.userName)
    let server = Process.apiServer(Int(request.server))
    let (plural, subresource) = request.resource.names
    let name =
      "\(request.verb.metricName) \(plural)" + (subresource.isEmpty ? "" : "/\(subresource)")
    let half = world.model.apiServer.halfTrip
    let end = request.answered + (request.outcome == .timeout ? .zero : half)
    func put(
      _ process: Process, _ name: String, _ begin: Nanoseconds, _ length: Nanoseconds
    ) -> Nanoseconds {
      if length > .zero {
        slices.append(
          Slice(process: process, name: name, request: number, begin: begin, length: length))
      }
      return begin + length
    }
    let code = request.outcome.code
    _ = put(client, "\(name) \(code)", request.wished, end - request.wished)
    guard request.arrived >= request.sent, request.dispatched >= request.arrived else {
      return slices
    }
    var parts = request.clientParts
    var moment = request.wished
    for part in [LatencyPart.earlierAttempts, .clientLimit, .network] {
      moment = put(client, part.rawValue, moment, Nanoseconds(parts[part]))
    }
    parts = request.serverParts(until: request.answered, world.model.apiServer)
    // A read is served after etcd has answered, a write before.
    let inEtcd: [LatencyPart] = [.etcdQueue, .etcdSync, .etcdQuorum, .etcdApply]
    let atServer: [LatencyPart] = [.serverQueue, .serverCPU]
    moment = put(server, LatencyPart.flowControl.rawValue, moment, Nanoseconds(parts[.flowControl]))
    for part in request.verb.isMutating ? atServer + inEtcd : inEtcd + atServer {
      let process = inEtcd.contains(part) ? Process.etcd : server
      moment = put(process, part.rawValue, moment, Nanoseconds(parts[part]))
    }
    _ = put(client, LatencyPart.network.rawValue, moment, end - moment)
    return slices
  }
}

extension Identity {
  /// The user or component as logs have it.
  var userName: String {
    switch self {
    case .admin: "admin"
    case .node: "kubelet"
    case .kubeControllerManager: "kube-controller-manager"
    case .kubeScheduler: "kube-scheduler"
    case .leaderElection: "leader election"
    case .kubeProxy: "kube-proxy"
    case .kubeSystem: "kube-system"
    case .serviceAccount: "service account"
    case .other: "other clients"
    }
  }
}
