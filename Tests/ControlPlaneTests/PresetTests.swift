import Measure
import Simulation
import Testing

@testable import ControlPlane

/// The presets against what was published, figure by figure.
///
/// The figures are facts of two articles: on deploying and running a thousand-node Kubernetes
/// cluster, and on small cloud servers as a cluster.
struct PresetTests {
  /// A published figure and what the model has in its place.
  struct Figure: CustomTestStringConvertible, Sendable {
    var key: String
    var published: Double
    var model: Double
    var testDescription: String { key }

    init(_ key: String, _ published: Double, _ model: Double) {
      (self.key, self.published, self.model) = (key, published, model)
    }

    init(_ key: String, _ isPublished: Bool, _ isModel: Bool) {
      self.init(key, isPublished ? 1 : 0, isModel ? 1 : 0)
    }
  }

  @Test(arguments: Self.thousandNodes + Self.autoscalers + Self.addOns + Self.smallCluster)
  func aPresetHasWhatWasPublished(_ figure: Figure) {
    #expect(figure.model == figure.published)
  }

  private static let thousandNodes: [Figure] = {
    let model = ClusterModel(preset: .thousandNodes)
    let nodes = Dictionary(uniqueKeysWithValues: model.nodes.pools.map { ($0.name, $0.nodes) })
    return [
      Figure("kubernetes", true, model.profile == .v1_22),
      Figure("nodes.after", 1200, Double(model.nodes.count)),
      Figure("nodes.step", 200, Double(model.provisioning.step)),
      Figure("pools.compute", 128, Double(nodes["compute"] ?? 0)),
      Figure("pools.memory", 256, Double(nodes["memory"] ?? 0)),
      Figure("pools.gpu", 32, Double(nodes["gpu"] ?? 0)),
      Figure("pools.general", 1200 - 128 - 256 - 32, Double(nodes["general"] ?? 0)),
      Figure("etcd.members", 5, Double(model.etcd.members)),
      Figure("etcd.heartbeat_interval_ms", 500, model.etcd.heartbeatInterval.inSeconds * 1e3),
      Figure("etcd.election_timeout_ms", 2500, model.etcd.electionTimeout.inSeconds * 1e3),
      Figure("apiserver.max_requests_inflight", 4000, Double(model.apiServer.maxInflight)),
      Figure(
        "apiserver.max_mutating_requests_inflight", 2000,
        Double(model.apiServer.maxMutatingInflight)),
      Figure("kubelet.max_pods", 250, Double(model.nodes.maximumPods)),
      Figure("kubelet.pods_per_core", 10, Double(model.nodes.podsPerCore)),
      Figure("kubelet.kube_api_qps", 50, model.nodes.qps.perSecond),
      Figure("kubelet.kube_api_burst", 100, Double(model.nodes.burst)),
      Figure("kubelet.event_record_qps", 10, model.nodes.eventQPS.perSecond),
      Figure("kubelet.event_burst", 20, Double(model.nodes.eventBurst)),
      Figure("kubelet.serialize_image_pulls", false, model.nodes.serializeImagePulls),
      Figure(
        "kubelet.eviction_hard.memory.available", 500,
        Double(model.nodes.eviction.hardMemory.count >> 20)),
      Figure(
        "kubelet.eviction_hard.nodefs.available", 0.1, model.nodes.eviction.hardDisk.value),
    ]
  }()

  private static let autoscalers: [Figure] = {
    let nodes =
      ClusterModel(preset: .thousandNodes).autoscaling.nodes ?? ClusterAutoscalerParameters()
    let frontend = HorizontalPodAutoscaler.frontend
    let (up, down) = (frontend.scaleUp, frontend.scaleDown)
    return [
      Figure("cluster_autoscaler.replicas", 2, Double(nodes.replicas)),
      Figure("cluster_autoscaler.expander", true, nodes.expander == .priority),
      Figure(
        "cluster_autoscaler.balance_similar_node_groups", true, nodes.balancesSimilarPools),
      Figure(
        "cluster_autoscaler.scale_down_unneeded_min", 10, nodes.unneededTime.inSeconds / 60),
      Figure(
        "cluster_autoscaler.scale_down_delay_after_add_min", 10,
        nodes.delayAfterAdd.inSeconds / 60),
      Figure(
        "cluster_autoscaler.scale_down_delay_after_delete_min", 10,
        nodes.delayAfterDelete.inSeconds / 60),
      Figure(
        "cluster_autoscaler.scale_down_delay_after_failure_min", 3,
        nodes.delayAfterFailure.inSeconds / 60),
      Figure("cluster_autoscaler.scale_down_unready_min", 20, nodes.unreadyTime.inSeconds / 60),
      Figure("hpa.min", 10, Double(frontend.minimum)),
      Figure("hpa.max", 200, Double(frontend.maximum)),
      Figure(
        "hpa.metrics", true,
        frontend.metrics == [.cpu(.percent(60)), .requests(Rate(perSecond: 500))]),
      Figure("hpa.scale_down.stabilization_s", 300, down.stabilization.inSeconds),
      Figure(
        "hpa.scale_down.policies", true,
        down.policies == [
          .init(.percent(10), per: .seconds(60)), .init(.pods(5), per: .seconds(60)),
        ]),
      Figure("hpa.scale_down.select", true, down.selection == .min),
      Figure("hpa.scale_up.stabilization_s", 0, up.stabilization.inSeconds),
      Figure(
        "hpa.scale_up.policies", true,
        up.policies == [
          .init(.percent(20), per: .seconds(60)), .init(.pods(10), per: .seconds(60)),
        ]),
      Figure("hpa.scale_up.select", true, up.selection == .max),
    ]
  }()

  private static let addOns: [Figure] = {
    let addOns = ClusterModel(preset: .thousandNodes).addOns
    let dns = addOns.coreDNS
    let (logs, metrics) = (addOns.fluentBit, addOns.prometheus)
    return [
      Figure("calico.iptables_refresh_s", 60, addOns.calico?.refresh.inSeconds ?? 0),
      Figure("coredns.cache_success", 9984, Double(dns?.successEntries ?? 0)),
      Figure("coredns.cache_denial", 9984, Double(dns?.denialEntries ?? 0)),
      Figure("coredns.success_ttl_s", 30, dns?.successTTL.inSeconds ?? 0),
      Figure("coredns.denial_ttl_s", 5, dns?.denialTTL.inSeconds ?? 0),
      Figure("coredns.pods", true, dns?.verifiesPods ?? false),
      Figure("prometheus.scrape_interval_s", 60, metrics?.interval.inSeconds ?? 0),
      Figure("prometheus.scrape_timeout_s", 10, metrics?.timeout.inSeconds ?? 0),
      Figure("fluent_bit.flush_s", 5, logs?.flush.inSeconds ?? 0),
      Figure("fluent_bit.mem_buf_limit_mb", 50, Double((logs?.buffer.count ?? 0) >> 20)),
      Figure("fluent_bit.refresh_interval_s", 10, logs?.refresh.inSeconds ?? 0),
    ]
  }()

  private static let smallCluster: [Figure] = {
    let model = ClusterModel(preset: .smallCluster)
    let pool = model.nodes.pools[0]
    return [
      Figure("nodes.count", 3, Double(model.nodes.count)),
      Figure("nodes.cpus", 2, Double(pool.cpu) / 1000),
      Figure("nodes.memory_gib", 4, Double(pool.memory.count >> 30)),
      Figure("nodes.working", 2, Double(pool.nodes - pool.standby)),
      Figure("nodes.standby", 1, Double(pool.standby)),
      Figure(
        "node_monitor_grace_period_s", 40, model.controllers.nodeMonitorGracePeriod.inSeconds),
      Figure(
        "default_not_ready_toleration_s", 30, model.controllers.notReadyToleration.inSeconds),
      Figure(
        "default_unreachable_toleration_s", 30,
        model.controllers.unreachableToleration.inSeconds),
    ]
  }()

  @Test func presetsHaveNothingThatTheModelWouldRefuse() {
    for preset in ClusterPreset.allCases {
      let model = ClusterModel(preset: preset)
      #expect(model.nodes.fault == nil && model.autoscaling.fault == nil)
      #expect(model.addOns.fault == nil && model.provisioning.fault == nil)
    }
  }

  /// 250 pods, and ten for each CPU if those are fewer.
  @Test func podsPerCoreLimitsSmallNodes() {
    var model = ClusterModel(preset: .thousandNodes)
    #expect(model.nodes.podCapacity(of: model.nodes.pools[0]) == 250)
    model.nodes.pools[0].cpu = 8000
    #expect(model.nodes.podCapacity(of: model.nodes.pools[0]) == 80)
    model.nodes.podsPerCore = 0
    #expect(model.nodes.podCapacity(of: model.nodes.pools[0]) == 250)
  }
}
