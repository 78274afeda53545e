internal import Measure
internal import Simulation

/// What the controllers make of what their informers tell them.
extension Controllers {
  mutating func observed(_ event: Event, _ world: borrowing World, _ loop: inout Loop) {
    guard let change = ChangeKind(rawValue: event.lane) else { return }
    switch change {
    case .podCreated, .podBound, .podRunning, .podReady, .podFailed, .podDeleting, .podGone:
      observed(pod: event.index, isCreation: change == .podCreated, world, &loop)
    case .workloadChanged: observed(workload: Int(event.index), world)
    case .replicaSetChanged: observed(replicaSet: Int(event.index), world)
    case .nodeAdded:
      for workload in cache.workloads.indices
      where cache.workloads[workload].isDaemonSet && cache.workloads[workload].isThere {
        daemonSets.sawNode(event.index, of: workload, world)
      }
    default: break
    }
  }

  private mutating func observed(workload: Int, _ world: borrowing World) {
    let wasThere = cache.workloads.count > workload && cache.workloads[workload].isThere
    cache.take(workload: workload, world)
    let view = cache.workloads[workload]
    if view.isDaemonSet {
      if view.isThere { daemonSets.sawDaemonSet(workload, world) }
      daemonSets.queue.add(UInt32(workload))
    } else {
      deployments.queue.add(UInt32(workload))
    }
    if wasThere, !view.isThere { collect(workload, world) }
  }

  /// A workload has gone: what it owned has no owner.
  ///
  /// O(pods) for a DaemonSet, else O(its replica sets).
  private mutating func collect(_ workload: Int, _ world: borrowing World) {
    if cache.workloads[workload].isDaemonSet {
      for pod in cache.pods.indices where isOrphan(cache.pods[pod]) { collector.add(UInt32(pod)) }
    }
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
    if before.phase == .gone { came(pod, view, world) }
    switch object.phase {
    case .deleting, .failed: ends(pod, view)
    case .ready: changed(view, world)
    default: if before.phase == .ready { changed(view, world) }
    }
    serve(pod, view, from: before.phase, world, &loop)
  }

  /// A pod that was known is there no longer.
  private mutating func lose(_ pod: UInt32, _ world: borrowing World, _ loop: inout Loop) {
    let view = cache.pods[Int(pod)]
    cache.drop(pod)
    if view.replicaSet != ReplicaSet.nothing {
      if view.phase != .deleting { replicaSets.sawEnd(of: view) }
    } else if world.workloads[Int(view.workload)].isDaemonSet {
      daemonSets.sawEnd(of: pod, view, world)
    }
    var gone = view
    gone.phase = .gone
    serve(pod, gone, from: view.phase, world, &loop)
  }

  private mutating func came(
    _ pod: UInt32, _ view: ControllerCache.PodView, _ world: borrowing World
  ) {
    if view.replicaSet != ReplicaSet.nothing {
      replicaSets.sawCreation(in: view.replicaSet)
    } else if world.workloads[Int(view.workload)].isDaemonSet {
      daemonSets.sawPod(pod, world)
    }
  }

  /// A replica set replaces a pod as soon as it is to end, a DaemonSet when it is gone.
  private mutating func ends(_ pod: UInt32, _ view: ControllerCache.PodView) {
    guard view.replicaSet != ReplicaSet.nothing else { return }
    replicaSets.sawEnd(of: view)
    cache.expectEnd(of: pod, false)
  }

  /// The status of what owns a pod has changed.
  private mutating func changed(_ view: ControllerCache.PodView, _ world: borrowing World) {
    if view.replicaSet != ReplicaSet.nothing {
      replicaSets.queue.add(view.replicaSet)
    } else if world.workloads[Int(view.workload)].isDaemonSet {
      daemonSets.queue.add(UInt32(view.workload))
    }
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
    case daemonSets.client: daemonSets.answered(request, cache, &world, &loop)
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
    request.tag = pods[place].serial
    request.detail = set
    request.bytes = UInt32(Resource.pod.objectBytes)
    submit(request, in: &loop)
    return place
  }
}
