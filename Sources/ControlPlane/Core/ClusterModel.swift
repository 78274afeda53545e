public import Measure

/// A control plane and its nodes as a system under test: all parameters of the model.
public struct ClusterModel: Hashable, Codable, Sendable {
  /// The release whose constants stand where nothing else is said.
  public var profile = KubernetesProfile.v1_22
  /// etcd.
  public var etcd = EtcdParameters()
  /// The API servers.
  public var apiServer = APIServerParameters()
  /// The nodes.
  public var nodes = NodeParameters()
  /// The controllers and the scheduler.
  public var controllers = ControllerParameters()

  /// The defaults of Kubernetes 1.22 with three nodes.
  public init() {}
}

/// A release of Kubernetes with its defaults.
public enum KubernetesProfile: String, Hashable, Codable, CaseIterable, Sendable {
  /// 1.22 (2021), the release of the thousand-node cluster.
  case v1_22 = "1.22"
  /// Defaults of the releases since 1.30.
  case modern
}

/// What is put on a cluster while it is simulated.
public struct ClusterLoad: Hashable, Codable, Sendable {
  /// How long is simulated after the warm-up.
  public var duration = Nanoseconds.seconds(600)
  /// How long is simulated before anything is measured.
  public var warmUp = Nanoseconds.seconds(60)
  /// How far apart the samples of the time series are.
  public var sampling = Nanoseconds.seconds(10)
  /// The workloads, those that are there from the start and those that come.
  public var workloads: [Deployment] = []
  /// Pods per second that are deleted and made anew.
  public var podChurn = Rate(perSecond: 0)
  /// The most events a trial may take.
  public var eventBudget: UInt64 = 10_000_000_000

  /// A workload of pods alike.
  public struct Deployment: Hashable, Codable, Sendable {
    /// How many pods it wants.
    public var replicas: Int
    /// CPU that each asks for, in thousandths.
    public var cpu = 100
    /// Memory that each asks for.
    public var memory = ByteCount.mebibytes(128)
    /// The pool that its node selector names.
    public var pool: String?
    /// Whether its pods run from the start; otherwise it is made at the start.
    public var isThere = true

    /// A workload of `replicas` pods.
    public init(replicas: Int) { self.replicas = replicas }
  }

  /// Ten minutes of an idle cluster.
  public init() {}
}
