public import Measure

/// The horizontal pod autoscaler and the cluster autoscaler.
public struct AutoscalingParameters: Hashable, Codable, Sendable {
  /// The controller of horizontal pod autoscalers; it has work if a deployment has one.
  public var pods = PodAutoscalingParameters()
  /// The cluster autoscaler; nil is none.
  public var nodes: ClusterAutoscalerParameters?

  /// The defaults of a release, without a cluster autoscaler.
  public init(_ profile: KubernetesProfile = .v1_22) {
    pods = PodAutoscalingParameters(profile)
  }

  /// The published thousand-node cluster's: two replicas of a cluster autoscaler 1.22.
  public static var thousandNodes: AutoscalingParameters {
    var parameters = AutoscalingParameters(.v1_22)
    var nodes = ClusterAutoscalerParameters()
    nodes.replicas = 2
    nodes.expander = .priority
    nodes.balancesSimilarPools = true
    nodes.unneededTime = .seconds(600)
    nodes.unreadyTime = .seconds(1200)
    nodes.delayAfterAdd = .seconds(600)
    nodes.delayAfterDelete = .seconds(600)
    nodes.delayAfterFailure = .seconds(180)
    parameters.nodes = nodes
    return parameters
  }

  /// What is wrong with them, for people; nil if nothing is.
  public var fault: String? { pods.fault ?? nodes?.fault }
}

/// The horizontal pod autoscaler's controller in the controller manager, and its metrics.
///
/// The flags `--horizontal-pod-autoscaler-cpu-initialization-period` (5 min) and
/// `-initial-readiness-delay` (30 s) have no counterpart: pods of the model are ready once and for
/// all, and have metrics long before 5 min are over.
public struct PodAutoscalingParameters: Hashable, Codable, Sendable {
  /// `--horizontal-pod-autoscaler-sync-period` (15 s).
  public var syncPeriod = Nanoseconds.seconds(15)
  /// `--concurrent-horizontal-pod-autoscaler-syncs`: 1, and 5 since 1.27.
  public var workers = 1
  /// `--horizontal-pod-autoscaler-tolerance` (0.1).
  public var tolerance = Fraction(0.1)
  /// How often CPU is looked at: metrics-server's `--metric-resolution` (15 s).
  public var cpuInterval = Nanoseconds.seconds(15)
  /// How often requests are counted: the scrape interval behind the Prometheus adapter (60 s).
  public var requestInterval = Nanoseconds.seconds(60)
  /// Whether a period's start is found from additions and removals both (since 1.25, k/k #109058),
  /// rather than from changes in the same direction only.
  public var countsBothDirections = false

  /// The defaults of a release.
  public init(_ profile: KubernetesProfile = .v1_22) {
    guard profile == .modern else { return }
    workers = 5
    countsBothDirections = true
  }

  /// What is wrong with them, for people; nil if nothing is.
  public var fault: String? {
    if syncPeriod < .seconds(1) || cpuInterval < .seconds(1) || requestInterval < .seconds(1) {
      return "periods of the pod autoscaler must be 1 s or more"
    }
    return workers < 1 || tolerance.value < 0
      ? "the pod autoscaler needs a worker and a tolerance of 0 or more" : nil
  }
}
