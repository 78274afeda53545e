public import Measure

/// The nodes of a cluster and their kubelets.
public struct NodeParameters: Hashable, Codable, Sendable {
  /// Nodes alike, which selectors of workloads can name.
  public struct Pool: Hashable, Codable, Sendable {
    /// Its name in the scenario.
    public var name: String
    /// How many nodes it has.
    public var nodes: Int
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
  /// From the news of a pod to its containers running, image present.
  public var podStart = LatencyLaw.lognormal(p50: .milliseconds(900), p99: .milliseconds(2500))
  /// From the order to end a pod to its containers' end.
  public var podStop = LatencyLaw.lognormal(p50: .milliseconds(800), p99: .seconds(5))

  /// The defaults.
  public init() {}

  /// How many nodes there are.
  public var count: Int { pools.reduce(0) { $0 + $1.nodes } }
}
