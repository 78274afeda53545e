import Measure
import Simulation
import Testing

@testable import ControlPlane

/// Kubelets evict pods where machines run out of memory or disk.
struct EvictionTests {
  /// Three nodes of 4 GiB and 10 GiB of disk, below 500 MiB of memory pods go.
  private static func model() -> ClusterModel {
    var model = ClusterModel()
    model.nodes.pools[0].memory = .gibibytes(4)
    model.nodes.pools[0].disk = .gibibytes(10)
    model.nodes.eviction.hardMemory = .mebibytes(500)
    return model
  }

  /// Two pods on each node, which ask for 512 MiB.
  private static func pods(_ change: (inout ClusterLoad.Deployment) -> Void) -> ClusterLoad {
    var load = ClusterLoad()
    var deployment = ClusterLoad.Deployment(replicas: 6)
    deployment.memory = .mebibytes(512)
    change(&deployment)
    load.workloads = [deployment]
    return load
  }

  private func nodes(_ rig: borrowing WorkloadRig, with taint: UInt16) -> Int {
    rig.api.cluster.world.nodes.indices.count {
      rig.api.cluster.world.nodes[$0].taints & taint != 0
    }
  }

  @Test func belowTheHardThresholdAPodOfEachNodeGoes() {
    let load = Self.pods {
      $0.memoryUse = .mebibytes(1500)
      $0.memoryGrowthBytesPerSecond = 1 << 20
    }
    var rig = WorkloadRig(Self.model(), load)
    // 4096 - 2 * 1500 - 500 are 596 MiB, which two pods use up in 298 s.
    rig.api.run(until: .seconds(297))
    #expect(rig.api.cluster.kubelets.pressure.evictions == 0)
    rig.api.run(until: .seconds(330))
    #expect(rig.api.cluster.kubelets.pressure.evictions == 3)
    #expect(rig.pods { $0.phase == .failed } == 3)
    #expect(nodes(rig, with: Taint.memoryPressure) == 3)
    // They tolerate the taint, as pods that ask for something do.
    #expect(rig.api.cluster.world.workloads[0].ready == 6)
    #expect(rig.imbalance() == nil)
  }

  @Test func belowASoftThresholdThereIsTimeAndTheConditionStaysForAWhile() {
    var model = Self.model()
    model.nodes.eviction.softMemory = .gibibytes(2)
    model.nodes.eviction.softGrace = .seconds(60)
    let load = Self.pods { $0.memoryUse = .mebibytes(1100) }
    var rig = WorkloadRig(model, load)
    rig.api.run(until: .seconds(58))
    #expect(rig.api.cluster.kubelets.pressure.evictions == 0)
    #expect(nodes(rig, with: Taint.memoryPressure) == 3)
    rig.api.run(until: .seconds(65))
    #expect(rig.api.cluster.kubelets.pressure.evictions == 3)
    rig.ask(.update, workload: 0, argument: 3)
    rig.api.run(until: .seconds(300))
    #expect(nodes(rig, with: Taint.memoryPressure) > 0)
    rig.api.run(until: .seconds(700))
    #expect(nodes(rig, with: Taint.memoryPressure) == 0)
  }

  @Test func whoUsesMoreThanItAsksForGoesBeforeLowerPriority() {
    var load = Self.pods { $0.replicas = 3 }
    var greedy = ClusterLoad.Deployment(replicas: 3)
    greedy.memory = .mebibytes(512)
    greedy.memoryUse = .mebibytes(3500)
    greedy.priority = 1000
    load.workloads.append(greedy)
    var rig = WorkloadRig(Self.model(), load)
    rig.api.run(until: .seconds(20))
    #expect(rig.pods { $0.phase == .failed && $0.workload == 1 } >= 3)
    #expect(rig.pods { $0.phase == .failed && $0.workload == 0 } == 0)
  }

  /// The taint keeps new pods away, unlike that of memory.
  @Test func aFullDiskKeepsNewPodsAway() {
    var model = Self.model()
    model.nodes.eviction.hardDisk = .percent(10)
    var load = Self.pods {
      $0.replicas = 1
      $0.diskGrowthBytesPerSecond = 100 << 20
    }
    load.workloads.append(ClusterLoad.Deployment(replicas: 30))
    load.workloads[1].isThere = false
    var rig = WorkloadRig(model, load)
    rig.api.run(until: .seconds(80))
    #expect(rig.api.cluster.kubelets.pressure.evictions == 0)
    rig.api.run(until: .seconds(120))
    #expect(rig.api.cluster.kubelets.pressure.evictions == 1)
    #expect(nodes(rig, with: Taint.diskPressure) == 1)
    #expect(rig.pods { $0.workload == 0 && $0.phase == .ready && $0.node == 0 } == 0)
    #expect(rig.pods { $0.workload == 0 && $0.phase == .ready && $0.node != 0 } == 1)
  }

  @Test func withoutThresholdsOrUseNobodyLooks() {
    let usual = WorkloadRig(Self.model(), Self.pods { _ in })
    var model = Self.model()
    model.nodes.eviction = EvictionParameters()
    let without = WorkloadRig(model, Self.pods { $0.memoryUse = .gibibytes(4) })
    #expect(usual.api.cluster.kubelets.pressure.isOn == false)
    #expect(without.api.cluster.kubelets.pressure.isOn == false)
    #expect(usual.api.cluster.world.nodes[0].memory == 4096 - 500)
  }

  @Test func thresholdsThatAreNeverReachedAreNamed() {
    var model = Self.model()
    model.nodes.eviction.softMemory = .mebibytes(100)
    #expect(model.nodes.fault?.contains("soft") == true)
    model = Self.model()
    model.nodes.eviction.hardMemory = .gibibytes(4)
    #expect(model.nodes.fault?.contains("memory") == true)
  }
}
