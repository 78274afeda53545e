public import Measure

/// The nodes of a cluster and their kubelets.
public struct NodeParameters: Hashable, Codable, Sendable {
  /// Nodes alike, which selectors of workloads can name.
  public struct Pool: Hashable, Codable, Sendable {
    /// Its name in the scenario.
    public var name: String
    /// How many nodes it has.
    public var nodes: Int
    /// How many it can have, with machines that are not nodes yet; nil is no more than ``nodes``
    /// and those that the load adds.
    public var maximum: Int?
    /// The fewest nodes that the cluster autoscaler leaves it, if it has a `maximum`.
    public var minimum = 0
    /// CPUs that pods can ask for, in thousandths.
    public var cpu: Int = 32_000
    /// Memory that pods can ask for.
    public var memory = ByteCount.gibibytes(128)
    /// Whether it carries the taint `dedicated=baremetal:NoSchedule`.
    public var isBareMetal = false

    /// A pool of `nodes` machines with 32 CPUs and 128 GiB each.
    public init(name: String, nodes: Int) {
      self.name = name
      self.nodes = nodes
    }
  }

  /// The pools; nodes are numbered through them.
  public var pools = [Pool(name: "general", nodes: 3)]
  /// Nodes of a rack; racks fail as one.
  public var nodesPerRack = 40
  /// Zones, which nodes are dealt out to by rack.
  public var zones = 1
  /// `maxPods` of the kubelet (default 110).
  public var maximumPods = 110
  /// How often a kubelet renews its lease: a quarter of `nodeLeaseDurationSeconds` 40.
  public var leaseInterval = Nanoseconds.seconds(10)
  /// The random share of the interval added to each; kubelet: none in 1.22, up to 0.04 later.
  public var leaseJitter = Fraction(0)
  /// Whether each node's kubelet watches its own pods; otherwise one watch serves all nodes.
  public var watchesPerNode = true
  /// Whether each node runs kube-proxy, which watches the endpoint slices.
  public var runsProxy = true
  /// How often it reports status that has not changed (`nodeStatusReportFrequency`, 5 min).
  public var statusInterval = Nanoseconds.seconds(300)
  /// `kubeAPIQPS` and `kubeAPIBurst` of the kubelet: 5 and 10 in 1.22, 50 and 100 since 1.27.
  public var qps = Rate(perSecond: 5)
  /// Burst of the same limiter.
  public var burst = 10
  /// `eventRecordQPS` and `eventBurst`: 5 and 10 in 1.22, 50 and 100 since 1.27.
  public var eventQPS = Rate(perSecond: 5)
  /// Burst of the same limiter.
  public var eventBurst = 10
  /// Events that a kubelet records while a pod starts: pulled, created, started.
  public var eventsPerStart = 3
  /// What runs on every node that joins; nodes that are there from the start have theirs already,
  /// which the model leaves out.
  public var daemonSets = DaemonSet.usual
  /// From a machine's boot until its kubelet asks for a certificate: systemd, container runtime,
  /// kubelet (an estimate of this model).
  public var kubeletStart = LatencyLaw.lognormal(p50: .seconds(3), p99: .seconds(8))
  /// How often a kubelet asks its runtime whether the network is ready (`updateRuntimeUp`, 5 s).
  public var runtimeCheck = Nanoseconds.seconds(5)
  /// `serializeImagePulls`: one image at a time (default).
  public var serializeImagePulls = true
  /// `registryPullQPS` (default 5).
  public var registryPullQPS = Rate(perSecond: 5)
  /// `registryBurst` (default 10).
  public var registryBurst = 10
  /// What the registry's link carries, bytes per second, shared evenly by all pulls: 10 Gbit/s.
  public var registryBytesPerSecond: Int64 = 1_250_000_000
  /// The most that one pull gets, bytes per second: what a node's link carries, 10 Gbit/s.
  public var linkBytesPerSecond: Int64 = 1_250_000_000
  /// Compressed bytes per second that a node unpacks onto its disk (an estimate of this model).
  public var unpackBytesPerSecond: Int64 = 100_000_000
  /// From the news of a pod to its containers running, image present.
  public var podStart = LatencyLaw.lognormal(p50: .milliseconds(900), p99: .milliseconds(2500))
  /// From the order to end a pod to its containers' end.
  public var podStop = LatencyLaw.lognormal(p50: .milliseconds(800), p99: .seconds(5))

  /// The defaults.
  public init() {}

  /// A daemon that runs once on every node.
  public struct DaemonSet: Hashable, Codable, Sendable {
    /// What it is for.
    public var role: DaemonRole
    /// CPU that each of its pods asks for, in thousandths.
    public var cpu = 100
    /// Memory that each asks for.
    public var memory = ByteCount.mebibytes(128)
    /// The size of its image, compressed; zero is one that machines bring along.
    public var image: ByteCount
    /// The priority of its pods: the network's and kube-proxy's are `system-node-critical`
    /// (2 000 001 000), by Calico's manifest and kubeadm's (phases/addons/proxy/manifests.go).
    ///
    /// Without it a node whose network waits behind pods that fit nowhere would never be ready.
    public var priority: Int

    /// A daemon set of small pods.
    public init(_ role: DaemonRole, image: ByteCount) {
      self.role = role
      self.image = image
      priority = role == .other ? 0 : 2_000_001_000
    }

    /// Network, proxy, logs and metrics, by the sizes of calico/node 3.21, kube-proxy 1.22,
    /// fluent-bit 1.8 and node-exporter, rounded.
    public static let usual = [
      DaemonSet(.network, image: .mebibytes(70)), DaemonSet(.proxy, image: .mebibytes(35)),
      DaemonSet(.other, image: .mebibytes(35)), DaemonSet(.other, image: .mebibytes(10)),
    ]
  }

  /// What is wrong with them, for people; nil if nothing is.
  public var fault: String? {
    for pool in pools {
      if let maximum = pool.maximum, maximum < pool.nodes {
        return "the pool \(pool.name) has \(pool.nodes) nodes, more than its maximum \(maximum)"
      }
    }
    if registryBytesPerSecond < 1 || linkBytesPerSecond < 1 || unpackBytesPerSecond < 1 {
      return "the links of the registry and of nodes, and unpacking, must be above zero"
    }
    return nil
  }

  /// How many nodes there are at the start.
  public var count: Int { pools.reduce(0) { $0 + $1.nodes } }
}

/// What a daemon set does for its node.
public enum DaemonRole: String, Hashable, Codable, CaseIterable, BitwiseCopyable, Sendable {
  /// The network: a node is ready only when its pod runs.
  case network
  /// kube-proxy: it watches services and endpoint slices when its pod runs.
  case proxy
  /// Anything else: logs, metrics.
  case other
}
