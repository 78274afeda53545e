import ControlPlane
import Measure
import Testing

struct ClusterTests {
  @Test func eachNodeRenewsItsLeaseOncePerInterval() {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 100
    model.nodes.statusInterval = .seconds(3600)
    var load = ClusterLoad()
    load.duration = .seconds(100)
    let outcome = ClusterTrial(model: model, load: load, seed: 1).run()
    #expect(abs(Int(outcome.mutatingLatency.count) - 1000) <= 5)
    // All by node-high, warm-up included, and none of them refused.
    let level = outcome.apiServers.levels.first { $0.name == .nodeHigh }
    #expect(abs(Int(level?.dispatched ?? 0) - 1600) <= 5 && level?.refused == 0)
    #expect(outcome.apiServers.retries == 0 && outcome.apiServers.brokenWatches == 0)
  }

  @Test func podsThatComeAndGoBecomeReady() {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 50
    var load = ClusterLoad()
    load.duration = .seconds(100)
    load.workloads = [ClusterLoad.Deployment(replicas: 500)]
    load.podChurn = Rate(perSecond: 5)
    let outcome = ClusterTrial(model: model, load: load, seed: 1).run()
    #expect(outcome.podStartup.count > 400 && outcome.podStartup.count < 600)
    let median = Double(outcome.podStartup.quantile(0.5) ?? 0) / 1e9
    #expect(median > 0.9 && median < 3)
  }

  /// Replicas are missing before any controller asks for them; else one that cannot keep up would
  /// look as fast as one that can.
  @Test func podsThatTheControllersCannotMakeInTimeCountFromWhenTheyWereMissed() {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 50
    model.controllers.qps = Rate(perSecond: 5)
    model.controllers.burst = 5
    var load = ClusterLoad()
    load.duration = .seconds(100)
    load.workloads = (0..<20).map { _ in ClusterLoad.Deployment(replicas: 30) }
    load.podChurn = Rate(perSecond: 10)
    let outcome = ClusterTrial(model: model, load: load, seed: 1).run()
    #expect(outcome.overduePods > 100, "\(outcome.overduePods)")
    // Deleted at 10/s for 160 s and made at no more than 5/s: all others are missing.
    #expect(outcome.overduePods < 1600 - 300)
    let median = Double(outcome.podStartup.quantile(0.5) ?? 0) / 1e9
    #expect(median > 10, "\(median) s")
  }

  @Test func theSameSeedGivesTheSameTrace() {
    let trial = ClusterTrial(model: ClusterModel(), load: ClusterLoad(), seed: 1)
    var other = trial
    other.seed = 2
    #expect(trial.run().trace == trial.run().trace)
    #expect(trial.run().trace != other.run().trace)
  }
}
