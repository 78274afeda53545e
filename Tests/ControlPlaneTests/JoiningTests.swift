import Measure
import Simulation
import Testing

@testable import ControlPlane

struct JoiningTests {
  @Test func machinesBecomeReadyNodesWithTheirDaemons() {
    let (model, load) = Self.joining(20)
    var rig = APIServerRig(model, load)
    rig.run(until: .seconds(300))
    let world = ClusterOutcome(rig.cluster, rig.loop, .reachedEnd)
    #expect(world.join.wanted == 20 && world.join.ready == 20)
    #expect(world.join.bootToReady.count == 20)
    #expect(rig.cluster.world.registeredNodes == 23)
    for node in 3..<23 {
      #expect(rig.cluster.world.nodes[node].taints == 0)
      #expect(rig.cluster.world.nodes[node].condition == .ready)
      #expect(rig.cluster.world.allPods(on: UInt32(node)).count == 4)
    }
    let images = NodeParameters.DaemonSet.usual.reduce(0) { $0 + $1.image.count }
    #expect(world.join.pulledBytes.count == 20 * images && world.join.imagePull.count == 80)
    // From boot to Ready: kubelet, certificate, network's image and pod, runtime's check, status.
    let median = Double(world.join.bootToReady.quantile(0.5) ?? 0) / 1e9
    #expect(median > 5 && median < 40)
  }

  @Test func everyPodIsInOnePhase() {
    var (model, load) = Self.joining(30)
    model.nodes.pools[0].cpu = 2000
    load.workloads = [ClusterLoad.Deployment(replicas: 100)]
    load.workloads[0].isThere = false
    var rig = APIServerRig(model, load)
    for second in stride(from: Int64(10), through: 400, by: 10) {
      rig.run(until: .seconds(second))
      Self.expectBooks(rig)
    }
    // The joined nodes take what did not fit on the first three.
    #expect(rig.cluster.world.workloads[0].ready == 100)
  }

  /// What nodes count of their pods is what the pods say, and so do workloads.
  private static func expectBooks(_ rig: borrowing APIServerRig) {
    let places = (0..<UInt32(rig.cluster.world.pods.peak)).filter {
      rig.cluster.world.pods[$0].phase != .gone
    }
    for node in rig.cluster.world.nodes.indices {
      let own = places.filter { rig.cluster.world.pods[$0].node == UInt32(node) }
      #expect(Int(rig.cluster.world.nodes[node].pods) == own.count)
      let cpu = own.reduce(0) { $0 + rig.cluster.world.pods[$1].cpu }
      #expect(rig.cluster.world.nodes[node].cpuAsked == cpu)
      #expect(cpu <= rig.cluster.world.nodes[node].cpu)
    }
    for workload in rig.cluster.world.workloads.indices {
      let own = places.filter { rig.cluster.world.pods[$0].workload == UInt16(workload) }
      let ready = own.count { rig.cluster.world.pods[$0].phase == .ready }
      #expect(Int(rig.cluster.world.workloads[workload].ready) == ready)
      let desired = Int(rig.cluster.world.workloads[workload].desired)
      #expect(own.count <= desired && (desired == 0 || ready <= desired))
    }
  }

  @Test func theSameSeedGivesTheSameJoins() {
    var (model, load) = Self.joining(20)
    model.provisioning.path = .ironic
    model.provisioning.failures = .percent(20)
    load.duration = .seconds(3000)
    let trial = ClusterTrial(model: model, load: load, seed: 3)
    var other = trial
    other.seed = 4
    let outcome = trial.run()
    #expect(outcome.trace == trial.run().trace)
    #expect(outcome.join == trial.run().join)
    #expect(outcome.trace != other.run().trace)
  }

  @Test func oneImageAtATimeIsSlowerForTheLastPod() {
    var (model, load) = Self.joining(5)
    model.nodes.daemonSets = (0..<4).map { _ in
      NodeParameters.DaemonSet(.other, image: ByteCount(1_000_000_000))
    }
    model.nodes.registryBytesPerSecond = 100_000_000_000
    model.nodes.linkBytesPerSecond = 100_000_000
    model.nodes.unpackBytesPerSecond = 100_000_000
    load.duration = .seconds(300)
    let serial = ClusterTrial(model: model, load: load, seed: 1).run().join.imagePull
    model.nodes.serializeImagePulls = false
    let parallel = ClusterTrial(model: model, load: load, seed: 1).run().join.imagePull
    // Alone an image takes 10 s for its bytes and 10 s to unpack; the last waits for three others.
    #expect(serial.count == 20 && parallel.count == 20)
    #expect(abs(Double(serial.minimum) / 1e9 - 20) < 1)
    #expect(abs(Double(serial.maximum) / 1e9 - 80) < 3)
    #expect(abs(Double(parallel.maximum) / 1e9 - 20) < 1)
  }

  @Test func pullsShareTheRegistrysLink() {
    var (model, load) = Self.joining(40)
    model.nodes.daemonSets = [NodeParameters.DaemonSet(.other, image: ByteCount(1_000_000_000))]
    model.nodes.registryBytesPerSecond = 1_000_000_000
    model.nodes.kubeletStart = .constant(.seconds(1))
    load.duration = .seconds(300)
    let pulls = ClusterTrial(model: model, load: load, seed: 1).run().join.imagePull
    // 40 GB over 1 GB/s, all begun within the few seconds that the controllers' limits spread them.
    #expect(pulls.count == 40)
    #expect(Double(pulls.maximum) / 1e9 > 40 && Double(pulls.maximum) / 1e9 < 52)
  }

  @Test func imagesThatAreThereAreNotPulledAgain() {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 4
    var load = ClusterLoad()
    load.workloads = [ClusterLoad.Deployment(replicas: 40)]
    load.workloads[0].image = .mebibytes(500)
    load.podChurn = Rate(perSecond: 2)
    load.duration = .seconds(120)
    let outcome = ClusterTrial(model: model, load: load, seed: 1).run()
    #expect(outcome.podStartup.count > 150 && outcome.join.pulledBytes.count == 0)
    load.workloads[0].isThere = false
    let other = ClusterTrial(model: model, load: load, seed: 1).run()
    #expect(other.join.pulledBytes.count == 4 * 500 << 20)
  }

  static func joining(_ count: Int) -> (ClusterModel, ClusterLoad) {
    var load = ClusterLoad()
    load.addedNodes = count
    load.warmUp = .seconds(10)
    load.duration = .seconds(200)
    return (ClusterModel(), load)
  }
}
