internal import ControlPlane
internal import Measure

/// Published figures of whole clusters.
enum PublishedClusters {
  static func cases(_ model: EtcdModel) -> [PublishedCase] {
    [
      payPal(model), density(model), thousandNodes(model), fiveThousandNodes(model),
      scheduler(model), schedulerAtScale(model), leases(model),
    ]
  }

  /// A cluster on the fitted etcd; what is not told keeps the defaults of Kubernetes 1.22.
  private static func cluster(_ model: EtcdModel, nodes: Int) -> ClusterModel {
    var cluster = ClusterModel(profile: .v1_22)
    cluster.etcd = model.onMachinesOfTheirOwn(3, cpus: 8)
    cluster.nodes.pools = [NodeParameters.Pool(name: "general", nodes: nodes)]
    return cluster
  }

  private static func run(
    _ cluster: ClusterModel, pods: Int, churn: Double, seconds: Int64, _ seed: UInt64
  ) -> ClusterOutcome {
    var load = ClusterLoad()
    load.pods = pods
    load.podChurn = Rate(perSecond: churn)
    load.warmUp = .seconds(15)
    load.duration = .seconds(seconds)
    return ClusterTrial(model: cluster, load: load, seed: seed).run()
  }

  private static func milliseconds(_ latency: LatencyDistribution, _ fraction: Double) -> Double {
    Double(latency.quantile(fraction) ?? 0) / 1e6
  }

  private static func payPal(_ model: EtcdModel) -> PublishedCase {
    var cluster = cluster(model, nodes: 4100)
    cluster.controllers.qps = Rate(perSecond: 1000)
    cluster.controllers.burst = 1000
    cluster.controllers.schedulerQPS = Rate(perSecond: 1000)
    cluster.controllers.schedulerBurst = 1000
    return PublishedCase(
      id: "V8", scenario: "4100 nodes, 200 000 pods, 3000 pods a minute",
      source: "PayPal, Scaling Kubernetes to over 4k nodes and 200k pods",
      parameters: "controllers and scheduler at 1000 requests a second; else 1.22's defaults",
      quantities: [.tail("pod startup p99", 5000)]
    ) { [cluster] seed in
      let outcome = run(cluster, pods: 200_000, churn: 50, seconds: 30, seed)
      return [milliseconds(outcome.podStartup, 0.99)]
    }
  }

  /// What a pod takes on a hollow node is given by the published time from schedule to run.
  private static func density(_ model: EtcdModel) -> PublishedCase {
    var cluster = cluster(model, nodes: 100)
    cluster.nodes.podStart = .lognormal(p50: .milliseconds(200), p99: .milliseconds(731))
    cluster.controllers.schedulerQPS = Rate(perSecond: 50)
    return PublishedCase(
      id: "V9", scenario: "kubemark density, 30 pods a node",
      source: "kubernetes issue 42000",
      parameters: "100 nodes (not stated), a pod starts in 200 ms, p99 731 ms (the published "
        + "time to run), 5 pods a second",
      quantities: [
        .middle("create to seen running, p50", 1139).but(watch),
        .tail("create to seen running, p99", 2057).but(watch),
      ]
    ) { [cluster] seed in
      let startup = run(cluster, pods: 3000, churn: 5, seconds: 60, seed).podStartup
      return [milliseconds(startup, 0.5), milliseconds(startup, 0.99)]
    }
  }

  private static let watch =
    "1.0 s of it passed between running and the test's watch, in status updates of the kubelet of "
    + "2017 (1.6) that the model, of 1.22, does not hold back"

  private static func thousandNodes(_ model: EtcdModel) -> PublishedCase {
    var cluster = cluster(model, nodes: 1000)
    cluster.apiServer.servers = 1
    cluster.apiServer.cpus = 32
    return PublishedCase(
      id: "V11", scenario: "1000 nodes, 30 000 pods, Kubernetes 1.2",
      source: "Kubernetes blog, March 2016",
      parameters: "one API server of 32 CPUs (published); 5 pods a second (test/e2e/density.go of "
        + "1.2 creates those that it times 200 ms apart)",
      quantities: [
        .init(name: "pod startup p99", unit: "ms", claim: .atMost(3000)),
        .init(name: "mutating p99", unit: "ms", claim: .atMost(100)),
      ]
    ) { [cluster] seed in
      let outcome = run(cluster, pods: 30_000, churn: 5, seconds: 60, seed)
      return [
        milliseconds(outcome.podStartup, 0.99), milliseconds(outcome.mutatingLatency, 0.99),
      ]
    }
  }

  private static func fiveThousandNodes(_ model: EtcdModel) -> PublishedCase {
    var cluster = cluster(model, nodes: 5000)
    cluster.apiServer.servers = 1
    cluster.apiServer.cpus = 64
    cluster.controllers.qps = Rate(perSecond: 100)
    cluster.controllers.burst = 100
    cluster.controllers.schedulerQPS = Rate(perSecond: 100)
    cluster.controllers.schedulerBurst = 100
    return PublishedCase(
      id: "V12", scenario: "5000 nodes, 150 000 pods, Kubernetes 1.6",
      source: "Kubernetes blog, March 2017",
      parameters: "one API server of 64 CPUs, clients at 100 requests a second (kube-up above 500 "
        + "nodes); 10 pods a second",
      quantities: [
        .init(name: "mutating p99", unit: "ms", claim: .atMost(500)),
        .init(name: "mutating p90", unit: "ms", claim: .atMost(100)),
      ]
    ) { [cluster] seed in
      let outcome = run(cluster, pods: 150_000, churn: 10, seconds: 30, seed)
      return [
        milliseconds(outcome.mutatingLatency, 0.99), milliseconds(outcome.mutatingLatency, 0.9),
      ]
    }
  }

  private static func scheduler(_ model: EtcdModel) -> PublishedCase {
    PublishedCase(
      id: "V18", scenario: "scheduling of a burst of pods on 500 nodes",
      source: "kubernetes issues 85861 and 93217", parameters: limits,
      quantities: [
        .rate(91, "pods scheduled, mean"),
        .init(name: "the test's gate", unit: "1/s", claim: .atLeast(90)),
      ]
    ) { seed in
      let rate = schedulingRate(model, nodes: 500, seed)
      return [rate, rate]
    }
  }

  private static func schedulerAtScale(_ model: EtcdModel) -> PublishedCase {
    PublishedCase(
      id: "V18", scenario: "scheduling of a burst of pods on 5000 nodes",
      source: "kubernetes pull request 74041", parameters: limits,
      quantities: [.rate(100, "pods scheduled, mean")]
    ) { seed in
      [schedulingRate(model, nodes: 5000, seed)]
    }
  }

  private static let limits =
    "scheduler at 100 requests a second (kube-up from 500 nodes), pods created faster than that"

  /// The rate of bindings is that between two lengths of the same run, past what starts it.
  private static func schedulingRate(_ model: EtcdModel, nodes: Int, _ seed: UInt64) -> Double {
    var cluster = cluster(model, nodes: nodes)
    cluster.nodes.podStart = .constant(.milliseconds(1))
    cluster.controllers.qps = Rate(perSecond: 5000)
    cluster.controllers.burst = 5000
    cluster.controllers.schedulerQPS = Rate(perSecond: 100)
    cluster.controllers.schedulerBurst = 100
    let ready = [15, 25].map { (seconds: Int64) in
      var load = ClusterLoad()
      var burst = ClusterLoad.Deployment(replicas: 4000)
      burst.isThere = false
      load.workloads = [burst]
      load.warmUp = .zero
      load.duration = .seconds(seconds)
      return ClusterTrial(model: cluster, load: load, seed: seed).run().podStartup.count
    }
    return (Double(ready[1]) - Double(ready[0])) / 10
  }

  private static func leases(_ model: EtcdModel) -> PublishedCase {
    let cluster = cluster(model, nodes: 8000)
    return PublishedCase(
      id: "V22", scenario: "8000 nodes, idle", source: "kubernetes pull request 81174",
      parameters: "defaults of 1.22: a lease renewed every 10 s, once a GET beside each",
      quantities: [.rate(50_000, "lease renewals and other writes in a minute")]
    ) { seed in
      let outcome = run(cluster, pods: 0, churn: 0, seconds: 60, seed)
      return [Double(outcome.mutatingLatency.count)]
    }
  }
}

extension PublishedTable {
  static let left = [
    Omission(
      id: "V9", figure: "schedule 9.3/13.1/24.6 ms",
      reason: "an outcome has no times of the steps of a pod's start"),
    Omission(
      id: "V11, V12", figure: "p99 of GETs and of lists",
      reason: "the clients of these loads send none in the model: they watch"),
    Omission(
      id: "V12", figure: "watchers get at least 500 events/s",
      reason: "5000 nodes renewing every 10 s are 500 events/s by arithmetic"),
    Omission(
      id: "V18", figure: "50 unschedulable pods/s, thresholds of affinity",
      reason: "the model's scheduler has neither affinity nor a cost of failing"),
    Omission(
      id: "V19", figure: "Cluster Autoscaler, 1 to 1000 nodes",
      reason: "an autoscaler's own time for a loop is a parameter of the model, not a result"),
    Omission(
      id: "V21", figure: "etcd's size halved by leases",
      reason: "an outcome of a cluster has no size of the database"),
    Omission(
      id: "V25", figure: "KubeBrain 8500, etcd 3000 inserts/s",
      reason: "neither the disk nor the machines are published, and KubeBrain is not modelled"),
    Omission(
      id: "V26", figure: "up to 70 GB of heap an API server at 7500 nodes",
      reason: "the sizes of the objects are not published"),
    Omission(
      id: "V28", figure: "65 000 pods in 2.5 min on 65 000 nodes",
      reason: "GKE keeps its objects in Spanner, not in etcd"),
    Omission(
      id: "V29", figure: "13 000 lease updates/s at 130 000 nodes",
      reason: "130 000 nodes renewing every 10 s by arithmetic; kept in Spanner, not in etcd"),
    Omission(
      id: "V30", figure: "500 pods scheduled/s at 100 000 nodes",
      reason: "EKS keeps its objects in a journal of its own, not in etcd's log"),
    Omission(
      id: "V31", figure: "50 000 modifications/s of one etcd",
      reason: "the machine is not published; the cache's lock is no part of the model"),
  ]
}
