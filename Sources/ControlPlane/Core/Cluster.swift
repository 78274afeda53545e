internal import Measure
internal import Simulation

/// The whole model: each component with its state, and who gets which event.
struct Cluster: Model, ~Copyable {
  // Each in a place of its own: see `Place`; `Cluster+Parts.swift` has them by their names.
  let worldPlace: Place<World>
  let clientsPlace: Place<Clients>
  let apiServersPlace: Place<APIServers>
  let etcdPlace: Place<Etcd>
  let watchesPlace: Place<Watches>
  let kubeletsPlace: Place<Kubelets>
  let certificatesPlace: Place<CertificateSigner>
  let daemonSetsPlace: Place<DaemonSets>
  let lifecyclePlace: Place<NodeLifecycle>
  let schedulerPlace: Place<Scheduler>
  let controllersPlace: Place<Controllers>
  let generatorPlace: Place<LoadGenerator>
  let provisioningPlace: Place<Provisioning>
  let autoscalersPlace: Place<Autoscalers>
  let addOnsPlace: Place<AddOns>
  let faultsPlace: Place<Faults>
  let samplerPlace: Place<Sampler>
  /// What was used when the measured time began.
  var useStart = UseStart()
  /// The last event, for whoever stops to look.
  private(set) var last: Event?

  init(model: ClusterModel, load: ClusterLoad, seed: UInt64) {
    var world = World(model: model, load: load, seed: seed)
    clientsPlace = Place(Clients(&world))
    apiServersPlace = Place(APIServers(&world))
    etcdPlace = Place(Etcd(world))
    watchesPlace = Place(Watches(&world))
    kubeletsPlace = Place(Kubelets(&world))
    certificatesPlace = Place(CertificateSigner(&world))
    lifecyclePlace = Place(NodeLifecycle(&world))
    schedulerPlace = Place(Scheduler(&world))
    generatorPlace = Place(LoadGenerator(&world))
    daemonSetsPlace = Place(DaemonSets(&world))
    controllersPlace = Place(Controllers(&world))
    provisioningPlace = Place(Provisioning(&world))
    autoscalersPlace = Place(Autoscalers(&world))
    addOnsPlace = Place(AddOns(&world))
    faultsPlace = Place(Faults(&world))
    samplerPlace = Place(Sampler(world))
    let stored = world.storedBytes
    worldPlace = Place(world)
    etcd.database.holds(stored)
  }

  /// Every component is told to start, in order.
  static func start(_ loop: inout Loop) {
    let components: [Component] = [
      .client, .apiServer, .etcd, .watch, .kubelet, .lifecycle, .scheduler, .controller, .load,
      .provisioning, .autoscaler, .addOn, .fault, .sample, .certificate, .daemonSet, .machine,
    ]
    for component in components {
      loop.schedule(now: Event(component: component, what: Port.start))
    }
  }

  mutating func handle(_ event: Event, in loop: inout Loop) {
    last = event
    if faults.controllerManagerDowns > 0, faults.holds(event) { return }
    if event.what == Port.changed || event.what == Port.observed {
      world.noteNews(event, at: loop.now)
    }
    switch event.component {
    case .client: clients.handle(event, &world, &loop)
    case .apiServer:
      apiServers.handle(event, &world, &loop)
      if APIServers.mayStart(event) { noteAvailability(at: loop.now) }
    case .etcd:
      etcd.handle(event, &world, &loop)
      if Etcd.mayChangeLeader(event) { noteAvailability(at: loop.now) }
    case .watch: watches.handle(event, &world, &loop)
    case .kubelet: kubelets.handle(event, &world, &loop)
    case .lifecycle: lifecycle.handle(event, &world, &loop)
    case .scheduler: scheduler.handle(event, &world, &loop)
    case .controller: controllers.handle(event, &world, &loop)
    case .load: generator.handle(event, &world, &loop)
    case .provisioning: provisioning.handle(event, &world, &loop)
    case .autoscaler: autoscalers.handle(event, &world, &loop)
    case .addOn: addOns.handle(event, &world, &loop)
    case .fault: handleFault(event, &loop)
    case .sample: sample(event, &loop)
    case .machine: world.machine.handle(event, &loop)
    case .certificate: certificates.handle(event, &world, &loop)
    case .daemonSet: daemonSets.handle(event, &world, &loop)
    }
  }

  static func fingerprint(of event: Event) -> UInt64 {
    UInt64(event.component.rawValue) << 56 | UInt64(event.what) << 48
      | UInt64(event.lane) << 32 | UInt64(event.index)
  }
}
