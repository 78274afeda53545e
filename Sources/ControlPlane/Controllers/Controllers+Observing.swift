internal import Measure
internal import Simulation

/// What the controllers make of what their informers tell them.
extension Controllers {
  mutating func observed(_ event: Event, _ world: borrowing World, _ loop: inout Loop) {
    // What comes while its process is away, the next list brings.
    guard isWorking, let change = ChangeKind(rawValue: event.lane) else { return }
    switch change {
    case .podCreated, .podBound, .podRunning, .podReady, .podNotReady, .podFailed, .podDeleting,
      .podGone:
      observed(pod: event.index, isCreation: change == .podCreated, world, &loop)
    case .workloadChanged: observed(workload: Int(event.index), world)
    case .replicaSetChanged: observed(replicaSet: Int(event.index), world)
    default: break
    }
  }

  private mutating func observed(workload: Int, _ world: borrowing World) {
    let wasThere = cache.workloads.count > workload && cache.workloads[workload].isThere
    cache.take(workload: workload, world)
    let view = cache.workloads[workload]
    deployments.queue.add(UInt32(workload))
    if wasThere, !view.isThere { collect(workload, world) }
  }

  /// A workload has gone: what it owned has no owner.
  ///
  /// O(its replica sets).
  private mutating func collect(_ workload: Int, _ world: borrowing World) {
    var set = world.workloads[workload].newest
    while set != ReplicaSet.nothing {
      if cache.replicaSets[Int(set)].object.isThere { collector.add(replicaSet: set) }
      set = world.replicaSets[Int(set)].older
    }
  }

  private mutating func observed(replicaSet set: Int, _ world: borrowing World) {
    let wasThere = cache.replicaSets.count > set && cache.replicaSets[set].object.isThere
    cache.take(replicaSet: set, world)
    let view = cache.replicaSets[set]
    replicaSets.queue.add(UInt32(set))
    deployments.queue.add(UInt32(view.object.workload))
    guard wasThere, !view.object.isThere else { return }
    var pod = view.firstPod
    while pod != ControllerCache.PodView.none {
      collector.add(pod)
      pod = cache.pods[Int(pod)].next
    }
  }

  // MARK: Pods

  /// Takes in a pod as it is now.
  mutating func observed(
    pod: UInt32, isCreation: Bool, _ world: borrowing World, _ loop: inout Loop
  ) {
    if cache.isStale(pod, world) { lose(pod, world, &loop) }
    let object = world.pods[pod]
    guard object.phase != .gone, object.phase != .wished else {
      // It came and went before its creation was heard of.
      if isCreation, object.replicaSet != ReplicaSet.nothing {
        replicaSets.sawCreation(in: object.replicaSet)
      }
      return
    }
    let before = cache.pods[Int(pod)]
    guard before.phase != object.phase else { return }
    cache.take(pod: pod, world)
    let view = cache.pods[Int(pod)]
    if before.phase == .gone, view.replicaSet != ReplicaSet.nothing {
      replicaSets.sawCreation(in: view.replicaSet)
    }
    switch object.phase {
    case .deleting, .failed: ends(pod, view)
    case .ready: changed(view)
    default: if before.phase == .ready { changed(view) }
    }
    serve(pod, view, from: before.phase, world, &loop)
  }

  /// A pod that was known is there no longer.
  private mutating func lose(_ pod: UInt32, _ world: borrowing World, _ loop: inout Loop) {
    let view = cache.pods[Int(pod)]
    cache.drop(pod)
    if view.replicaSet != ReplicaSet.nothing, view.phase != .deleting {
      replicaSets.sawEnd(of: view)
    }
    var gone = view
    gone.phase = .gone
    serve(pod, gone, from: view.phase, world, &loop)
  }

  /// A replica set replaces a pod as soon as it is to end.
  private mutating func ends(_ pod: UInt32, _ view: ControllerCache.PodView) {
    guard view.replicaSet != ReplicaSet.nothing else { return }
    replicaSets.sawEnd(of: view)
    cache.expectEnd(of: pod, false)
  }

  /// The status of what owns a pod has changed.
  private mutating func changed(_ view: ControllerCache.PodView) {
    if view.replicaSet != ReplicaSet.nothing { replicaSets.queue.add(view.replicaSet) }
  }

  /// Endpoints follow which pods are ready.
  private mutating func serve(
    _ pod: UInt32, _ view: ControllerCache.PodView, from before: PodPhase,
    _ world: borrowing World, _ loop: inout Loop
  ) {
    let isReady = view.phase == .ready
    let workload = UInt32(view.workload)
    guard isReady != (before == .ready), world.workloads[Int(workload)].hasService else { return }
    endpointSlices.saw(pod, of: Int(workload), isReady: isReady)
    guard parameters.endpointsBatching == .zero else {
      Self.requeue(.endpointSlice, workload, after: parameters.endpointsBatching, &loop)
      guard parameters.writesEndpoints else { return }
      return Self.requeue(.endpoints, workload, after: parameters.endpointsBatching, &loop)
    }
    endpointSlices.queue.add(workload)
    if parameters.writesEndpoints { endpoints.queue.add(workload) }
  }

  // MARK: Answers

  mutating func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    guard !world.requests[place].isOrphan else {
      world.requests.remove(place)
      return
    }
    let request = world.finish(place)
    switch request.client {
    case deployments.client: deployments.answered(request, &cache, &world, &loop)
    case replicaSets.client: replicaSets.answered(request, &cache, &world, &loop)
    case endpointSlices.client: endpointSlices.answered(request, &world, &loop)
    case endpoints.client: endpoints.answered(request, &loop)
    case collector.client: collector.answered(request, cache, &world, &loop)
    default: elected(request, &world, &loop)
    }
    work(&world, &loop)
  }
}

extension World {
  /// A client of the controller manager for one controller, with a limiter of its own.
  mutating func addController() -> UInt32 {
    add(
      Client(owner: .controller, identity: .kubeControllerManager, attempts: 5),
      rate: model.controllers.qps, burst: model.controllers.burst)
  }

  /// Asks the API for a pod, whose owner is replica set `set` if it has one.
  @discardableResult
  mutating func submitCreation(
    of pod: Pod, by client: UInt32, set: UInt32, _ loop: inout Loop
  ) -> UInt32 {
    let place = add(pod)
    var request = Request(.create, .pod, client: client, object: place)
    request.serial = pods[place].serial
    request.detail = set
    request.bytes = UInt32(Resource.pod.objectBytes)
    submit(request, in: &loop)
    return place
  }
}
