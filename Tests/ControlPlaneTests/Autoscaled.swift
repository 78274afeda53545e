import Measure
import Simulation

@testable import ControlPlane

/// A cluster with a cluster autoscaler that a test drives by hand.
///
/// Deployment 0 fills the first node, 1 is the burst, 30 pods to a node, 2 is of pods of 64 CPUs,
/// which nothing fits, 3 has what a test puts on nodes.
struct Autoscaled: ~Copyable {
  private var rig: APIServerRig
  private let admin: UInt32

  /// Pods of half a node that fill the first.
  static let full = 2

  init(
    nodes: Int, maximum: Int, minimum: Int = 0, _ fillers: Int, pods: Int, giants: Int = 0,
    isMovable: Bool = true
  ) {
    self.init(
      Self.model(nodes: nodes, maximum: maximum, minimum: minimum), fillers, pods: pods,
      giants: giants, isMovable: isMovable)
  }

  init(
    _ model: ClusterModel, _ fillers: Int, pods: Int, giants: Int = 0, isMovable: Bool = true,
    burst: Int = 1050
  ) {
    var load = ClusterLoad()
    let workloads = [
      (fillers, 15_750, true), (pods, burst, false), (giants, 64_000, false), (0, 350, true),
    ]
    load.workloads = workloads.map {
      var deployment = ClusterLoad.Deployment(replicas: $0.0)
      deployment.cpu = $0.1
      deployment.isThere = $0.2
      deployment.isMovable = isMovable
      return deployment
    }
    rig = APIServerRig(model, load)
    admin = rig.addClient(.admin)
  }

  /// Nodes of 32 CPUs, clients that nothing holds up.
  static func model(nodes: Int, maximum: Int, minimum: Int = 0) -> ClusterModel {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = nodes
    model.nodes.pools[0].maximum = maximum
    model.nodes.pools[0].minimum = minimum
    model.controllers.qps = Rate(perSecond: 1000)
    model.controllers.burst = 1000
    model.controllers.schedulerQPS = Rate(perSecond: 1000)
    model.controllers.schedulerBurst = 1000
    model.autoscaling.nodes = ClusterAutoscalerParameters()
    return model
  }

  var outcome: ScalingOutcome.Nodes { ScalingOutcome(rig.cluster).nodes }
  var levels: [APIServerOutcome.Level] { APIServerOutcome(rig.cluster).levels }
  var nodes: Int { rig.cluster.world.registeredNodes }

  /// Nodes of each pool.
  var sizes: [Int] {
    rig.cluster.world.model.nodes.pools.indices.map { pool in
      rig.cluster.world.nodes.indices.count {
        rig.cluster.world.nodes[$0].isRegistered && Int(rig.cluster.world.nodes[$0].pool) == pool
      }
    }
  }

  /// Ready pods of a deployment.
  func ready(_ deployment: Int) -> Int { Int(rig.cluster.world.workloads[deployment].ready) }

  /// Ready pods that are not of a daemon set.
  var bound: Int { (0..<4).reduce(0) { $0 + ready($1) } }

  mutating func run(for span: Nanoseconds) { rig.run(until: rig.loop.now + span) }

  /// Lets it run until so many nodes are there and the burst's pods are ready, an hour at most.
  mutating func run(until nodes: Int) {
    for _ in 0..<360 {
      run(for: .seconds(10))
      if self.nodes >= nodes, ready(1) == Int(rig.cluster.world.workloads[1].desired) { break }
    }
    run(for: .seconds(10))
  }

  mutating func scale(_ deployment: Int, to pods: Int) {
    var request = Request(.update, .deployment, client: admin, object: UInt32(deployment))
    request.argument = UInt32(pods)
    rig.submit(request)
  }

  /// Puts ready pods onto a node, before anything has run.
  mutating func add(_ count: Int, podsOf cpu: Int32, to node: Int) {
    rig.cluster.world.workloads[3].cpu = cpu
    rig.cluster.world.workloads[3].desired += Int32(count)
    let set = Int(rig.cluster.world.workloads[3].newest)
    rig.cluster.world.replicaSets[set].desired += Int32(count)
    for _ in 0..<count { rig.cluster.world.addReadyPod(of: 3, on: UInt32(node)) }
  }

  /// Marks a node as one that has not been heard of.
  mutating func loseContact(with node: Int) {
    rig.cluster.world.nodes[node].condition = .unknown
    rig.cluster.world.nodes[node].isAlive = false
  }
}
