import Measure
import Simulation
import TestSupport
import Testing

@testable import ControlPlane

/// The scenarios of the cluster autoscaler's scalability report, and what it adds and removes.
///
/// kubernetes/autoscaler, cluster-autoscaler/proposals/scalability_tests.md: 1000 nodes of 30 pods,
/// no loop longer than 10 s. Here with a tenth or less of the nodes, or few pods on each of 1000;
/// in release builds with 1000 as they are told.
struct ClusterAutoscalerTests {
  private static let large = Requires.release

  @Test func aBurstOfPodsGetsAsManyNodesAsItFills() { Self.scaleUp(to: 30) }
  @Test func aBurstOfLargePodsGetsAThousandNodes() { Self.scaleUp(to: 1000, podsPerNode: 2) }
  @Test(large) func aBurstOfPodsGetsAThousandNodes() { Self.scaleUp(to: 1000) }
  @Test func aSecondBurstIsMetWhileTheFirstIsHandled() { Self.twoBursts(of: 30) }
  @Test func aSecondBurstOfLargePodsIsMet() { Self.twoBursts(of: 1000, podsPerNode: 2) }
  @Test(large) func aSecondBurstIsMetAtAThousandNodes() { Self.twoBursts(of: 1000) }
  @Test func emptyNodesGoAfterTenMinutes() { Self.empty(of: 50) }
  @Test(large) func threeHundredEmptyNodesOfAThousandGo() { Self.empty(of: 1000) }
  @Test func underusedNodesAreDrainedDownToTheMinimum() { Self.underused(of: 100) }
  @Test(large) func thirtyUnderusedNodesOfAThousandGo() { Self.underused(of: 1000) }
  @Test func nodesWhosePodsMayNotMoveStay() { Self.unremovable(of: 50) }
  @Test(large) func threeHundredUnremovableNodesOfAThousandStay() { Self.unremovable(of: 1000) }
  @Test func podsThatNothingFitsDoNotKeepOthersWaiting() { Self.unschedulable(to: 30) }
  @Test func aThousandGiantsDoNotKeepLargePodsWaiting() {
    Self.unschedulable(to: 1000, podsPerNode: 2)
  }
  @Test(large) func aThousandPodsThatNothingFitsDoNotKeepOthersWaiting() {
    Self.unschedulable(to: 1000)
  }

  // MARK: Up

  private static func scaleUp(to nodes: Int, podsPerNode: Int = 30) {
    let pods = (nodes - 1) * podsPerNode
    var rig = burst(to: nodes, pods: pods, podsPerNode)
    rig.run(until: nodes)
    #expect(rig.nodes == nodes && rig.ready(1) == pods, "\(rig.nodes) nodes, \(rig.outcome)")
    #expect(rig.outcome.added == UInt64(nodes - 1) && rig.outcome.failed == 0)
    #expect(rig.outcome.longestLoop < .seconds(10))
  }

  private static func twoBursts(of nodes: Int, podsPerNode: Int = 30) {
    var rig = burst(to: nodes, pods: (nodes * 7 / 10 - 1) * podsPerNode, podsPerNode)
    rig.run(for: .seconds(90))
    let pods = (nodes - 1) * podsPerNode
    rig.scale(1, to: pods)
    rig.run(until: nodes)
    #expect(rig.nodes == nodes && rig.ready(1) == pods)
    #expect(rig.outcome.longestLoop < .seconds(10))
  }

  private static func unschedulable(to nodes: Int, podsPerNode: Int = 30) {
    let pods = (nodes - 1) * podsPerNode
    var rig = burst(to: nodes, pods: pods, podsPerNode, giants: nodes)
    rig.run(until: nodes)
    rig.run(for: .seconds(60))
    #expect(rig.nodes == nodes && rig.ready(1) == pods && rig.ready(2) == 0)
    #expect(rig.outcome.longestLoop < .seconds(10))
  }

  /// A full node and pods that fill others, so many each: 31 500 thousandths of a CPU in all.
  private static func burst(
    to nodes: Int, pods: Int, _ podsPerNode: Int, giants: Int = 0
  ) -> Autoscaled {
    Autoscaled(
      Autoscaled.model(nodes: 1, maximum: nodes + (giants > 0 ? 0 : 10)), Autoscaled.full,
      pods: pods, giants: giants, burst: 31_500 / podsPerNode)
  }

  // MARK: Down

  private static func empty(of nodes: Int) {
    var rig = Autoscaled(nodes: nodes, maximum: nodes, 0, pods: 0)
    let kept = nodes * 7 / 10
    for node in 0..<kept { rig.add(1, podsOf: 22_400, to: node) }
    rig.run(for: .seconds(600))
    #expect(rig.nodes == nodes)
    // Ten at most in a loop, and a loop every 10 s and its own time.
    rig.run(for: .seconds(60 + Int64(nodes - kept) * 11 / 10))
    #expect(rig.nodes == kept && rig.outcome.removedEmpty == UInt64(nodes - kept))
    #expect(rig.outcome.scaleDowns == UInt64((nodes - kept + 9) / 10))
    #expect(rig.outcome.longestLoop < .seconds(10))
  }

  private static func underused(of nodes: Int) {
    let removed = nodes * 3 / 100
    var rig = Autoscaled(nodes: nodes, maximum: nodes, minimum: nodes - removed, 0, pods: 0)
    for node in 0..<nodes { rig.add(node < nodes * 7 / 10 ? 64 : 24, podsOf: 350, to: node) }
    rig.run(for: .seconds(600))
    #expect(rig.nodes == nodes)
    let pods = rig.bound
    // One at a time: 24 evictions at 5 a second, looks every 5 s, the machine's stop.
    rig.run(for: .seconds(120 + 60 * Int64(removed)))
    #expect(rig.nodes == nodes - removed && rig.outcome.removedDrained == UInt64(removed))
    #expect(rig.bound == pods && rig.outcome.longestLoop < .seconds(10))
  }

  private static func unremovable(of nodes: Int) {
    var rig = Autoscaled(nodes: nodes, maximum: nodes, 0, pods: 0, isMovable: false)
    for node in 0..<nodes {
      rig.add(1, podsOf: node < nodes * 7 / 10 ? 28_800 : 9_600, to: node)
    }
    rig.run(for: .seconds(1500))
    #expect(rig.nodes == nodes && rig.bound == nodes && rig.outcome.scaleDowns == 0)
    #expect(rig.outcome.longestLoop < .seconds(10))
  }

  // MARK: Delays

  @Test func nothingIsRemovedForTenMinutesAfterAnAddition() {
    var model = Autoscaled.model(nodes: 10, maximum: 20)
    model.autoscaling.nodes?.unneededTime = .seconds(60)
    // 270 pods fit the ten nodes beside what there is, five come for the others.
    var rig = Autoscaled(model, Autoscaled.full, pods: 400)
    rig.run(for: .seconds(120))
    #expect(rig.nodes == 15 && rig.ready(1) == 400)
    rig.scale(1, to: 0)
    rig.run(for: .seconds(480))
    #expect(rig.nodes == 15 && rig.ready(1) == 0)
    rig.run(for: .seconds(300))
    // Fourteen were empty, or had a pod that fits beside the last one.
    #expect(rig.nodes == 1 && rig.outcome.removedDrained == 1)
  }

  @Test func theDelayAfterARemovalSpacesTheNext() {
    var model = Autoscaled.model(nodes: 30, maximum: 30)
    model.autoscaling.nodes?.delayAfterDelete = .seconds(600)
    var rig = Autoscaled(model, 0, pods: 0)
    rig.run(for: .seconds(700))
    #expect(rig.nodes == 20)
    rig.run(for: .seconds(500))
    #expect(rig.nodes == 20)
    rig.run(for: .seconds(150))
    #expect(rig.nodes == 10)
  }

  @Test func nodesThatAreNotReadyGoAfterTwentyMinutesAndNotIfTheyAreMany() {
    for (away, isRemoved) in [(4, true), (6, false)] {
      var rig = Autoscaled(nodes: 10, maximum: 10, 0, pods: 0)
      for node in 0..<10 where node >= away { rig.add(1, podsOf: 22_400, to: node) }
      for node in 0..<away { rig.loseContact(with: node) }
      rig.run(for: .seconds(1100))
      #expect(rig.nodes == 10)
      rig.run(for: .seconds(300))
      #expect(rig.nodes == (isRemoved ? 10 - away : 10))
    }
  }

  // MARK: Which pool

  @Test(arguments: ClusterAutoscalerParameters.Expander.allCases)
  func theExpanderChoosesThePool(_ expander: ClusterAutoscalerParameters.Expander) {
    var model = Autoscaled.model(nodes: 1, maximum: 20)
    var large = NodeParameters.Pool(name: "large", nodes: 1)
    large.cpu = 64_000
    large.maximum = 20
    model.nodes.pools.append(large)
    model.autoscaling.nodes?.expander = expander
    model.autoscaling.nodes?.priorities = ["large"]
    // 10 pods of 20 CPUs: one to a node of 32, three to one of 64 CPUs.
    var rig = Autoscaled(model, Autoscaled.full, pods: 10, burst: 20_000)
    rig.add(2, podsOf: 24_000, to: 1)
    rig.run(for: .seconds(120))
    let sizes = rig.sizes
    switch expander {
    case .priority, .leastWaste: #expect(sizes[0] == 1 && sizes[1] > 1)
    case .random: #expect(sizes[0] + sizes[1] > 2)
    }
  }

  @Test func poolsAlikeAreKeptBalanced() {
    var model = Autoscaled.model(nodes: 1, maximum: 20)
    for (name, nodes) in [("second", 4), ("third", 2)] {
      var pool = NodeParameters.Pool(name: name, nodes: nodes)
      pool.maximum = 20
      model.nodes.pools.append(pool)
    }
    model.autoscaling.nodes?.balancesSimilarPools = true
    var rig = Autoscaled(model, 0, pods: 8 * 30)
    for node in 0..<7 { rig.add(2, podsOf: 15_750, to: node) }
    rig.run(for: .seconds(120))
    #expect(rig.sizes == [5, 5, 5])
  }

  @Test func aPoolWhoseMachinesDoNotComeIsLeftAloneForAWhile() {
    var model = Autoscaled.model(nodes: 1, maximum: 5)
    model.provisioning.path = .ironic
    model.provisioning.failures = .percent(100)
    model.autoscaling.nodes?.provisionTime = .seconds(120)
    var spare = NodeParameters.Pool(name: "spare", nodes: 0)
    spare.maximum = 5
    model.nodes.pools.append(spare)
    model.autoscaling.nodes?.expander = .priority
    model.autoscaling.nodes?.priorities = ["general", "spare"]
    var rig = Autoscaled(model, Autoscaled.full, pods: 30)
    rig.run(for: .seconds(60))
    #expect(rig.outcome.asked == 1 && rig.nodes == 1)
    rig.run(for: .seconds(120))
    // The first pool's machine is given up, and the other pool is asked.
    #expect(rig.outcome.failed == 1 && rig.outcome.asked == 2)
    rig.run(for: .seconds(1200))
    #expect(rig.outcome.failed > 2 && rig.nodes == 1)
  }

  @Test func itSpeaksWithTheApiAsAServiceAccountOfKubeSystem() {
    var model = Autoscaled.model(nodes: 5, maximum: 5)
    var rig = Autoscaled(model, 0, pods: 0)
    rig.run(for: .seconds(300))
    model.autoscaling.nodes = nil
    var without = Autoscaled(model, 0, pods: 0)
    without.run(for: .seconds(300))
    let more = zip(rig.levels, without.levels).map { Int($0.dispatched) - Int($1.dispatched) }
    let names = rig.levels.map(\.name)
    // Every 2 s a read and a renewal of the lease; every 10 s the status.
    for (name, count) in zip(names, more) {
      switch name {
      case .leaderElection: #expect(abs(count - 300) <= 4)
      case .workloadHigh: #expect((28...31).contains(count))
      default: #expect(count == 0)
      }
    }
    #expect((28...31).contains(rig.outcome.loops) && without.outcome.loops == 0)
  }
}
