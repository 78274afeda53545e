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
  /// What one pod costs the scheduler, without what grows with nodes.
  public var schedulingCost = Nanoseconds.microseconds(500)
  /// What each node that is filtered and scored adds.
  public var schedulingCostPerNode = Nanoseconds.microseconds(4)
  /// Whether full nodes are preferred (MostAllocated) rather than empty ones (LeastAllocated).
  public var packs = false

  /// The defaults.
  public init() {}
}
