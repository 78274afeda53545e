import Measure
import Simulation
import Testing

@testable import ControlPlane

struct NodeLifecycleTests {
  @Test func aRackOfTwoHundredTakesTwoThousandSecondsToTaint() {
    var rig = Self.rig(nodes: 1200, nodesPerRack: 200)
    rig.run(until: .seconds(60))
    Self.lose(0..<200, &rig)
    var (first, last) = (0, 0)
    for second in 61...2200 where last == 0 {
      rig.run(until: .seconds(Int64(second)))
      let tainted = Self.tainted(rig)
      if tainted > 0, first == 0 { first = second }
      if tainted == 200 { last = second }
    }
    // The oldest lease was 20 s old when the power went.
    #expect(first >= 60 + 20 && first <= 60 + 40 + 10)
    #expect(last - first >= 1980 && last - first <= 2010)
  }

  @Test func aZoneThatIsMostlyAwayIsEmptiedSlowlyOrNotAtAll() {
    // 60 of 100: one node each 100 s. 30 of 40: none but those that the first passes over the
    // leases, before most of them are known to be away, let through at the usual rate.
    for (nodes, lost, expected) in [(100, 60, 4...7), (40, 30, 0...3)] {
      var rig = Self.rig(nodes: nodes, nodesPerRack: nodes)
      rig.run(until: .seconds(60))
      Self.lose(0..<lost, &rig)
      rig.run(until: .seconds(60 + 70 + 450))
      #expect(rig.cluster.world.nodes[0].condition == .unknown)
      #expect(expected.contains(Self.tainted(rig)))
    }
  }

  @Test func zonesHaveRatesOfTheirOwn() {
    // Of two zones one is lost as a whole: its rate is the usual one, for the other is there.
    var rig = Self.rig(nodes: 120, nodesPerRack: 60, zones: 2)
    rig.run(until: .seconds(60))
    Self.lose(0..<60, &rig)
    Self.lose(60..<65, &rig)
    rig.run(until: .seconds(60 + 70 + 200))
    let lost = (0..<60).count { rig.cluster.world.nodes[$0].taints & Taint.noExecute != 0 }
    let few = (60..<65).count { rig.cluster.world.nodes[$0].taints & Taint.noExecute != 0 }
    #expect(lost >= 20 && lost <= 25)
    // Five nodes of the other zone do not wait behind them.
    #expect(few == 5)
  }

  @Test func nobodyIsEvictedWhileAllZonesAreAway() {
    var rig = Self.rig(nodes: 60, nodesPerRack: 30, zones: 2)
    rig.run(until: .seconds(60))
    Self.lose(0..<60, &rig)
    rig.run(until: .seconds(1000))
    #expect(Self.tainted(rig) == 0)
    #expect((0..<60).allSatisfy { rig.cluster.world.nodes[$0].condition == .unknown })
    Self.comeBack(0..<60, &rig)
    rig.run(until: .seconds(1100))
    #expect((0..<60).allSatisfy { rig.cluster.world.nodes[$0].taints == 0 })
    #expect((0..<60).allSatisfy { rig.cluster.world.nodes[$0].condition == .ready })
  }

  @Test func aNodeThatComesBackKeepsItsPods() {
    var rig = Self.rig(nodes: 6, nodesPerRack: 3, pods: 60)
    rig.run(until: .seconds(60))
    Self.lose(0..<1, &rig)
    rig.run(until: .seconds(200))
    #expect(rig.cluster.world.nodes[0].taints & Taint.unreachableNoExecute != 0)
    // No one can tell whether they run: they count as not ready.
    #expect(rig.cluster.world.workloads[0].ready == 50)
    #expect(rig.cluster.world.workloads[0].pods == 60)
    Self.comeBack(0..<1, &rig)
    rig.run(until: .seconds(700))
    #expect(rig.cluster.world.nodes[0].taints == 0)
    #expect(rig.cluster.world.workloads[0].ready == 60)
    #expect(Self.pods(on: 0, .ready, rig) == 10)
  }

  @Test func podsOfALostNodeAreMadeElsewhereAndVanishWhenItReturns() {
    var rig = Self.rig(nodes: 6, nodesPerRack: 3, pods: 60) {
      $0.controllers.unreachableToleration = .seconds(30)
    }
    rig.run(until: .seconds(60))
    Self.lose(0..<1, &rig)
    rig.run(until: .seconds(300))
    #expect(Self.pods(on: 0, .deleting, rig) == 10)
    #expect(rig.cluster.world.workloads[0].ready == 60)
    Self.comeBack(0..<1, &rig)
    rig.run(until: .seconds(400))
    #expect(rig.cluster.world.allPods(on: 0).isEmpty)
    #expect(rig.cluster.world.nodes[0].pods == 0 && rig.cluster.world.nodes[0].cpuAsked == 0)
    #expect(rig.cluster.world.workloads[0].pods == 60)
  }

  @Test func podsOfADeletedNodeAreCollected() {
    var rig = Self.rig(nodes: 6, nodesPerRack: 3, pods: 60)
    let admin = rig.addClient(.admin)
    rig.run(until: .seconds(60))
    Self.lose(0..<1, &rig)
    rig.submit(Request(.delete, .node, client: admin, object: 0))
    rig.run(until: .seconds(160))
    #expect(rig.cluster.world.registeredNodes == 5)
    #expect(rig.cluster.world.allPods(on: 0).isEmpty)
    #expect(rig.cluster.world.workloads[0].ready == 60)
  }

  // MARK: Rigs

  private static func rig(
    nodes: Int, nodesPerRack: Int, zones: Int = 1, pods: Int = 0,
    _ change: (inout ClusterModel) -> Void = { _ in }
  ) -> APIServerRig {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = nodes
    model.nodes.nodesPerRack = nodesPerRack
    model.nodes.zones = zones
    model.nodes.leaseInterval = .seconds(20)
    model.nodes.statusInterval = .seconds(100_000)
    change(&model)
    var load = ClusterLoad()
    if pods > 0 { load.workloads = [ClusterLoad.Deployment(replicas: pods)] }
    return APIServerRig(model, load)
  }

  private static func lose(_ nodes: Range<Int>, _ rig: inout APIServerRig) {
    for node in nodes { rig.cluster.world.nodes[node].isAlive = false }
  }

  private static func comeBack(_ nodes: Range<Int>, _ rig: inout APIServerRig) {
    for node in nodes { rig.cluster.world.nodes[node].isAlive = true }
  }

  private static func tainted(_ rig: borrowing APIServerRig) -> Int {
    rig.cluster.world.nodes.indices.count {
      rig.cluster.world.nodes[$0].taints & Taint.noExecute != 0
    }
  }

  private static func pods(
    on node: UInt32, _ phase: PodPhase, _ rig: borrowing APIServerRig
  ) -> Int {
    rig.cluster.world.allPods(on: node).count { rig.cluster.world.pods[$0].phase == phase }
  }
}
