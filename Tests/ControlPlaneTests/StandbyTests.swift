import Measure
import Simulation
import Testing

@testable import ControlPlane

/// A node that stands by, as in the published small cluster.
struct StandbyTests {
  private static func rig() -> WorkloadRig {
    var load = WorkloadRig.load(4)
    load.workloads[0].cpu = 250
    load.workloads[0].memory = .mebibytes(512)
    return WorkloadRig(ClusterModel(preset: .smallCluster), load)
  }

  private func pods(_ rig: borrowing WorkloadRig, on node: UInt32) -> Int {
    rig.pods { $0.phase == .ready && $0.node == node }
  }

  @Test func itTakesPodsOnlyWhileAnotherIsAway() {
    var rig = Self.rig()
    #expect(pods(rig, on: 0) == 2 && pods(rig, on: 1) == 2 && pods(rig, on: 2) == 0)
    rig.deletePods { $0.node == 1 }
    rig.api.run(until: .seconds(60))
    #expect(pods(rig, on: 2) == 0 && rig.api.cluster.world.workloads[0].ready == 4)
    // Unknown after 40 to 55 s, tolerated for 30 s more.
    rig.api.cluster.world.nodes[0].isAlive = false
    rig.api.run(until: .seconds(200))
    #expect(rig.api.cluster.world.nodes[2].taints & Taint.cordoned == 0)
    #expect(pods(rig, on: 2) > 0 && rig.api.cluster.world.workloads[0].ready == 4)
    rig.api.cluster.world.nodes[0].isAlive = true
    rig.api.run(until: .seconds(260))
    #expect(rig.api.cluster.world.nodes[2].taints & Taint.cordoned != 0)
    #expect(pods(rig, on: 2) > 0)
    #expect(rig.imbalance() == nil)
  }

  @Test func someNodeMustWork() {
    var model = ClusterModel(preset: .smallCluster)
    model.nodes.pools[0].standby = 3
    #expect(model.nodes.fault?.contains("stand by") == true)
  }
}
