import Measure
import Simulation
import Testing

@testable import ControlPlane

struct DeploymentTests {
  /// The machine on which the real control plane was measured: two CPUs for everything, of which
  /// POSTs of pods take 924 a second at most; one API server, one etcd.
  private static func twoCores(_ qps: Double, _ burst: Int, _ schedulerQPS: Double)
    -> ClusterModel
  {
    var model = APIServerRig.quiet(nodes: 50, servers: 1)
    model.etcd.members = 1
    model.apiServer.cpus = 2
    model.apiServer.writeCPU = .microseconds(2160)
    model.nodes.podStart = .constant(.seconds(1000))
    model.controllers.qps = Rate(perSecond: qps)
    model.controllers.burst = burst
    model.controllers.schedulerQPS = Rate(perSecond: schedulerQPS)
    model.controllers.schedulerBurst = qps > 100 ? 1000 : 100
    return model
  }

  /// A real 1.20 bound all of 200 pods on 50 nodes 8.9 to 9.0 s after the POST with the default
  /// limits, and after 1.07 to 3 s with 1000 a second, when all of it shared two CPUs.
  @Test func twoHundredPodsTakeAsLongAsWithARealControlPlane() throws {
    func span(_ model: ClusterModel) -> Double? {
      var rig = WorkloadRig(model, WorkloadRig.load(200, isThere: false))
      let end = rig.run(until: .seconds(60)) { $0.census.count(.bound) == 200 }
      return end.map { Double($0.count) / 1e9 }
    }
    let limited = try #require(span(Self.twoCores(20, 30, 50)))
    #expect(limited > 8.5 && limited < 9.5, "\(limited) s")
    let unlimited = try #require(span(Self.twoCores(1000, 1000, 1000)))
    #expect(unlimited > 0.5 && unlimited < 3, "\(unlimited) s")
  }

  @Test func aRollingUpdateKeepsWithinItsSurgeAndWhatMayBeUnavailable() throws {
    var load = WorkloadRig.load(40)
    load.warmUp = .seconds(10)
    load.rollouts = [.init(deployment: 0, at: .seconds(5))]
    var rig = WorkloadRig(WorkloadRig.quiet(nodes: 20), load)
    let (end, fewest, most, asked) = Self.rollOut(40, in: &rig)
    #expect(try #require(end) > .seconds(15))
    #expect(fewest >= 30 && fewest < 40 && asked == 50)
    #expect(most > 40 && most <= 50)
    let isNew: (Pod) -> Bool = { $0.phase == .ready && $0.replicaSet == 1 }
    #expect(rig.pods(where: isNew) == 40)
    #expect(rig.imbalance() == nil)
  }

  @Test func aDeploymentOfItsOwnStrategyKeepsToThat() throws {
    var load = WorkloadRig.load(40)
    load.warmUp = .seconds(10)
    load.workloads[0].maxSurge = .percent(5)
    load.workloads[0].maxUnavailable = .percent(0)
    load.rollouts = [.init(deployment: 0, at: .seconds(5))]
    var rig = WorkloadRig(WorkloadRig.quiet(nodes: 20), load)
    let (end, fewest, most, asked) = Self.rollOut(40, in: &rig)
    #expect(try #require(end) > .seconds(15))
    #expect(fewest == 40 && asked == 42)
    // A replica set that was scaled down has its pods a moment longer, and only what is asked for
    // is bounded (deployment/util, `NewRSNewReplicas`).
    #expect(most >= 42 && most <= 44, "\(most)")
  }

  /// Runs until all pods of the first workload are of its second replica set: when that was, the
  /// fewest that were ready and the most that there were meanwhile, and the most that both replica
  /// sets were to have.
  private static func rollOut(
    _ replicas: Int32, in rig: inout WorkloadRig
  ) -> (end: Nanoseconds?, fewest: Int32, most: Int32, asked: Int32) {
    var (fewest, most, asked) = (Int32.max, Int32.min, Int32.min)
    let end = rig.run(until: .seconds(300), step: .milliseconds(5)) { world in
      fewest = min(fewest, world.workloads[0].ready)
      most = max(most, world.workloads[0].pods)
      asked = max(asked, world.replicaSets.indices.reduce(0) { $0 + world.replicaSets[$1].desired })
      return world.replicaSets.count == 2 && world.replicaSets[1].ready == replicas
        && world.replicaSets[0].replicas == 0
    }
    return (end, fewest, most, asked)
  }

  @Test func pastAScaleDownThePodsThatWereNotReadyAreGone() throws {
    var rig = WorkloadRig(WorkloadRig.quiet(nodes: 5), WorkloadRig.load(20))
    rig.ask(.update, workload: 0, argument: 30)
    // Ten more are bound, none of them ready yet.
    _ = try #require(rig.run(until: .seconds(20)) { $0.workloads[0].pods == 30 })
    let unready = rig.pods { $0.phase.isActive && $0.phase != .ready }
    rig.ask(.update, workload: 0, argument: 30 - unready)
    api(&rig, until: .seconds(90))
    #expect(rig.api.cluster.world.workloads[0].pods == Int32(30 - unready))
    #expect(rig.pods { $0.phase == .ready && $0.created == .zero } == 20)
  }

  private func api(_ rig: inout WorkloadRig, until end: Nanoseconds) { rig.api.run(until: end) }

  /// Each pod takes a GET and a DELETE, by a limiter of 20 and 30.
  @Test func theGarbageCollectorEndsAllPodsOfADeletedDeployment() throws {
    var rig = WorkloadRig(WorkloadRig.quiet(nodes: 20), WorkloadRig.load(200))
    rig.ask(.delete, workload: 0)
    let ended = rig.run(until: .seconds(120)) { $0.workloads[0].pods == 0 }
    let span = Double(try #require(ended).count) / 1e9
    #expect(span > (400 - 30) / 20.0 - 0.5 && span < (402 - 30) / 20.0 + 1, "\(span) s")
    rig.api.run(until: .seconds(180))
    #expect(rig.api.cluster.world.census.count(.gone) == 200)
    #expect(rig.imbalance() == nil)
  }

  @Test func aDeploymentOfManyTellsOfFewOfThem() {
    var model = WorkloadRig.quiet(nodes: 20)
    model.nodes.eventsPerStart = 0
    model.controllers.qps = Rate(perSecond: 1000)
    model.controllers.burst = 1000
    model.nodes.podStart = .constant(.seconds(1000))
    var rig = WorkloadRig(model, WorkloadRig.load(200, isThere: false))
    rig.api.run(until: .seconds(30))
    // Of the replica set 25, of the deployment one, by the scheduler one for each pod.
    let events = rig.api.cluster.world.watchCaches.cache(of: .event, at: 0).end
    #expect(events == 226)
  }
}
