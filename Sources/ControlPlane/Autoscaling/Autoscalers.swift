internal import Measure
internal import Simulation

/// The horizontal pod autoscaler and the cluster autoscaler, and the traffic that they follow.
struct Autoscalers: ~Copyable {
  /// Kinds of events of its own.
  enum Kind {
    /// A second of traffic is over.
    static let step: UInt8 = 0
    /// metrics-server asks the kubelets; Prometheus asks the pods that serve.
    static let scrapeCPU: UInt8 = 1
    static let scrapeRequests: UInt8 = 2
    /// Horizontal autoscaler `index` is due.
    static let sync: UInt8 = 3
    /// The cluster autoscaler looks; what it has decided is done.
    static let scan: UInt8 = 4
    static let act: UInt8 = 5
    /// Its replicas hold or want their lease.
    static let elect: UInt8 = 6
    /// Node `index` is being drained; its machine has stopped.
    static let drained: UInt8 = 7
    static let stopped: UInt8 = 8
    /// The watchdog of nodes that stand by looks.
    static let standby: UInt8 = 9
  }

  private(set) var services: Services
  private(set) var pods: PodScaling
  private(set) var nodes: NodeScaling
  private let standby: StandbyNodes
  private var stream: RandomStream

  init(_ world: inout World) {
    services = Services(world)
    pods = PodScaling(&world, services)
    nodes = NodeScaling(&world)
    standby = StandbyNodes(&world)
    stream = world.stream(.autoscaler, of: 2)
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    let periods = world.model.autoscaling.pods
    switch event.what {
    case Port.start: start(periods, &loop)
    case Kind.step:
      services.step(world, at: loop.now)
      loop.schedule(event, after: Services.step)
    case Kind.scrapeCPU:
      services.scrapeCPU(periods.cpuInterval, world, at: loop.now)
      loop.schedule(event, after: periods.cpuInterval)
    case Kind.scrapeRequests:
      services.scrapeRequests(periods.requestInterval, world, at: loop.now)
      loop.schedule(event, after: periods.requestInterval)
    case Kind.sync: pods.due(event.index, &world, &loop)
    case Kind.scan: nodes.scan(&world, &loop)
    case Kind.act: nodes.act(&world, &loop)
    case Kind.elect: nodes.elect(&world, &loop)
    case Kind.drained: nodes.pollDrain(event.index, &world, &loop)
    case Kind.stopped: nodes.stopped(event.index, &world, &loop)
    case Kind.standby: standby.look(&world, &loop)
    case Port.reply: answered(event.index, &world, &loop)
    default: break
    }
  }

  /// Scrapes begin anywhere in their interval.
  private mutating func start(_ periods: PodAutoscalingParameters, _ loop: inout Loop) {
    nodes.start(&loop)
    standby.start(&loop)
    guard services.all.count > 0 else { return }
    pods.start(&loop)
    loop.schedule(Event(component: .autoscaler, what: Kind.step), after: Services.step)
    for (what, interval) in [
      (Kind.scrapeCPU, periods.cpuInterval), (Kind.scrapeRequests, periods.requestInterval),
    ] {
      loop.schedule(
        Event(component: .autoscaler, what: what),
        after: Nanoseconds(Int64(stream.below(UInt64(interval.count)))))
    }
  }

  private mutating func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.finish(place)
    if pods.owns(request.client) {
      pods.answered(request, services, &world, &loop)
    } else if nodes.owns(request.client) {
      nodes.answered(request, &world, &loop)
    } else if standby.owns(request.client) {
      standby.answered(request, &world, &loop)
    }
  }

  /// Requests of users at this moment: how many come and how many are answered, a second.
  ///
  /// O(services).
  var traffic: (offered: Rate, served: Rate) {
    var offered = 0.0
    var served = 0.0
    for service in services.all.indices {
      offered += services.all[service].offeredRate
      served += services.all[service].servedRate
    }
    return (Rate(perSecond: offered), Rate(perSecond: served))
  }

  /// Pods that the autoscaled deployments are to have at this moment, and those that are ready.
  ///
  /// O(autoscalers).
  func replicas(_ world: borrowing World) -> (desired: Int, ready: Int) {
    var desired = 0
    var ready = 0
    for scaler in pods.scalers.indices {
      let workload = Int(pods.scalers[scaler].workload)
      desired += Int(world.workloads[workload].desired)
      ready += Int(world.workloads[workload].ready)
    }
    return (desired, ready)
  }
}
