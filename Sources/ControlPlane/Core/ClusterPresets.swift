internal import Measure

/// Clusters that have been described in public, as far as the model has their parameters.
public enum ClusterPreset: String, CaseIterable, Sendable {
  /// A private cloud's cluster that grew from 500 nodes to 1200.
  case thousandNodes = "thousand-nodes"
  /// Three small virtual machines, of which two work and one stands by.
  case smallCluster = "small-cluster"
}

extension ClusterModel {
  /// The cluster that `preset` names; what its source does not say keeps its default.
  public init(preset: ClusterPreset) {
    switch preset {
    case .thousandNodes: self = .thousandNodes
    case .smallCluster: self = .smallCluster
    }
  }

  /// Without counterpart in the model: growth by steps of 200, the traffic's peak factor of 10, the
  /// three etcd members of the sample manifest (five are told), watch cache sizes and RAM of the
  /// API server; of the kubelet pods per core and eviction thresholds; GPUs;
  /// Calico, CoreDNS, Prometheus, Fluent Bit, the autoscalers.
  private static var thousandNodes: ClusterModel {
    var model = ClusterModel(profile: .v1_22)
    let pools = [("compute", 128), ("memory", 256), ("gpu", 32), ("general", 1200 - 416)]
    model.nodes.pools = pools.map { NodeParameters.Pool(name: $0.0, nodes: $0.1) }
    model.nodes.maximumPods = 250
    model.nodes.serializeImagePulls = false
    model.nodes.qps = Rate(perSecond: 50)
    model.nodes.burst = 100
    model.nodes.eventQPS = Rate(perSecond: 10)
    model.nodes.eventBurst = 20
    model.etcd.members = 5
    model.etcd.heartbeatInterval = .milliseconds(500)
    model.etcd.electionTimeout = .milliseconds(2500)
    // etcd 3.5.
    model.etcd.preVote = true
    model.apiServer.maxInflight = 4000
    model.apiServer.maxMutatingInflight = 2000
    return model
  }

  /// Its release, 1.24, has the constants of 1.22.
  ///
  /// Without counterpart in the model: that one of the three nodes stands by, etcd's daily
  /// snapshot, requests and limits of the workload, the availability that is claimed.
  private static var smallCluster: ClusterModel {
    var model = ClusterModel(profile: .v1_22)
    var pool = NodeParameters.Pool(name: "general", nodes: 3)
    pool.cpu = 2000
    pool.memory = .gibibytes(4)
    model.nodes.pools = [pool]
    model.controllers.nodeMonitorGracePeriod = .seconds(40)
    model.controllers.unreachableToleration = .seconds(30)
    model.controllers.notReadyToleration = .seconds(30)
    return model
  }
}
