import Measure
import Simulation
import Testing

@testable import ControlPlane

/// Users' traffic, and pods that follow it, in a whole cluster.
struct TrafficTests {
  @Test func theCurveRisesHoldsAndFalls() {
    var curve = TrafficCurve()
    #expect(curve.multiple(at: .seconds(500)) == 1)
    curve.peak = 10
    curve.begin = .seconds(100)
    curve.ramp = .seconds(20)
    #expect(curve.multiple(at: .seconds(99)) == 1 && curve.multiple(at: .seconds(110)) == 5.5)
    #expect(curve.multiple(at: .seconds(5000)) == 10)
    curve.hold = .seconds(60)
    #expect(curve.multiple(at: .seconds(180)) == 10 && curve.multiple(at: .seconds(190)) == 5.5)
    #expect(curve.multiple(at: .seconds(200)) == 1)
    curve.ramp = .zero
    #expect(curve.multiple(at: .seconds(99)) == 1 && curve.multiple(at: .seconds(100)) == 10)
  }

  @Test func whatIsBeyondThePodsCapacityIsLost() {
    var (model, load) = Self.frontend()
    load.workloads[0].autoscaler = nil
    load.traffic.hold = .seconds(100)
    model.nodes.pools[0].nodes = 20
    let service = ClusterTrial(model: model, load: load, seed: 1).run().scaling.services[0]
    // 1200 s at 5000/s and 100 s at 50 000/s, of which ten pods answer 8330.
    #expect(abs(service.offered - (1100 * 5000 + 100 * 50_000)) < 60_000)
    #expect(abs(service.served - (1100 * 5000 + 100 * 8330)) < 20_000)
    #expect(abs(service.underProvisioned.inSeconds - 100) <= 2)
    #expect(service.timeToEnoughPods == nil && service.mostReady == 10)
  }

  @Test func podsFollowTenTimesTheTrafficAsFastAsThePublishedAutoscalerLetsThem() {
    let (model, load) = Self.frontend()
    var rig = APIServerRig(model, load)
    var desired: [Int32] = []
    for second in 1...1260 {
      rig.run(until: .seconds(Int64(second)))
      desired.append(rig.cluster.world.workloads[0].desired)
    }
    // Each minute 10 pods or 20 %, from what there was a minute before.
    for second in 60..<desired.count {
      let start = desired[second - 60]
      #expect(desired[second] <= max(start + 10, start + (start + 4) / 5))
    }
    #expect(desired.prefix(119).allSatisfy { $0 == 10 })
    // 50 000/s are 100 pods at 500 each, and at 60 % of their CPU; a tenth more is tolerated.
    #expect((91...110).contains(desired.last ?? 0))
    let outcome = ScalingOutcome(rig.cluster)
    let service = outcome.services[0]
    // 61 pods answer all; 20, 30, 40, 50, 60 and 72 pods come a minute apart, the first within the
    // 30 s that metrics and the next turn take.
    #expect((300...400).contains(service.timeToEnoughPods?.inSeconds ?? 0))
    #expect(service.scaleUps >= 6 && service.scaleDowns == 0)
    #expect(outcome.unserved.value > 0.1 && outcome.unserved.value < 0.35)
  }

  @Test func anAutoscalerAsksTheApiForScaleMetricsAndStatus() {
    let (model, load) = Self.frontend(peak: 1)
    let outcome = ClusterTrial(model: model, load: load, seed: 1).run()
    // 1200 s: 80 turns of two lists of metrics; the scale is read from etcd each time.
    #expect((75...81).contains(Int(outcome.namespaceListLatency.count) / 2))
    #expect((75...81).contains(Int(outcome.getLatency.count)))
    #expect(outcome.scaling.services[0].replicas == 10)
    #expect(outcome.scaling.unserved.value == 0)
  }

  @Test func theSameSeedGivesTheSameScaling() {
    let (model, load) = Self.frontend()
    let trial = ClusterTrial(model: model, load: load, seed: 3)
    let outcome = trial.run()
    #expect(outcome.scaling == trial.run().scaling && outcome.trace == trial.run().trace)
  }

  @Test func parametersOutOfRangeAreNamed() {
    #expect(HorizontalPodAutoscaler.frontend.fault == nil)
    #expect(AutoscalingParameters.thousandNodes.fault == nil)
    var autoscaler = HorizontalPodAutoscaler.frontend
    autoscaler.minimum = 300
    #expect(autoscaler.fault?.contains("minimum") == true)
    autoscaler = .frontend
    autoscaler.scaleUp.policies = []
    #expect(autoscaler.fault?.contains("policy") == true)
    #expect(ServedTraffic(usual: Rate(perSecond: -1)).fault != nil)
    var curve = TrafficCurve()
    curve.peak = .nan
    #expect(curve.fault != nil)
  }

  /// The published autoscaler over ten pods at its target, ten times the traffic after a minute.
  private static func frontend(peak: Double = 10) -> (ClusterModel, ClusterLoad) {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 40
    var load = ClusterLoad()
    load.duration = .seconds(1200)
    var deployment = ClusterLoad.Deployment(replicas: 10)
    deployment.cpu = 1000
    deployment.traffic = ServedTraffic(usual: Rate(perSecond: 5000))
    deployment.autoscaler = .frontend
    load.workloads = [deployment]
    load.traffic.peak = peak
    load.traffic.begin = .seconds(60)
    load.traffic.ramp = .zero
    return (model, load)
  }
}
