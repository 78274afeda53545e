import Measure
import Simulation
import Testing

@testable import ControlPlane

struct LatencyPartTests {
  /// A busy cluster: pods come and go, its controllers have little to ask with.
  static let busy = ClusterTrial(model: busyModel, load: busyLoad, seed: 3).run()

  private static var busyModel: ClusterModel {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 60
    model.controllers.qps = Rate(perSecond: 5)
    model.controllers.burst = 10
    return model
  }

  private static var busyLoad: ClusterLoad {
    var load = ClusterLoad()
    load.warmUp = .seconds(30)
    load.duration = .seconds(300)
    load.workloads = [ClusterLoad.Deployment(replicas: 600)]
    load.podChurn = Rate(perSecond: 5)
    return load
  }

  private func sum(_ composition: LatencyComposition) -> UInt64 {
    UInt64(composition.buckets.reduce(0) { $0 + $1.sums.reduce(0, +) })
  }

  @Test func partsOfAllLatenciesAddUpToThem() {
    let outcome = Self.busy
    let composition = outcome.composition
    #expect(composition.mutatingAtServer.count == outcome.mutatingLatency.count)
    #expect(sum(composition.mutatingAtServer) == outcome.mutatingLatency.sum)
    #expect(sum(composition.getAtServer) == outcome.getLatency.sum)
    #expect(
      sum(composition.listAtServer)
        == outcome.namespaceListLatency.sum + outcome.clusterListLatency.sum)
    #expect(outcome.podStartup.count > 500)
    #expect(composition.podStartup.count == outcome.podStartup.count)
    #expect(sum(composition.podStartup) == outcome.podStartup.sum)
    for buckets in [composition.mutatingAtServer, composition.mutating, composition.podStartup] {
      let negative = buckets.buckets.contains { $0.sums.contains { $0 < 0 } }
      #expect(!negative)
    }
  }

  @Test(arguments: [0.5, 0.99]) func partsOfAPercentileAddUpToItWithinItsBuckets(
    quantile: Double
  ) throws {
    let outcome = Self.busy
    let breakdown = try #require(outcome.composition.podStartup.breakdown(of: quantile))
    let sum = breakdown.parts.reduce(0) { $0 + $1.time.count }
    #expect(sum == breakdown.mean.count)
    let percentile = Double(try #require(outcome.podStartup.quantile(quantile)))
    // Eight buckets of 1.6 % on either side at most.
    #expect(abs(Double(breakdown.mean.count) / percentile - 1) < 0.13)
    #expect(abs(Double(breakdown.latency.count) / percentile - 1) < 0.01)
    let shares = LatencyPart.allCases.reduce(0) { $0 + breakdown.share(of: $1).value }
    #expect(abs(shares - 1) < 1e-9)
  }

  @Test func theBottleneckIsTheControllersLimitWhereItIs() throws {
    let bottleneck = try #require(Self.busy.bottleneck)
    #expect(bottleneck.resource.name == "kube-controller-manager's client limit")
    #expect(bottleneck.resource.used.value > 0.8 && bottleneck.resource.used.value <= 1)
    #expect(bottleneck.share.value > 0.5)
    #expect(bottleneck.text.hasPrefix("kube-controller-manager's client limit (5/s), used "))
    #expect(bottleneck.text.hasSuffix("of pod startup p99 is waiting for it"))
  }

  @Test func compositionsMergeAsIfTheyWereOne() throws {
    let composition = Self.busy.composition.mutating
    var twice = composition
    twice.merge(composition)
    #expect(twice.count == 2 * composition.count)
    let once = try #require(composition.breakdown(of: 0.9, least: 0))
    let both = try #require(twice.breakdown(of: 0.9, least: 0))
    #expect(once.latency == both.latency)
    var none = LatencyComposition()
    #expect(none.breakdown(of: 0.5) == nil)
    none.merge(composition)
    #expect(none == composition)
  }
}

/// Latencies by the rules of the objectives.
struct ServiceLevelTests {
  /// So many gets at once where one at a time has a seat.
  private func crowded(_ count: Int) -> ClusterOutcome {
    var model = APIServerRig.quiet()
    model.apiServer.cpus = 1
    model.apiServer.readCPU = .milliseconds(100)
    model.apiServer.maxInflight = 1
    model.apiServer.maxMutatingInflight = 0
    var rig = APIServerRig(model)
    let client = rig.addClient(.other)
    rig.submit(Request(.get, .configMap, client: client), times: count)
    rig.run(until: .seconds(14))
    return ClusterOutcome(rig.cluster, rig.loop, .reachedEnd)
  }

  @Test func theWaitForASeatCountsInTheDurationAndNotInTheIndicator() throws {
    let outcome = crowded(20)
    let gets = try #require(outcome.latencies.first { $0.verb == "GET" })
    #expect(gets.resource == "configmaps" && gets.scope == "resource")
    #expect(gets.duration.count == 20 && gets.sliDuration.count == 20)
    #expect(gets.duration.maximum > 1_900_000_000)
    #expect(gets.sliDuration.maximum < 101_000_000)
    let objective = try #require(outcome.serviceLevels.first { $0.indicator == .get })
    #expect(objective.windows == 1 && objective.isKept && objective.slow == 0)
    let breakdown = try #require(outcome.composition.getAtServer.breakdown(of: 0.99))
    #expect(breakdown.share(of: .flowControl).value > 0.9)
  }

  @Test func windowsWithTooManySlowRequestsAreBad() throws {
    var model = ClusterModel()
    model.etcd.walSync = .constant(.milliseconds(600))
    var load = ClusterLoad()
    load.duration = .seconds(900)
    let outcome = ClusterTrial(model: model, load: load, seed: 1).run()
    let objective = try #require(outcome.serviceLevels.first { $0.indicator == .mutating })
    // Leases and node statuses, three windows each.
    #expect(objective.windows >= 5 && objective.windows <= 8)
    #expect(objective.badWindows > 0 && !objective.isKept)
    #expect(objective.badShare.value > 0 && objective.badShare.value <= 1)
    let breakdown = try #require(outcome.composition.mutatingAtServer.breakdown(of: 0.5))
    let inLog =
      breakdown.share(of: .etcdSync).value + breakdown.share(of: .etcdQueue).value
    #expect(inLog > 0.8)
    #expect(outcome.bottleneck?.resource.name == "etcd's log")
  }
}
