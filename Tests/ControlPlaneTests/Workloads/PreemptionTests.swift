import Measure
import Simulation
import Testing

@testable import ControlPlane

/// Pods of lower priority go for those that fit nowhere.
struct PreemptionTests {
  /// Deployments of pods of so many thousandths of a CPU, each with its priority; the last one is
  /// made at the start, the others run.
  private static func rig(
    nodes: Int = 10, _ workloads: [(pods: Int, cpu: Int, priority: Int)],
    _ change: (inout ClusterModel) -> Void = { _ in }
  ) -> WorkloadRig {
    var model = WorkloadRig.quiet(nodes: nodes)
    change(&model)
    var load = ClusterLoad()
    load.workloads = workloads.enumerated().map { number, workload in
      var deployment = ClusterLoad.Deployment(replicas: workload.pods)
      deployment.cpu = workload.cpu
      deployment.priority = workload.priority
      deployment.isThere = number < workloads.count - 1
      return deployment
    }
    return WorkloadRig(model, load)
  }

  private func ready(_ rig: borrowing WorkloadRig, _ workload: Int) -> Int32 {
    rig.api.cluster.world.workloads[workload].ready
  }

  /// What their replica set makes anew does not take the room that was made.
  @Test func thoseOfLowerPriorityGoAndWait() {
    var rig = Self.rig([(10, 20_000, 0), (3, 20_000, 1000)])
    rig.api.run(until: .seconds(60))
    #expect(ready(rig, 1) == 3 && ready(rig, 0) == 7)
    #expect(rig.api.cluster.scheduler.preempted == 3)
    #expect(rig.pods { $0.workload == 0 && $0.phase == .pending } == 3)
    #expect(rig.imbalance() == nil)
  }

  @Test func nobodyGoesForEqualsOrWithoutThePlugin() {
    var equals = Self.rig([(10, 20_000, 1000), (3, 20_000, 1000)])
    equals.api.run(until: .seconds(60))
    var without = Self.rig([(10, 20_000, 0), (3, 20_000, 1000)]) { $0.controllers.preempts = false }
    without.api.run(until: .seconds(60))
    #expect(equals.api.cluster.scheduler.preempted == 0 && ready(equals, 1) == 0)
    #expect(without.api.cluster.scheduler.preempted == 0 && ready(without, 1) == 0)
  }

  @Test func nobodyGoesInVain() {
    // Not even an empty node would take one.
    var rig = Self.rig([(10, 20_000, 0), (3, 40_000, 1000)])
    rig.api.run(until: .seconds(60))
    #expect(rig.api.cluster.scheduler.preempted == 0 && ready(rig, 0) == 10)
  }

  @Test func theLowestPriorityGoesAndNoMoreThanNeeded() {
    // Five nodes have two pods of priority 5, five two of priority 0; 12 of 32 CPUs are left.
    var rig = Self.rig([(10, 10_000, 5), (10, 10_000, 0), (2, 20_000, 1000)])
    rig.api.run(until: .seconds(60))
    // Those who had to go find room on other nodes.
    #expect(ready(rig, 2) == 2 && ready(rig, 0) == 10 && ready(rig, 1) == 10)
    #expect(rig.api.cluster.scheduler.preempted == 2)
    #expect(rig.pods { $0.workload == 1 && $0.phase == .ready && $0.created > .zero } == 2)
  }
}
