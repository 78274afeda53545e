public import Measure

/// The cluster autoscaler: the flags of its release 1.22, and what a loop of it costs.
///
/// It scales the pools that have a `maximum`.
public struct ClusterAutoscalerParameters: Hashable, Codable, Sendable {
  /// Which pool is enlarged if several would help.
  public enum Expander: String, Hashable, Codable, CaseIterable, Sendable {
    /// The one that stands first in ``ClusterAutoscalerParameters/priorities``.
    case priority
    /// The one whose new nodes have the least CPU and memory left over.
    case leastWaste = "least-waste"
    /// Any of them.
    case random
  }

  /// Replicas of which one leads; the others try to.
  public var replicas = 1
  /// `--scan-interval`: the pause between two loops (10 s).
  public var scanInterval = Nanoseconds.seconds(10)
  /// `--expander` (default random).
  public var expander = Expander.random
  /// Names of pools, the first preferred; pools that are not here come last, all alike.
  public var priorities: [String] = []
  /// `--balance-similar-node-groups` (default false).
  public var balancesSimilarPools = false
  /// `--max-nodes-total` (0 is no limit).
  public var maximumNodes = 0
  /// `--max-node-provision-time` (15 min).
  public var provisionTime = Nanoseconds.seconds(900)
  /// How long a pool is left alone whose machine did not come: 5 min, doubled up to 30 min
  /// (clusterstate's `InitialNodeGroupBackoffDuration`, `MaxNodeGroupBackoffDuration`).
  public var backOff = Nanoseconds.seconds(300)
  /// The longest of these pauses.
  public var longestBackOff = Nanoseconds.seconds(1800)
  /// Pods younger than this do not start a scale-up alone (`unschedulablePodTimeBuffer`, 2 s).
  public var podBuffer = Nanoseconds.seconds(2)
  /// `--scale-down-unneeded-time` (10 min).
  public var unneededTime = Nanoseconds.seconds(600)
  /// `--scale-down-unready-time` (20 min).
  public var unreadyTime = Nanoseconds.seconds(1200)
  /// `--scale-down-delay-after-add` (10 min).
  public var delayAfterAdd = Nanoseconds.seconds(600)
  /// `--scale-down-delay-after-delete` (default: the scan interval).
  public var delayAfterDelete = Nanoseconds.seconds(10)
  /// `--scale-down-delay-after-failure` (3 min).
  public var delayAfterFailure = Nanoseconds.seconds(180)
  /// `--scale-down-utilization-threshold` (0.5).
  public var utilizationThreshold = Fraction(0.5)
  /// `--max-empty-bulk-delete` (10).
  public var emptyBulk = 10
  /// `--scale-down-non-empty-candidates-count` (30).
  public var candidates = 30
  /// `--scale-down-candidates-pool-ratio` (0.1).
  public var candidatePool = Fraction(0.1)
  /// `--scale-down-candidates-pool-min-count` (50).
  public var leastCandidatePool = 50
  /// How long a node that could not be removed is not looked at again (5 min, core/scale_down.go).
  public var unremovableTime = Nanoseconds.seconds(300)
  /// `--max-graceful-termination-sec` (10 min).
  public var gracefulTermination = Nanoseconds.seconds(600)
  /// `--max-total-unready-percentage` (45): with more unready nodes nothing is done.
  public var unreadyShare = Fraction.percent(45)
  /// `--ok-total-unready-count` (3): so many may be unready in any case.
  public var unreadyCount = 3
  /// `--kube-client-qps` (5).
  public var qps = Rate(perSecond: 5)
  /// `--kube-client-burst` (10).
  public var burst = 10
  /// From the order to remove a machine to its node's deletion: BMC and controller (an estimate).
  public var machineStop = Nanoseconds.seconds(10)

  // The costs below are estimates of this model, set so that the six scenarios of the scalability
  // report (1000 nodes, 30 pods each) stay below the 10 s that it measured. They are bounded by it,
  // not fitted.

  /// A loop without nodes and pods.
  public var loopCost = Nanoseconds.milliseconds(50)
  /// What each node adds: its state, its snapshot.
  public var costPerNode = Nanoseconds.microseconds(300)
  /// What each bound pod adds to the snapshot.
  public var costPerPod = Nanoseconds.microseconds(10)
  /// What each pending pod adds: sorted, held against existing nodes.
  public var costPerPendingPod = Nanoseconds.microseconds(80)
  /// One pod held against one node.
  public var costPerFit = Nanoseconds(200)

  /// The defaults of cluster autoscaler 1.22.
  public init() {}

  /// What is wrong with them, for people; nil if nothing is.
  public var fault: String? {
    if scanInterval < .seconds(1) { return "the cluster autoscaler scans at most once a second" }
    if emptyBulk < 1 || candidates < 0 || replicas < 1 || maximumNodes < 0 {
      return "the cluster autoscaler needs a replica, and removes at least one node at a time"
    }
    return qps.perSecond > 0 && burst > 0
      ? nil : "the cluster autoscaler's client needs a rate and a burst above 0"
  }
}
