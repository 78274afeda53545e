import Measure
import Simulation
import Testing

@testable import ControlPlane

struct ConservationTests {
  /// Created = pending + bound + running + ready + failed + deleting + gone, and workloads and
  /// nodes count the same pods, whatever happens.
  @Test(arguments: [1, 2, 3] as [UInt64]) func podsAddUpAtAnyTime(seed: UInt64) {
    var load = ClusterLoad()
    load.workloads = [.init(replicas: 60), .init(replicas: 30), .init(replicas: 300)]
    load.workloads[2].isThere = false
    load.podChurn = Rate(perSecond: 3)
    load.warmUp = .zero
    load.rollouts = [.init(deployment: 0, at: .seconds(20))]
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 25
    model.controllers.electsLeaders = true
    var rig = WorkloadRig(model, load, seed: seed)
    var stream = RandomStream(seed: seed, entity: 0, purpose: 9)
    for second in 1...240 {
      rig.api.run(until: .seconds(Int64(second)))
      #expect(rig.imbalance() == nil, "after \(second) s")
      happen(Int(stream.below(12)), second, &rig)
    }
    let census = rig.api.cluster.world.census.created
    #expect(census > 500)
  }

  private func happen(_ what: Int, _ second: Int, _ rig: inout WorkloadRig) {
    switch what {
    case 0: rig.ask(.update, workload: 0, argument: 20 + second % 60)
    case 1: rig.ask(.update, workload: 2, argument: second % 300)
    case 2: rig.deletePods { $0.phase == .ready && $0.node % 5 == 0 }
    case 3: rig.api.restart(second % 3, after: .seconds(3))
    case 4: rig.api.cluster.controllers.stop(&rig.api.cluster.world, &rig.api.loop)
    case 5, 6: rig.api.cluster.controllers.start(&rig.api.cluster.world, &rig.api.loop)
    case 7:
      rig.api.cluster.scheduler.stop(&rig.api.cluster.world, &rig.api.loop)
      rig.api.cluster.scheduler.start(&rig.api.cluster.world, &rig.api.loop)
    case 8: fail(&rig)
    default: break
    }
  }

  /// A kubelet says of a pod that it has failed.
  private func fail(_ rig: inout WorkloadRig) {
    for pod in 0..<UInt32(rig.api.cluster.world.pods.peak)
    where rig.api.cluster.world.pods[pod].phase == .bound {
      var request = Request(.patch, .podStatus, client: rig.api.addClient(.node), object: pod)
      request.argument = UInt32(PodPhase.failed.rawValue)
      return rig.api.submit(request)
    }
  }

  /// With the controller manager away nothing is made anew; once it leads, everything is.
  @Test func aControllerManagerThatComesBackMakesUpForWhatItMissed() {
    var model = WorkloadRig.quiet(nodes: 10)
    model.controllers.electsLeaders = true
    var rig = WorkloadRig(model, WorkloadRig.load(50))
    rig.api.run(until: .seconds(20))
    rig.api.cluster.controllers.stop(&rig.api.cluster.world, &rig.api.loop)
    rig.deletePods { $0.node < 3 }
    rig.api.run(until: .seconds(30))
    #expect(rig.api.cluster.world.workloads[0].pods == 35)
    rig.api.cluster.controllers.start(&rig.api.cluster.world, &rig.api.loop)
    // The lease that it held before must run out first: 15 s after its last renewal.
    rig.api.run(until: .seconds(32))
    #expect(rig.api.cluster.world.workloads[0].pods == 35)
    rig.api.run(until: .seconds(60))
    #expect(rig.api.cluster.world.workloads[0].pods == 50)
    #expect(rig.api.cluster.world.workloads[0].ready == 50)
    #expect(rig.imbalance() == nil)
  }
}
