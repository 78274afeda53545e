import Measure
import Simulation

@testable import ControlPlane

/// A cluster that a test drives by hand.
struct APIServerRig: ~Copyable {
  var cluster: Cluster
  /// A place of its own, as the cluster's parts have: both are changed in one call.
  private let loopPlace: Place<Loop>
  private(set) var submitted = 0

  init(_ model: ClusterModel, _ load: ClusterLoad = ClusterLoad(), seed: UInt64 = 1) {
    cluster = Cluster(model: model, load: load, seed: seed)
    loopPlace = Place(Loop(capacity: 4096))
    Cluster.start(&loopPlace.address.pointee)
  }

  var loop: Loop {
    unsafeAddress { UnsafePointer(loopPlace.address) }
    nonmutating unsafeMutableAddress { loopPlace.address }
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
    let loop = loopPlace.address
    for _ in 0..<times { cluster.world.submit(request, in: &loop.pointee) }
    submitted += times
  }

  mutating func run(until end: Nanoseconds) {
    let loop = loopPlace.address
    _ = loop.pointee.run(&cluster, until: end)
  }

  mutating func restart(_ server: Int, after pause: Nanoseconds) {
    let loop = loopPlace.address
    cluster.apiServers.restart(server, after: pause, &cluster.world, &loop.pointee)
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
