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

  /// A cluster on Kubernetes 1.22 with etcd 3.5; its HPA is ``HorizontalPodAutoscaler/frontend``,
  /// which a deployment of the load has.
  ///
  /// Without counterpart in the model: the three etcd members of the sample manifest (five are
  /// told); watch cache sizes of the API server, which since 1.19 only say whether a resource has
  /// a cache, and its RAM; the kubelet's thresholds of inodes and of the images' own disk; the
  /// GPUs' kind; Calico's BPF and the size of its IP sets; Prometheus' evaluation of rules. What
  /// users do, ten times the usual, is the load's.
  private static var thousandNodes: ClusterModel {
    var model = ClusterModel(profile: .v1_22)
    let pools = [("compute", 128), ("memory", 256), ("gpu", 32), ("general", 1200 - 416)]
    model.nodes.pools = pools.map { NodeParameters.Pool(name: $0.0, nodes: $0.1) }
    model.nodes.maximumPods = 250
    model.nodes.podsPerCore = 10
    model.nodes.eviction.hardMemory = .mebibytes(500)
    model.nodes.eviction.hardDisk = .percent(10)
    model.nodes.serializeImagePulls = false
    model.nodes.qps = Rate(perSecond: 50)
    model.nodes.burst = 100
    model.nodes.eventQPS = Rate(perSecond: 10)
    model.nodes.eventBurst = 20
    model.provisioning.step = 200
    model.etcd.members = 5
    model.etcd.heartbeatInterval = .milliseconds(500)
    model.etcd.electionTimeout = .milliseconds(2500)
    // etcd 3.5.
    model.etcd.preVote = true
    model.apiServer.maxInflight = 4000
    model.apiServer.maxMutatingInflight = 2000
    model.autoscaling = .thousandNodes
    model.addOns = .thousandNodes
    return model
  }

  /// Its release, 1.24, has the constants of 1.22.
  ///
  /// Without counterpart in the model: etcd's daily snapshot, limits of the workload (its requests
  /// are the load's), the availability that is claimed, which a limit of a scenario asks for.
  private static var smallCluster: ClusterModel {
    var model = ClusterModel(profile: .v1_22)
    var pool = NodeParameters.Pool(name: "general", nodes: 3)
    pool.cpu = 2000
    pool.memory = .gibibytes(4)
    pool.standby = 1
    model.nodes.pools = [pool]
    model.controllers.nodeMonitorGracePeriod = .seconds(40)
    model.controllers.unreachableToleration = .seconds(30)
    model.controllers.notReadyToleration = .seconds(30)
    return model
  }
}
