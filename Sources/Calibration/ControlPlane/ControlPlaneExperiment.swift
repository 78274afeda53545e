public import Measure

/// An experiment on a control plane, as a description: whoever carries it out needs nothing else.
///
/// Knows no file, clock or server, so that a real and a simulated control plane can be given the
/// same one. Fields that a kind does not use are left at their defaults.
public struct ControlPlaneExperiment: Hashable, Codable, Sendable {
  /// What is done.
  public enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
    /// Clients create pods that nobody schedules, each the next when the last is answered.
    case podCreation = "pod-creation"
    /// Nodes renew their leases.
    case leaseRenewal = "lease-renewal"
    /// A Deployment is created; its pods are bound and report that they run.
    case deployment
    /// Some of the nodes stop renewing, all at once.
    case nodeFailure = "node-failure"
    /// The API server is killed and started again under a watch of each node.
    case apiServerRestart = "api-server-restart"
    /// Clients update a small object each, the next time when the last is answered.
    case objectUpdate = "object-update"
    /// Clients read a small object each, likewise.
    case objectRead = "object-read"
    /// Clients create pod templates, likewise: what a pod holds, and nobody acts on it.
    case objectCreation = "object-creation"

    /// Whether it leaves behind what is in the way of doing it once more on the same control plane:
    /// the node controller of Kubernetes 1.20 keeps copies of the nodes that it tainted in its
    /// queue, which wait in front of all others for nodes that are back (kubernetes, pull request
    /// 96876).
    var spoilsControlPlane: Bool { self == .nodeFailure }

    /// Whether it is a closed loop of clients.
    public var hasClients: Bool {
      switch self {
      case .podCreation, .objectUpdate, .objectRead, .objectCreation: true
      case .leaseRenewal, .deployment, .nodeFailure, .apiServerRestart: false
      }
    }
  }

  /// Client limits of kube-controller-manager and kube-scheduler; their defaults when nil.
  public struct ClientLimits: Hashable, Codable, Sendable {
    /// `--kube-api-qps`, requests per second.
    public var queriesPerSecond: Int
    /// `--kube-api-burst`, requests.
    public var burst: Int

    /// Makes limits.
    public init(queriesPerSecond: Int, burst: Int) {
      self.queriesPerSecond = queriesPerSecond
      self.burst = burst
    }
  }

  /// How long a node takes from seeing a pod bound to reporting it Running.
  public enum PodStart: Hashable, Codable, Sendable {
    /// Always the same.
    case constant(delay: Nanoseconds)
    /// Evenly spread between two bounds.
    case uniform(from: Nanoseconds, to: Nanoseconds)
    /// Exponential with a mean.
    case exponential(mean: Nanoseconds)

    enum ConstantCodingKeys: String, CodingKey { case delay = "delayNs" }
    enum UniformCodingKeys: String, CodingKey { case from = "fromNs", to = "toNs" }
    enum ExponentialCodingKeys: String, CodingKey { case mean = "meanNs" }
  }

  /// What is done.
  public var kind: Kind
  /// Nodes that are registered and renew their leases.
  public var nodes = 0
  /// Clients of the kinds that have them, each with a connection of its own.
  public var clients = 0
  /// Watches of all that ``Kind/objectUpdate`` changes, each with a connection of its own.
  public var watchers = 0
  /// Pods of the Deployment.
  public var pods = 0
  /// Nodes that stop renewing in ``Kind/nodeFailure``.
  public var failures = 0
  /// Client limits of the controllers and the scheduler.
  public var clientLimits: ClientLimits?
  /// Whether each node watches its own pods, as kubelets do; if not, one watch serves all nodes.
  public var watchesPerNode = false
  /// Time between two renewals of a lease; kubelet: 10 s (a quarter of 40 s).
  public var leaseInterval = Nanoseconds.seconds(10)
  /// Random share added to each interval; kubelet: none in 1.20, at most 0.04 in later releases.
  public var leaseJitter = Fraction(0.04)
  /// How long a pod takes to start.
  public var podStart = PodStart.uniform(
    from: .milliseconds(100), to: .milliseconds(300))
  /// Time before the window that is not counted.
  public var warmUp = Nanoseconds.seconds(2)
  /// How long is measured; for kinds that end by themselves, how long is waited at most.
  public var window: Nanoseconds
  /// How often it is repeated, on the same control plane unless it spoils it.
  ///
  /// On a new one each, the seed grows by 1 each time.
  public var repetitions = 3
  /// What all that is random comes from.
  public var seed: UInt64 = 1

  enum CodingKeys: String, CodingKey {
    case kind, nodes, clients, watchers, pods, failures, clientLimits, watchesPerNode
    case leaseInterval = "leaseIntervalNs"
    case leaseJitter, podStart
    case warmUp = "warmUpNs"
    case window = "windowNs"
    case repetitions, seed
  }

  /// Makes an experiment with the defaults.
  public init(_ kind: Kind, window: Nanoseconds) {
    self.kind = kind
    self.window = window
  }

  /// What makes it impossible, one sentence each; empty when it can be done.
  public var faults: [String] {
    var faults: [String] = []
    let need = { (holds: Bool, fault: String) in if !holds { faults.append(fault) } }
    need(repetitions >= 1, "repetitions is \(repetitions); at least 1 is due")
    need(window > .zero, "window is \(window.text); more than 0 is due")
    need(warmUp >= .zero, "warm-up is \(warmUp.text); it cannot be negative")
    need(leaseInterval > .zero, "the lease interval is \(leaseInterval.text)")
    if kind.hasClients {
      need(clients >= 1, "clients is \(clients); \(kind.rawValue) needs at least 1")
    } else {
      need(nodes >= 1, "nodes is \(nodes); \(kind.rawValue) needs at least 1")
      need(nodes <= 5000, "nodes is \(nodes); Kubernetes supports 5000")
    }
    if kind == .deployment {
      need(pods >= 1, "pods is \(pods); a deployment needs at least 1")
      need(
        pods <= nodes * Self.podsPerNode,
        "\(pods) pods do not fit on \(nodes) nodes of \(Self.podsPerNode)")
    }
    if kind == .nodeFailure {
      need(
        (1...max(nodes, 1)).contains(failures),
        "failures is \(failures); 1 to \(nodes), the nodes, are due")
    }
    if let limits = clientLimits {
      need(limits.queriesPerSecond >= 1 && limits.burst >= 1, "a client limit below 1 stops all")
    }
    return faults
  }

  /// Pods a node takes: kubelet's default `--max-pods`.
  public static let podsPerNode = 110
}

extension ControlPlaneExperiment {
  /// Those that say what a request costs, by name; none of ``standard`` is among them.
  public static let fitting: [(name: String, experiment: ControlPlaneExperiment)] = [
    ("idle", idle),
    ("update-1-client", load(.objectUpdate, clients: 1)),
    ("update-16-clients", load(.objectUpdate, clients: 16)),
    ("update-20-watchers", load(.objectUpdate, clients: 1, watchers: 20)),
    ("read-1-client", load(.objectRead, clients: 1)),
    ("read-16-clients", load(.objectRead, clients: 16)),
    ("create-1-client", load(.objectCreation, clients: 1)),
    ("create-16-clients", load(.objectCreation, clients: 16)),
    ("restart-1-node", restartOfOneNode),
  ]

  private static func load(
    _ kind: Kind, clients: Int, watchers: Int = 0
  ) -> ControlPlaneExperiment {
    var experiment = ControlPlaneExperiment(kind, window: .seconds(6))
    experiment.clients = clients
    experiment.watchers = watchers
    return experiment
  }

  private static var idle: ControlPlaneExperiment {
    var experiment = ControlPlaneExperiment(.leaseRenewal, window: .seconds(6))
    experiment.nodes = 1
    return experiment
  }

  private static var restartOfOneNode: ControlPlaneExperiment {
    var experiment = apiServerRestart
    experiment.nodes = 1
    experiment.warmUp = .seconds(2)
    return experiment
  }

  /// The experiments that both arms carry out, by name, in the order in which they are run.
  public static let standard: [(name: String, experiment: ControlPlaneExperiment)] = [
    ("pods-1-client", podCreation(clients: 1)),
    ("pods-16-clients", podCreation(clients: 16)),
    ("leases", leases),
    ("deployment", deployment(limits: nil)),
    ("deployment-raised-limits", deployment(limits: .init(queriesPerSecond: 1000, burst: 1000))),
    ("node-failure", nodeFailure),
    ("api-server-restart", apiServerRestart),
  ]

  private static func podCreation(clients: Int) -> ControlPlaneExperiment {
    var experiment = ControlPlaneExperiment(.podCreation, window: .seconds(20))
    experiment.clients = clients
    return experiment
  }

  private static var leases: ControlPlaneExperiment {
    var experiment = ControlPlaneExperiment(.leaseRenewal, window: .seconds(30))
    experiment.nodes = 500
    experiment.warmUp = .seconds(10)
    return experiment
  }

  private static func deployment(limits: ClientLimits?) -> ControlPlaneExperiment {
    var experiment = ControlPlaneExperiment(.deployment, window: .seconds(120))
    experiment.nodes = 50
    experiment.pods = 200
    experiment.clientLimits = limits
    return experiment
  }

  /// The taint NoExecute, which evicts, comes at 0.1 nodes/s (`--node-eviction-rate`) in a zone:
  /// with five nodes the last has it some 40 s after the first.
  private static var nodeFailure: ControlPlaneExperiment {
    var experiment = ControlPlaneExperiment(.nodeFailure, window: .seconds(180))
    experiment.nodes = 50
    experiment.failures = 5
    experiment.warmUp = .seconds(11)
    return experiment
  }

  private static var apiServerRestart: ControlPlaneExperiment {
    var experiment = ControlPlaneExperiment(.apiServerRestart, window: .seconds(90))
    experiment.nodes = 100
    experiment.watchesPerNode = true
    experiment.warmUp = .seconds(11)
    return experiment
  }
}
