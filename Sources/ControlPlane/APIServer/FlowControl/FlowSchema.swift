internal import Measure
internal import Simulation

/// The flow schemas of the suggested configuration, in their order of matching.
///
/// apis/flowcontrol/bootstrap/default.go; the precedences stand behind the cases. kube-proxy is
/// the user `system:kube-proxy` on all nodes, thus one flow of global-default.
enum FlowSchema: UInt8, CaseIterable {
  case exempt  // 1
  case systemLeaderElection  // 100
  case workloadLeaderElection  // 200
  case systemNodeHigh  // 400
  case systemNodes  // 500
  case kubeControllerManager  // 800
  case kubeScheduler  // 800
  case kubeSystemServiceAccounts  // 900
  case serviceAccounts  // 9000
  case globalDefault  // 9900

  /// The first that matches a request.
  static func matching(_ request: Request, from identity: Identity) -> FlowSchema {
    let isElection = isElection(request)
    return switch identity {
    case .admin: .exempt
    case .kubeControllerManager where isElection: .systemLeaderElection
    case .kubeScheduler where isElection: .systemLeaderElection
    case .kubeSystem where isElection: .systemLeaderElection
    case .leaderElection: .systemLeaderElection
    case .node: isHealth(request.resource) ? .systemNodeHigh : .systemNodes
    case .kubeControllerManager: .kubeControllerManager
    case .kubeScheduler: .kubeScheduler
    case .kubeSystem: .kubeSystemServiceAccounts
    case .serviceAccount: .serviceAccounts
    case .kubeProxy, .other: .globalDefault
    }
  }

  /// Verbs get, create and update on leases.
  private static func isElection(_ request: Request) -> Bool {
    guard request.resource == .leaderLease else { return false }
    return request.verb == .get || request.verb == .create || request.verb == .update
  }

  private static func isHealth(_ resource: Resource) -> Bool {
    resource == .node || resource == .nodeStatus || resource == .lease
  }

  /// The level that its requests go to.
  var level: PriorityLevel.Name {
    switch self {
    case .exempt: .exempt
    case .systemLeaderElection, .workloadLeaderElection: .leaderElection
    case .systemNodeHigh: .nodeHigh
    case .systemNodes: .system
    case .kubeControllerManager, .kubeScheduler, .kubeSystemServiceAccounts: .workloadHigh
    case .serviceAccounts: .workloadLow
    case .globalDefault: .globalDefault
    }
  }

  /// Whether flows are told apart by namespace (`ByNamespace`) rather than by user.
  var isByNamespace: Bool {
    self == .kubeControllerManager || self == .kubeScheduler
      || self == .kubeSystemServiceAccounts
  }

  /// 64 bits that are the flow's own.
  ///
  /// The API server takes them from SHA-256 of the names; here they come from the flow's number and
  /// the seed, so that replications see other hands.
  func hash(_ request: Request, from client: Client, in world: borrowing World) -> UInt64 {
    let user = client.identity == .kubeProxy ? 0 : client.flow
    let flow = isByNamespace ? Self.namespace(of: request, in: world) : user
    var stream = RandomStream(
      seed: world.seed, entity: flow, purpose: Purpose.flow.rawValue + UInt16(rawValue))
    return stream.next()
  }

  private static func namespace(of request: Request, in world: borrowing World) -> UInt32 {
    switch request.resource {
    case .pod, .podStatus, .binding:
      guard request.verb != .list, request.verb != .watch else { return .max }
      return UInt32(world.workloads[Int(world.pods[request.object].workload)].namespace)
    case .replicaSet, .replicaSetStatus:
      guard request.verb != .list, request.verb != .watch else { return .max }
      let workload = Int(world.replicaSets[Int(request.object)].workload)
      return UInt32(world.workloads[workload].namespace)
    case .deployment, .deploymentStatus, .endpointSlice, .endpoints:
      guard request.verb != .list, request.verb != .watch else { return .max }
      return UInt32(world.workloads[Int(request.object)].namespace)
    default: return .max
    }
  }
}
