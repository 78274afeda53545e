internal import Measure
internal import Simulation

/// The deployment controller with rolling updates (pkg/controller/deployment/rolling.go).
///
/// Old replica sets stay, with no pods: what `revisionHistoryLimit` removes is left out.
struct DeploymentController: ~Copyable {
  let client: UInt32
  var queue: WorkQueue
  var recorder: EventRecorder
  private var states = Table<State>(capacity: 64)

  /// The sync of a deployment that is under way, and the status that it wrote last.
  struct State: BitwiseCopyable {
    /// Pods that this sync may still take from old replica sets: unready ones, and ready ones.
    var unready: Int32 = -1
    var available: Int32 = 0
    /// Whether it has scaled a replica set: then only the status is left to do.
    var hasScaledNew = false
    var hasScaledOld = false
    var hasCreated = false
    var hasFailed = false
    var replicas: Int32 = 0
    var updated: Int32 = 0
    var ready: Int32 = 0

    mutating func begin() {
      unready = -1
      hasScaledNew = false
      hasScaledOld = false
      hasCreated = false
      hasFailed = false
    }
  }

  init(_ world: inout World) {
    client = world.addController()
    queue = WorkQueue(workers: world.model.controllers.deploymentWorkers)
    recorder = EventRecorder(client: client)
  }

  mutating func reset() {
    queue.reset()
    recorder.reset()
  }

  /// What a deployment's status says at the start.
  mutating func adopt(_ workload: Int, _ cache: borrowing ControllerCache, _ world: borrowing World)
  {
    reserve(workload)
    let status = status(of: workload, cache, world)
    states[workload].replicas = status.replicas
    states[workload].updated = status.updated
    states[workload].ready = status.ready
  }

  private mutating func reserve(_ workload: Int) {
    while states.count <= workload { states.append(State()) }
  }

  mutating func work(
    _ cache: borrowing ControllerCache, _ world: inout World, _ loop: inout Loop
  ) {
    while let workload = queue.take() {
      reserve(Int(workload))
      states[Int(workload)].begin()
      advance(Int(workload), cache, &world, &loop)
    }
  }

  /// Does what is next for a deployment: one request, or the end of the sync.
  private mutating func advance(
    _ workload: Int, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let view = cache.workloads[workload]
    guard view.isThere, !view.isDaemonSet, !states[workload].hasFailed else {
      return finish(workload, &loop)
    }
    guard let newest = newest(of: workload, cache, world) else {
      return create(workload, cache, &world, &loop)
    }
    let wanted = replicas(ofNew: newest, of: workload, cache, world)
    if !states[workload].hasScaledOld, wanted != cache.replicaSets[newest].object.desired {
      states[workload].hasScaledNew = true
      return scale(newest, to: wanted, &world, &loop)
    }
    if !states[workload].hasScaledNew,
      let (set, wanted) = nextToShrink(of: workload, newest, cache, world)
    {
      states[workload].hasScaledOld = true
      return scale(set, to: wanted, &world, &loop)
    }
    writeStatus(workload, cache, &world, &loop)
  }

  // MARK: Replica sets

  /// The replica set of the present template; nil if none was made yet.
  private func newest(
    of workload: Int, _ cache: borrowing ControllerCache, _ world: borrowing World
  ) -> Int? {
    var set = world.workloads[workload].newest
    while set != ReplicaSet.nothing {
      let object = cache.replicaSets[Int(set)].object
      if object.isThere, object.template == cache.workloads[workload].template { return Int(set) }
      set = world.replicaSets[Int(set)].older
    }
    return nil
  }

  private func create(
    _ workload: Int, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let wanted = replicas(ofNew: nil, of: workload, cache, world)
    let set = world.addReplicaSet(of: workload, isThere: false)
    world.replicaSets[Int(set)].template = cache.workloads[workload].template
    var request = Request(.create, .replicaSet, client: client, object: set)
    request.argument = UInt32(wanted)
    request.bytes = UInt32(Resource.replicaSet.objectBytes)
    world.submit(request, in: &loop)
  }

  private func scale(
    _ set: Int, to wanted: Int32, _ world: inout World, _ loop: inout Loop
  ) {
    var request = Request(.update, .replicaSet, client: client, object: UInt32(set))
    request.argument = UInt32(wanted)
    request.bytes = UInt32(Resource.replicaSet.objectBytes)
    world.submit(request, in: &loop)
  }

  private func surge(_ desired: Int32, _ workload: Workload) -> Int32 {
    Int32((Double(desired) * workload.maxSurge).rounded(.up))
  }

  /// At least one where there is no surge (`ResolveFenceposts`).
  private func unavailable(_ desired: Int32, _ workload: Workload) -> Int32 {
    let share = Int32((Double(desired) * workload.maxUnavailable).rounded(.down))
    return share == 0 && surge(desired, workload) == 0 ? 1 : share
  }

  /// How many pods the new replica set is to have (`NewRSNewReplicas`).
  private func replicas(
    ofNew newest: Int?, of workload: Int, _ cache: borrowing ControllerCache,
    _ world: borrowing World
  ) -> Int32 {
    let desired = cache.workloads[workload].desired
    let present = newest.map { cache.replicaSets[$0].object.desired } ?? 0
    guard present < desired else { return desired }
    let all = sum(of: workload, cache, world) { $0.object.desired }
    let most = desired + surge(desired, world.workloads[workload])
    return all >= most ? present : present + min(most - all, desired - present)
  }

  /// The next old replica set to take pods from, and how many it keeps
  /// (`reconcileOldReplicaSets`).
  private mutating func nextToShrink(
    of workload: Int, _ newest: Int, _ cache: borrowing ControllerCache,
    _ world: borrowing World
  ) -> (set: Int, wanted: Int32)? {
    if states[workload].unready < 0 {
      let desired = cache.workloads[workload].desired
      let least = desired - unavailable(desired, world.workloads[workload])
      let new = cache.replicaSets[newest].object
      let all = sum(of: workload, cache, world) { $0.object.desired }
      states[workload].unready = max(0, all - least - max(0, new.desired - new.ready))
      states[workload].available =
        states[workload].unready == 0
        ? 0 : max(0, sum(of: workload, cache, world) { $0.object.ready } - least)
    }
    var number = world.workloads[workload].newest
    while number != ReplicaSet.nothing {
      let set = Int(number)
      number = world.replicaSets[set].older
      let object = cache.replicaSets[set].object
      guard set != newest, object.isThere, object.desired > 0 else { continue }
      let sick = min(states[workload].unready, max(0, object.desired - object.ready))
      let well = min(states[workload].available, object.desired - sick)
      guard sick + well > 0 else { continue }
      states[workload].unready -= sick
      states[workload].available -= well
      return (set, object.desired - sick - well)
    }
    return nil
  }

  /// A sum over all replica sets of a deployment.
  private func sum(
    of workload: Int, _ cache: borrowing ControllerCache, _ world: borrowing World,
    _ value: (ControllerCache.ReplicaSetView) -> Int32
  ) -> Int32 {
    var total: Int32 = 0
    var set = world.workloads[workload].newest
    while set != ReplicaSet.nothing {
      let view = cache.replicaSets[Int(set)]
      if view.object.isThere { total += value(view) }
      set = world.replicaSets[Int(set)].older
    }
    return total
  }

  // MARK: Status

  private func status(
    of workload: Int, _ cache: borrowing ControllerCache, _ world: borrowing World
  ) -> (replicas: Int32, updated: Int32, ready: Int32) {
    let newest = newest(of: workload, cache, world)
    return (
      sum(of: workload, cache, world) { $0.object.replicas },
      newest.map { cache.replicaSets[$0].object.replicas } ?? 0,
      sum(of: workload, cache, world) { $0.object.ready }
    )
  }

  private mutating func writeStatus(
    _ workload: Int, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let status = status(of: workload, cache, world)
    let state = states[workload]
    guard
      state.hasCreated || state.replicas != status.replicas || state.updated != status.updated
        || state.ready != status.ready
    else { return finish(workload, &loop) }
    states[workload].replicas = status.replicas
    states[workload].updated = status.updated
    states[workload].ready = status.ready
    var request = Request(
      .update, .deploymentStatus, client: client, object: UInt32(workload))
    request.bytes = UInt32(Resource.deploymentStatus.objectBytes)
    world.submit(request, in: &loop)
  }

  // MARK: Answers

  mutating func answered(
    _ request: Request, _ cache: inout ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    switch request.resource {
    case .event: recorder.answered(&world, &loop)
    case .deploymentStatus:
      if request.outcome != .ok {
        states[Int(request.object)].hasFailed = true
        // What it wrote is not there: the next sync writes again.
        states[Int(request.object)].replicas = -1
      }
      finish(Int(request.object), &loop)
    default: scaled(request, &cache, &world, &loop)
    }
  }

  private mutating func scaled(
    _ request: Request, _ cache: inout ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let set = Int(request.object)
    let workload = Int(world.replicaSets[set].workload)
    if request.outcome == .ok {
      if request.verb == .create { states[workload].hasCreated = true }
      cache.take(replicaSet: set, world)
      recorder.record(UInt32(workload), &world, &loop)
    } else {
      states[workload].hasFailed = true
    }
    advance(workload, cache, &world, &loop)
  }

  private mutating func finish(_ workload: Int, _ loop: inout Loop) {
    let key = UInt32(workload)
    queue.finish(key)
    guard states[workload].hasFailed else { return queue.forget(key) }
    Controllers.requeue(.deployment, key, after: queue.backOff(of: key, at: loop.now), &loop)
  }
}
