internal import Measure
internal import Simulation

/// The controllers of workloads in the controller manager, each with its client, queue and workers.
///
/// One process with the node-lifecycle controller and the autoscalers of pods: they are told by
/// `Port.halted` and `Port.leads`.
struct Controllers: ~Copyable {
  private let standing = Standing()
  /// Its own events; `lane` is the controller, and above it the epoch.
  private enum Kind {
    /// Key `index` is added to the queue of controller `lane & 0xFF`.
    static let requeue: UInt8 = 0
    static let elect: UInt8 = 1
  }

  /// The controllers that have a queue.
  enum Name: UInt16 {
    case deployment, replicaSet, endpointSlice, endpoints, garbageCollector
  }

  let parameters: ControllerParameters
  var cache = ControllerCache()
  var deployments: DeploymentController
  var replicaSets: ReplicaSetController
  var endpointSlices: EndpointSliceController
  var endpoints: EndpointsController
  var collector: GarbageCollector
  private var election: LeaderElection
  /// Whether its informers have what they need, so that its workers work.
  private(set) var isWorking = true
  /// Lists of its informers that are still to come.
  private var listsDue = 0

  init(_ world: inout World) {
    parameters = world.model.controllers
    deployments = DeploymentController(&world)
    replicaSets = ReplicaSetController(&world)
    endpointSlices = EndpointSliceController(&world)
    endpoints = EndpointsController(&world)
    collector = GarbageCollector(&world)
    election = LeaderElection(
      .controller, .kubeControllerManager, tick: Kind.elect, &world)
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start: begin(world, &loop)
    case Port.observed: observed(event, world, &loop)
    case Port.listed: listed(world, &loop)
    case Port.reply: return answered(event.index, &world, &loop)
    case Kind.requeue: add(event.index, to: Name(rawValue: event.lane))
    case Kind.elect: turn(election.tick(event, &world, &loop), &world, &loop)
    default: return
    }
    work(&world, &loop)
  }

  /// Adds a key to a controller's queue later.
  static func requeue(
    _ name: Name, _ key: UInt32, after pause: Nanoseconds, _ loop: inout Loop
  ) {
    loop.schedule(
      Event(component: .controller, what: Kind.requeue, lane: name.rawValue, index: key),
      after: pause)
  }

  private mutating func add(_ key: UInt32, to name: Name?) {
    switch name {
    case .deployment: deployments.queue.add(key)
    case .replicaSet: replicaSets.queue.add(key)
    case .endpointSlice: endpointSlices.queue.add(key)
    case .endpoints: endpoints.queue.add(key)
    case .garbageCollector: collector.add(key)
    case nil: break
    }
  }

  mutating func work(_ world: inout World, _ loop: inout Loop) {
    guard isWorking else { return }
    deployments.work(cache, &world, &loop)
    replicaSets.work(&cache, &world, &loop)
    endpointSlices.work(cache, &world, &loop)
    endpoints.work(&world, &loop)
    collector.work(cache, &world, &loop)
  }

  // MARK: Start

  /// What is there at the start is as it should be: no one has anything to do.
  private mutating func begin(_ world: borrowing World, _ loop: inout Loop) {
    takeAll(world, &loop)
    for workload in world.workloads.indices {
      deployments.adopt(workload, cache, world)
      endpointSlices.adopt(workload)
    }
    forgetWork()
    election.begin(&loop)
  }

  /// Takes in all objects as they are committed, as lists bring them.
  ///
  /// O(objects).
  private mutating func takeAll(_ world: borrowing World, _ loop: inout Loop) {
    for workload in world.workloads.indices { cache.take(workload: workload, world) }
    for set in world.replicaSets.indices { cache.take(replicaSet: set, world) }
    for pod in 0..<UInt32(world.pods.peak) {
      observed(pod: pod, isCreation: false, world, &loop)
    }
  }

  private mutating func forgetWork() {
    deployments.reset()
    replicaSets.reset()
    endpointSlices.reset()
    endpoints.queue.reset()
    collector.reset()
  }

  /// The process ends: what it had in mind is lost, and no one waits for what it asked for.
  ///
  /// O(requests + keys).
  mutating func stop(_ world: inout World, _ loop: inout Loop) {
    election.stop()
    halt(&world, &loop)
  }

  /// The process runs again, and works once it leads and has its lists.
  mutating func start(_ world: inout World, _ loop: inout Loop) {
    turn(election.start(&loop), &world, &loop)
  }

  private mutating func turn(
    _ turn: LeaderElection.Turn, _ world: inout World, _ loop: inout Loop
  ) {
    switch turn {
    case .none: return
    case .lost: halt(&world, &loop)
    case .leads:
      listsDue = Watches.watched(by: .controller)
      loop.schedule(
        now: Event(
          component: .watch, what: Watches.attach, lane: UInt16(Component.controller.rawValue)))
      tell(Port.leads, &loop)
    }
  }

  private mutating func halt(_ world: inout World, _ loop: inout Loop) {
    isWorking = false
    forgetWork()
    for place in 0..<UInt32(world.requests.peak) where isLive(place, world) {
      world.requests[place].isOrphan = true
      let request = world.requests[place]
      guard request.resource == .pod, request.verb == .create,
        world.pods[request.object].serial == request.serial
      else { continue }
      world.forget(request.object)
    }
    loop.schedule(
      now: Event(
        component: .watch, what: Watches.detach, lane: UInt16(Component.controller.rawValue)))
    tell(Port.halted, &loop)
  }

  /// Whether `place` holds a request of one of its controllers that someone waits for.
  ///
  /// Places that are free hold what they held last; to mark that does no harm.
  private func isLive(_ place: UInt32, _ world: borrowing World) -> Bool {
    let request = world.requests[place]
    return !request.isOrphan
      && world.clients[Int(request.client)].owner == .controller && !election.owns(request)
  }

  private func tell(_ what: UInt8, _ loop: inout Loop) {
    for component in [Component.lifecycle, .autoscaler] {
      loop.schedule(now: Event(component: component, what: what))
    }
  }

  /// An answer that is none of its controllers'.
  mutating func elected(_ request: Request, _ world: inout World, _ loop: inout Loop) {
    guard election.owns(request) else { return }
    turn(election.answered(request, &world, &loop), &world, &loop)
  }

  /// One of its informers has its list; with the last, every object is looked at.
  private mutating func listed(_ world: borrowing World, _ loop: inout Loop) {
    if listsDue > 0 { listsDue -= 1 }
    guard listsDue == 0, election.isLeader else { return }
    isWorking = true
    takeAll(world, &loop)
    for set in cache.replicaSets.indices {
      replicaSets.queue.add(UInt32(set))
      let object = cache.replicaSets[set].object
      if object.isThere, !cache.workloads[Int(object.workload)].isThere {
        collector.add(replicaSet: UInt32(set))
      }
    }
    for workload in cache.workloads.indices {
      deployments.queue.add(UInt32(workload))
      if world.workloads[workload].hasService { endpointSlices.queue.add(UInt32(workload)) }
    }
    for pod in cache.pods.indices where isOrphan(cache.pods[pod]) { collector.add(UInt32(pod)) }
  }

  /// Whether what owned a pod is there no longer.
  private func isOrphan(_ view: ControllerCache.PodView) -> Bool {
    guard view.phase != .gone, view.phase != .deleting else { return false }
    guard view.replicaSet != ReplicaSet.nothing else { return false }
    return !cache.replicaSets[Int(view.replicaSet)].object.isThere
  }
}
