import Measure
import Simulation
import Testing

@testable import ControlPlane

struct AddOnTests {
  @Test(arguments: [0.5, 5, 200], [5, 30])
  func theShareOfCachedLookupsIsThatOfACacheThatIsSimulated(rate: Double, lifetime: Int64) {
    let cache = NameCache(names: 300, entries: 9984, lifetime: .seconds(lifetime))
    #expect(abs(cache.hitShare(rate: rate) - Self.simulated(rate, Double(lifetime))) < 0.01)
  }

  /// Hits of a cache that is asked for 300 names at random, by the definition.
  private static func simulated(_ rate: Double, _ lifetime: Double) -> Double {
    var stream = RandomStream(seed: 7, entity: 0, purpose: 1)
    var sums: [Double] = []
    for name in 1...300 { sums.append((sums.last ?? 0) + 1 / Double(name)) }
    var ends = [Double](repeating: 0, count: 300)
    var now = 0.0
    var hits = 0
    let lookups = 200_000
    for _ in 0..<lookups {
      // Gaps between lookups: the sum of many small chances, near enough to exponential.
      var steps = 1
      while stream.below(64) != 0 { steps += 1 }
      now += Double(steps) / 64 / rate
      let drawn = stream.unit() * (sums.last ?? 0)
      let name = sums.firstIndex { drawn < $0 } ?? 299
      if now < ends[name] { hits += 1 } else { ends[name] = now + lifetime }
    }
    return Double(hits) / Double(lookups)
  }

  @Test func lookupsFollowTheTrafficAndLeaveTheCachesNowAndThen() {
    let outcome = Self.run { $0.coreDNS = AddOnParameters.CoreDNS() }.scaling.addOns
    // 1000 requests/s for 600 s: 0.1 lookups each, 0.2 of them outside with 3 names that are not.
    #expect(abs(outcome.queries - 600 * (100 + 60)) < 2000)
    #expect(outcome.hitShare.value > 0.5 && outcome.hitShare.value < 1)
    #expect(outcome.upstreamQueries > 0 && outcome.upstreamQueries < outcome.queries * 0.1)
  }

  @Test func prometheusScrapesEachNodeAndServerOncePerInterval() {
    let outcome = Self.run { $0.prometheus = AddOnParameters.Prometheus() }.scaling.addOns
    // 660 s: 11 rounds of 2 scrapes of 20 nodes and one of 3 servers.
    #expect(abs(Int(outcome.scrapes) - 11 * 43) <= 4)
    #expect(outcome.failedScrapes == 0)
    #expect(outcome.series == 20 * 1500 + 10 * 100 + 3 * 30_000)
  }

  @Test func scrapesAreNotWhatObjectivesSpeakOf() {
    let outcome = Self.run { $0.prometheus = AddOnParameters.Prometheus() }
    #expect(outcome.getLatency.count == 0)
    let level = outcome.apiServers.levels.first { $0.name == .workloadHigh }
    #expect((level?.dispatched ?? 0) >= outcome.scaling.addOns.scrapes)
  }

  @Test func fluentBitAsksForEachPodThatStarts() {
    let outcome = Self.run(pods: 300, churn: 1) { $0.fluentBit = AddOnParameters.FluentBit() }
    let started = Int(outcome.podStartup.count)
    #expect(started > 400)
    #expect(abs(Int(outcome.scaling.addOns.enrichments) - started) < 80)
    // 100 requests/s a pod of 200 bytes each for 5 s, and more while one of ten pods is replaced.
    #expect((100_000...130_000).contains(outcome.scaling.addOns.mostBuffered.count))
    #expect(outcome.scaling.addOns.delayedLogBytes.count == 0)
  }

  @Test func watchesOfAddOnsBeginWithListsAndComeBackAfterARestart() {
    var model = APIServerRig.quiet(nodes: 20, servers: 3)
    model.addOns = .thousandNodes
    var rig = APIServerRig(model)
    // Two CoreDNS of 4 resources each, Prometheus of 4, six Typhas of 4.
    rig.run(until: .seconds(20))
    #expect(rig.cluster.watches.counters.lists == 8 + 4 + 24)
    let before = (0..<3).reduce(0) { $0 + rig.cluster.watches.connected(to: $1) }
    rig.restart(1, after: .seconds(5))
    rig.run(until: .seconds(120))
    let after = (0..<3).reduce(0) { $0 + rig.cluster.watches.connected(to: $1) }
    #expect(after == before && rig.cluster.watches.counters.broken > 0)
  }

  @Test func agentsWithoutTyphaWatchAllPodsFromEachNode() {
    var model = APIServerRig.quiet(nodes: 50)
    model.addOns.calico = AddOnParameters.Calico()
    #expect(Self.podWatchers(model) == 3)
    model.addOns.calico?.typhas = 0
    #expect(Self.podWatchers(model) == 50)
  }

  /// Watchers of all pods, without those of the control plane itself.
  private static func podWatchers(_ model: ClusterModel) -> Int {
    var without = model
    without.addOns = AddOnParameters()
    var counts: [Int] = []
    for model in [model, without] {
      var rig = APIServerRig(model)
      rig.run(until: .seconds(20))
      counts.append(rig.cluster.world.watchCaches.watchers(of: .pod, at: 0))
    }
    return counts[0] - counts[1]
  }

  @Test func parametersOutOfRangeAreNamed() {
    #expect(AddOnParameters.thousandNodes.fault == nil && AddOnParameters().fault == nil)
    var parameters = AddOnParameters.thousandNodes
    parameters.coreDNS?.names = 0
    #expect(parameters.fault?.contains("CoreDNS") == true)
  }

  /// 20 nodes, 10 pods, 1000 requests/s for ten minutes.
  private static func run(
    pods: Int = 0, churn: Double = 0, _ change: (inout AddOnParameters) -> Void
  ) -> ClusterOutcome {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 20
    change(&model.addOns)
    var load = ClusterLoad()
    var deployment = ClusterLoad.Deployment(replicas: 10)
    deployment.traffic = ServedTraffic(usual: Rate(perSecond: 1000))
    load.workloads = [deployment]
    load.pods = pods
    load.podChurn = Rate(perSecond: churn)
    return ClusterTrial(model: model, load: load, seed: 1).run()
  }
}
