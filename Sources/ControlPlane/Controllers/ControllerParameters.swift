public import Measure

/// The controller manager and the scheduler.
public struct ControllerParameters: Hashable, Codable, Sendable {
  /// `--kube-api-qps` of kube-controller-manager (default 20).
  public var qps = Rate(perSecond: 20)
  /// `--kube-api-burst` of kube-controller-manager (default 30).
  public var burst = 30
  /// `--node-monitor-period` (default 5 s).
  public var nodeMonitorPeriod = Nanoseconds.seconds(5)
  /// `--node-monitor-grace-period` (default 40 s in 1.22).
  public var nodeMonitorGracePeriod = Nanoseconds.seconds(40)
  /// `--node-eviction-rate` (default 0.1/s).
  public var evictionRate = Rate(perSecond: 0.1)
  /// `--secondary-node-eviction-rate` (default 0.01/s).
  public var secondaryEvictionRate = Rate(perSecond: 0.01)
  /// `--unhealthy-zone-threshold` (default 55 %).
  public var unhealthyZoneThreshold = Fraction.percent(55)
  /// `--large-cluster-size-threshold` (default 50 nodes).
  public var largeClusterThreshold = 50
  /// How long pods tolerate an unreachable node (DefaultTolerationSeconds, 300 s).
  public var unreachableToleration = Nanoseconds.seconds(300)
  /// How long pods tolerate a node that is not ready (DefaultTolerationSeconds, 300 s).
  public var notReadyToleration = Nanoseconds.seconds(300)
  /// `--kube-api-qps` of kube-scheduler (default 50).
  public var schedulerQPS = Rate(perSecond: 50)
  /// `--kube-api-burst` of kube-scheduler (default 100).
  public var schedulerBurst = 100
  /// What one pod costs the scheduler's loop, without what grows with nodes.
  ///
  /// Scheduler benchmarks of one machine of 4 CPUs, 1.18 (kubernetes PR 86160): 3.31 ms a pod with
  /// 500 nodes, of which 230 are looked at, and 4.40 ms with 5000, of which 500: 4.06 us a node.
  /// Filters and scores took 1.34 ms and 5.03 ms of a pod's 9.6 ms on a slower machine (means; PR
  /// 85861), 66 %; the API server and etcd run in the benchmark's process and have the rest. So
  /// 2.19 ms of 3.31 ms are the scheduler's, of which nodes have 0.93 ms.
  public var schedulingCost = Nanoseconds.microseconds(1260)
  /// What each node that is looked at adds, to be filtered: 21 % of 4.06 us.
  public var filterCostPerNode = Nanoseconds(850)
  /// What each node that fits adds, to be scored: 79 % of 4.06 us.
  public var schedulingCostPerNode = Nanoseconds(3210)
  /// What each pod of the cluster adds where a pod fits nowhere and preemption is considered:
  /// 20 ms with 20 000 pods (kubernetes PR 128466).
  public var preemptionCostPerPod = Nanoseconds.microseconds(1)
  /// `percentageOfNodesToScore`; 0 adapts to the number of nodes (50 % less one for each 125).
  public var percentageOfNodesToScore = 0
  /// Whether full nodes are preferred (MostAllocated) rather than empty ones (LeastAllocated).
  public var packs = false
  /// The weights of CPU and memory in that (`scoringStrategy.resources`, 1 each).
  public var cpuWeight = 1
  /// The weight of memory.
  public var memoryWeight = 1
  /// `podInitialBackoffSeconds` (default 1 s).
  public var podInitialBackOff = Nanoseconds.seconds(1)
  /// `podMaxBackoffSeconds` (default 10 s).
  public var podLongestBackOff = Nanoseconds.seconds(10)
  /// How long a pod stays unschedulable at most before it is tried again: 60 s, since 1.24 5 min
  /// (`--pod-max-in-unschedulable-pods-duration`).
  public var unschedulableLimit = Nanoseconds.seconds(60)

  /// `--concurrent-deployment-syncs` (default 5).
  public var deploymentWorkers = 5
  /// `--concurrent-replicaset-syncs` (default 5).
  public var replicaSetWorkers = 5
  /// `--concurrent-service-endpoint-syncs` and `--concurrent-endpoint-syncs` (default 5).
  public var endpointWorkers = 5
  /// `--concurrent-gc-syncs` (default 20).
  public var collectorWorkers = 20
  /// Pods that one sync of a replica set makes or ends at most (`BurstReplicas`, 500).
  public var replicaSetBurst = 500
  /// `maxSurge` of a rolling update (default 25 %, rounded up).
  public var maxSurge = Fraction.percent(25)
  /// `maxUnavailable` of a rolling update (default 25 %, rounded down).
  public var maxUnavailable = Fraction.percent(25)
  /// `--endpointslice-updates-batch-period` and `--endpoint-updates-batch-period` (default 0).
  public var endpointsBatching = Nanoseconds.zero
  /// Whether Endpoints objects are written beside slices.
  public var writesEndpoints = true
  /// Whether controller manager and scheduler hold leases (`--leader-elect`; default true there).
  public var electsLeaders = false
  /// `--leader-elect-lease-duration` (default 15 s).
  public var leaseDuration = Nanoseconds.seconds(15)
  /// `--leader-elect-renew-deadline` (default 10 s).
  public var renewDeadline = Nanoseconds.seconds(10)
  /// `--leader-elect-retry-period` (default 2 s).
  public var retryPeriod = Nanoseconds.seconds(2)

  /// The defaults of a release.
  ///
  /// Since 1.30: 1147 pods/s in SchedulingBasic with 5000 nodes, of which 500 are looked at
  /// (kubernetes PR 128023), thus 0.87 ms a pod; shared out as the older figures are.
  public init(_ profile: KubernetesProfile = .v1_22) {
    guard profile == .modern else { return }
    nodeMonitorGracePeriod = .seconds(50)
    unschedulableLimit = .seconds(300)
    schedulingCost = .microseconds(470)
    filterCostPerNode = Nanoseconds(170)
    schedulingCostPerNode = Nanoseconds(630)
  }
}
