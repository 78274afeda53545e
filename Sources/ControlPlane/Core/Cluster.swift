internal import Measure
internal import Simulation

/// The whole model: each component with its state, and who gets which event.
struct Cluster: Model, ~Copyable {
  var world: World
  var clients: Clients
  var apiServers: APIServers
  var etcd: Etcd
  var watches: Watches
  var kubelets: Kubelets

  init(model: ClusterModel, load: ClusterLoad, seed: UInt64) {
    world = World(model: model, load: load, seed: seed)
    clients = Clients(&world)
    apiServers = APIServers(&world)
    etcd = Etcd(world)
    watches = Watches(&world)
    kubelets = Kubelets(&world)
  }

  /// Every component is told to start, in order.
  static func start(_ loop: inout Loop) {
    for component: Component in [.client, .apiServer, .etcd, .watch, .kubelet] {
      loop.schedule(now: Event(component: component, what: Port.start))
    }
  }

  mutating func handle(_ event: Event, in loop: inout Loop) {
    switch event.component {
    case .client: clients.handle(event, &world, &loop)
    case .apiServer: apiServers.handle(event, &world, &loop)
    case .etcd: etcd.handle(event, &world, &loop)
    case .watch: watches.handle(event, &world, &loop)
    case .kubelet: kubelets.handle(event, &world, &loop)
    default: preconditionFailure("no such component yet")
    }
  }

  static func fingerprint(of event: Event) -> UInt64 {
    UInt64(event.component.rawValue) << 56 | UInt64(event.what) << 48
      | UInt64(event.lane) << 32 | UInt64(event.index)
  }
}
