import Measure
import Simulation

@testable import ControlPlane

/// A cluster that a test drives by hand.
struct APIServerRig: ~Copyable {
  // Each in a place of its own, so that a call may change both.
  private let clusterPlace: Place<Cluster>
  private let loopPlace: Place<Loop>
  private(set) var submitted = 0

  var cluster: Cluster {
    unsafeAddress { UnsafePointer(clusterPlace.address) }
    nonmutating unsafeMutableAddress { clusterPlace.address }
  }
  var loop: Loop {
    unsafeAddress { UnsafePointer(loopPlace.address) }
    nonmutating unsafeMutableAddress { loopPlace.address }
  }

  init(_ model: ClusterModel, _ load: ClusterLoad = ClusterLoad(), seed: UInt64 = 1) {
    var loop = Loop(capacity: 4096)
    Cluster.start(&loop)
    clusterPlace = Place(Cluster(model: model, load: load, seed: seed))
    loopPlace = Place(loop)
    // All counts, not only what comes after the warm-up.
    cluster.world.observations.begin = .zero
  }

  /// A client whose answers are counted in `world.observations`.
  mutating func addClient(
    _ identity: Identity = .other, rate: Rate? = nil, burst: Int = 1,
    _ change: (inout Client) -> Void = { _ in }
  ) -> UInt32 {
    var client = Client(owner: .load, identity: identity)
    client.server = cluster.world.connections.connect() ?? 0
    change(&client)
    return cluster.world.add(client, rate: rate, burst: burst)
  }

  mutating func submit(_ request: Request, times: Int = 1) {
    for _ in 0..<times { cluster.world.submit(request, in: &loop) }
    submitted += times
  }

  mutating func run(until end: Nanoseconds) { _ = loop.run(&cluster, until: end) }

  mutating func restart(_ server: Int, after pause: Nanoseconds) {
    cluster.apiServers.restart(server, after: pause, &cluster.world, &loop)
  }

  func outcomes(_ outcome: Outcome) -> UInt64 {
    cluster.world.observations.outcomes[Int(outcome.rawValue)]
  }

  /// A model of so many nodes that send nothing by themselves.
  static func quiet(nodes: Int = 0, servers: Int = 1) -> ClusterModel {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = nodes
    model.nodes.leaseInterval = .seconds(1_000_000)
    model.nodes.statusInterval = .seconds(1_000_000)
    model.controllers.nodeMonitorGracePeriod = .seconds(2_000_000)
    model.apiServer.servers = servers
    return model
  }
}
