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
  /// How machines are made nodes.
  public var provisioning = ProvisioningParameters()
  /// The horizontal pod autoscaler and the cluster autoscaler.
  public var autoscaling = AutoscalingParameters()
  /// CoreDNS, Prometheus, Fluent Bit.
  public var addOns = AddOnParameters()
  /// The machine that all of it runs on; nil where each component has one of its own.
  public var machine: SharedMachine?
  /// Where laws that were measured come from, by their keys in a scenario: `etcd.wal-sync`.
  public var sources: [String: String] = [:]

  /// The defaults of Kubernetes 1.22 with three nodes.
  public init() {}

  /// The defaults of a release with three nodes.
  ///
  /// Sources: kubelet's `kubeAPIQPS` and `eventRecordQPS` since 1.27
  /// (pkg/kubelet/apis/config/v1beta1/defaults.go), `--node-monitor-grace-period` since 1.32
  /// (CHANGELOG-1.32), `--pre-vote` of the etcd 3.5 that those releases come with.
  public init(profile: KubernetesProfile) {
    self.profile = profile
    apiServer = APIServerParameters(profile)
    controllers = ControllerParameters(profile)
    autoscaling = AutoscalingParameters(profile)
    guard profile == .modern else { return }
    nodes.qps = Rate(perSecond: 50)
    nodes.burst = 100
    nodes.eventQPS = Rate(perSecond: 50)
    nodes.eventBurst = 100
    etcd.preVote = true
  }
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
  /// Pods that run from the start beside those of ``workloads``, in deployments alike.
  public var pods = 0
  /// How many of ``pods`` each of those deployments has.
  public var podsPerDeployment = 30
  /// Pods per second that are deleted and made anew.
  public var podChurn = Rate(perSecond: 0)
  /// Clients that send one request after the other, beside all else.
  public var closedLoop = ClosedLoop()
  /// Clients of etcd itself, beside the API servers.
  public var etcdLoad = EtcdLoad()
  /// Whether a watcher follows pods and nodes and clients note how long their requests took.
  public var isWatched = false
  /// Deployments that are given another pod template, and when.
  public var rollouts: [Rollout] = []
  /// Nodes that are added from the end of the warm-up on, as `provisioning` of the cluster says.
  public var addedNodes = 0
  /// The pool that they belong to; the last one when nil.
  public var addedPool: String?
  /// What goes wrong, and when.
  public var faults: [ClusterFault] = []
  /// The users' traffic as a multiple of the usual, which autoscaled workloads follow.
  public var traffic = TrafficCurve()
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
    /// Memory that each uses when it is ready; nil is what it asks for.
    public var memoryUse: ByteCount?
    /// How many bytes more of memory it uses each second.
    public var memoryGrowthBytesPerSecond: Int64 = 0
    /// What each has on its node's disk when it is ready.
    public var diskUse = ByteCount.zero
    /// How many bytes more of the disk it takes each second.
    public var diskGrowthBytesPerSecond: Int64 = 0
    /// The pool that its node selector names.
    public var pool: String?
    /// The size of its image, compressed, which nodes without such a pod must pull; zero is an
    /// image that every node has.
    public var image = ByteCount.zero
    /// Whether its pods run from the start; otherwise it is made at the start.
    public var isThere = true
    /// The priority of its pods in the scheduler's queue.
    public var priority = 0
    /// `maxSkew` of a topology spread constraint over zones (DoNotSchedule); 0 is none.
    public var zoneSkew = 0
    /// The same over nodes.
    public var nodeSkew = 0
    /// `maxSurge` of its rolling updates, a share of its pods; nil is the controllers' default.
    public var maxSurge: Fraction?
    /// `maxUnavailable` of its rolling updates; nil is the controllers' default.
    public var maxUnavailable: Fraction?
    /// Whether its pods tolerate `dedicated=baremetal:NoSchedule`.
    public var toleratesBareMetal = false
    /// What users ask of its pods at usual traffic; nil is nothing.
    public var traffic: ServedTraffic?
    /// What changes its replicas with the traffic; nil is nothing.
    public var autoscaler: HorizontalPodAutoscaler?
    /// Whether the cluster autoscaler may evict its pods (the annotation `safe-to-evict`).
    public var isMovable = true

    /// A workload of `replicas` pods.
    public init(replicas: Int) { self.replicas = replicas }

    /// Whether its pods can use up what their machines have.
    public var usesMoreThanItAsksFor: Bool {
      (memoryUse ?? memory) > memory || memoryGrowthBytesPerSecond > 0
        || diskUse > .zero || diskGrowthBytesPerSecond > 0
    }
  }

  /// A rolling update.
  public struct Rollout: Hashable, Codable, Sendable {
    /// Its place in ``ClusterLoad/deployments``.
    public var deployment: Int
    /// When, counted from the end of the warm-up.
    public var at: Nanoseconds

    /// A rolling update of a deployment.
    public init(deployment: Int, at: Nanoseconds) {
      self.deployment = deployment
      self.at = at
    }
  }

  /// Ten minutes of an idle cluster.
  public init() {}

  /// All workloads, those that ``pods`` stands for last.
  ///
  /// O(pods / podsPerDeployment).
  public var deployments: [Deployment] {
    let each = max(podsPerDeployment, 1)
    return workloads
      + stride(from: 0, to: pods, by: each).map { Deployment(replicas: min(each, pods - $0)) }
  }
}
