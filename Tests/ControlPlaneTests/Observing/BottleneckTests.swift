import ControlPlane
import Measure
import Testing

/// Whatever is made scarce is what is named.
struct BottleneckTests {
  /// Something that can hold a cluster back, and a cluster that it holds back.
  struct Scarcity: CustomTestStringConvertible, Sendable {
    var name: String
    var scarce: @Sendable (inout ClusterModel, inout ClusterLoad) -> Void
    var testDescription: String { name }

    init(
      _ name: String, _ scarce: @escaping @Sendable (inout ClusterModel, inout ClusterLoad) -> Void
    ) {
      self.name = name
      self.scarce = scarce
    }
  }

  /// 20 nodes with enough of everything on which 100 pods are wanted at once.
  private func trial(_ scarcity: Scarcity) -> ClusterTrial {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 20
    model.nodes.qps = Rate(perSecond: 1000)
    model.nodes.burst = 1000
    model.controllers.qps = Rate(perSecond: 1000)
    model.controllers.burst = 1000
    model.controllers.schedulerQPS = Rate(perSecond: 1000)
    model.controllers.schedulerBurst = 1000
    model.nodes.registryPullQPS = Rate(perSecond: 100)
    model.nodes.registryBurst = 100
    model.nodes.registryBytesPerSecond = 100_000_000_000
    model.nodes.linkBytesPerSecond = 10_000_000_000
    model.nodes.unpackBytesPerSecond = 10_000_000_000
    var load = ClusterLoad()
    load.warmUp = .zero
    load.duration = .seconds(100)
    var deployment = ClusterLoad.Deployment(replicas: 100)
    deployment.isThere = false
    deployment.image = .mebibytes(100)
    load.workloads = [deployment]
    scarcity.scarce(&model, &load)
    return ClusterTrial(model: model, load: load, seed: 11)
  }

  static let scarcities = [
    Scarcity("kube-controller-manager's client limit") { model, _ in
      model.controllers.qps = Rate(perSecond: 2)
      model.controllers.burst = 2
    },
    Scarcity("kube-scheduler's client limit") { model, _ in
      model.controllers.schedulerQPS = Rate(perSecond: 2)
      model.controllers.schedulerBurst = 2
    },
    Scarcity("kubelet's client limit") { model, _ in
      model.nodes.qps = Rate(perSecond: 0.1)
      model.nodes.burst = 1
    },
    Scarcity("kube-scheduler") { model, _ in model.controllers.schedulingCost = .milliseconds(500)
    },
    Scarcity("room on the nodes") { model, load in
      // 80 of the 100 fit; those that churn away make room for one after the other.
      model.nodes.maximumPods = 4
      load.podChurn = Rate(perSecond: 1)
    },
    Scarcity("the registry's link") { model, _ in
      model.nodes.registryBytesPerSecond = 50_000_000
    },
    Scarcity("a node's link") { model, _ in model.nodes.linkBytesPerSecond = 4_000_000 },
    Scarcity("unpacking images on a node") { model, _ in
      model.nodes.unpackBytesPerSecond = 4_000_000
    },
    Scarcity("a kubelet's registryPullQPS") { model, load in
      model.nodes.registryPullQPS = Rate(perSecond: 0.02)
      model.nodes.registryBurst = 1
      // The second image of each node is refused.
      load.workloads.append(load.workloads[0])
    },
    Scarcity("the API servers' CPUs") { model, _ in
      model.apiServer.servers = 1
      model.apiServer.cpus = 1
      model.apiServer.writeCPU = .milliseconds(100)
    },
    Scarcity("priority level") { model, _ in
      model.apiServer.servers = 1
      model.apiServer.maxInflight = 1
      model.apiServer.maxMutatingInflight = 0
      model.apiServer.cpus = 64
      model.apiServer.writeCPU = .milliseconds(50)
    },
    Scarcity("etcd's log") { model, _ in
      model.etcd.walSync = .constant(.milliseconds(400))
    },
    Scarcity("etcd's apply loop and backend") { model, _ in
      model.etcd.applyCost = .milliseconds(100)
    },
  ]

  @Test(arguments: scarcities) func whatPodsWaitForIsNamed(_ scarcity: Scarcity) throws {
    let outcome = trial(scarcity).run()
    #expect(outcome.podStartup.count > 10)
    let bottleneck = try #require(
      outcome.bottleneck,
      "\(String(describing: outcome.composition.podStartup.breakdown(of: 0.99)))")
    #expect(bottleneck.resource.name.hasPrefix(scarcity.name), "\(bottleneck.text)")
    #expect(bottleneck.share >= Bottleneck.leastShare && bottleneck.share.value <= 1)
    #expect(bottleneck.resource.used.value > 0)
  }

  @Test func requestsWaitForTheLimitOfThoseWhoWaitLongest() throws {
    // Events of pods that start wait, and no pod for them.
    let outcome = trial(
      Scarcity("") { model, _ in
        model.nodes.eventQPS = Rate(perSecond: 0.1)
        model.nodes.eventBurst = 1
      }
    ).run()
    let breakdown = try #require(outcome.composition.mutating.breakdown(of: 0.99))
    let bottleneck = try #require(
      Bottleneck(breakdown, of: "mutating p99", ofRequests: true, among: outcome.resources))
    #expect(bottleneck.resource.name == "kubelet's client limit", "\(bottleneck.text)")
    #expect(bottleneck.latency == "mutating p99")
  }

  /// 60 pods that are to be replaced twice a second, by controllers that may ask so often.
  private func churned(qps: Double) -> ClusterOutcome {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 10
    model.controllers.qps = Rate(perSecond: qps)
    model.controllers.burst = 5
    var load = ClusterLoad()
    load.warmUp = .seconds(20)
    load.duration = .seconds(400)
    load.pods = 60
    load.podChurn = Rate(perSecond: 2)
    return ClusterTrial(model: model, load: load, seed: 3).run()
  }

  @Test func aRateAboveCapacityIsToldAndNotOneBelow() {
    let above = churned(qps: 1)
    #expect(above.churn.isAboveCapacity && above.churn.missed * 4 > above.churn.asked)
    let below = churned(qps: 50)
    #expect(!below.churn.isAboveCapacity && below.churn.asked > 600)
    #expect(below.backlogGrowth == nil)
  }

  /// More pods are wanted than nodes take: each rollout leaves more of them waiting.
  @Test func podsThatWaitMoreAndMoreHaveAGrowth() throws {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 10
    model.controllers.qps = Rate(perSecond: 2)
    model.controllers.burst = 2
    var load = ClusterLoad()
    load.duration = .seconds(400)
    load.pods = 1000
    load.podChurn = Rate(perSecond: 4)
    let growth = try #require(ClusterTrial(model: model, load: load, seed: 3).run().backlogGrowth)
    // Four are deleted a second, and at most two made.
    #expect(growth > 1 && growth < 4)
  }

  static let provisioning = [
    Scarcity("the image server's link") { model, _ in
      model.provisioning.path = .ironic
      model.provisioning.imageSize = .gibibytes(8)
      model.provisioning.imageServerBytesPerSecond = 100_000_000
    },
    Scarcity("an agent's download") { model, _ in
      model.provisioning.path = .ironic
      model.provisioning.downloadBytesPerSecond = 10_000_000
    },
    Scarcity("an agent's disk") { model, _ in
      model.provisioning.path = .ironic
      model.provisioning.diskBytesPerSecond = 10_000_000
    },
    Scarcity("the boot server") { model, _ in
      model.provisioning.path = .ironic
      model.provisioning.bootServerConcurrency = 1
      model.provisioning.imageSize = .gibibytes(2)
    },
    Scarcity("the storage back-end") { model, _ in
      model.provisioning.path = .dpu
      model.provisioning.cloneConcurrency = 1
      model.provisioning.clone = .constant(.seconds(60))
    },
    Scarcity("deployments at once") { model, _ in
      model.provisioning.path = .dpu
      model.provisioning.concurrency = 1
      model.provisioning.clone = .constant(.seconds(60))
    },
  ]

  @Test(arguments: provisioning) func whatMachinesWaitForIsNamed(_ scarcity: Scarcity) throws {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 3
    var load = ClusterLoad()
    load.addedNodes = 20
    load.duration = .seconds(4000)
    // What an idle cluster does meanwhile is not of interest.
    model.nodes.leaseInterval = .seconds(100)
    model.controllers.nodeMonitorGracePeriod = .seconds(400)
    scarcity.scarce(&model, &load)
    let join = ClusterTrial(model: model, load: load, seed: 4).run().join
    #expect(join.ready == 20)
    let bottleneck = try #require(join.bottleneck)
    #expect(bottleneck.resource.name == scarcity.name, "\(bottleneck.text)")
  }
}
