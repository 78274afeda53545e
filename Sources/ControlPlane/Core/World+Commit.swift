internal import Measure
internal import Simulation

/// What a stored write does to the objects, and who is to hear of it.
extension World {
  /// Applies the mutation of request `place`, which etcd has stored.
  mutating func commit(_ place: UInt32, in loop: inout Loop) {
    let request = requests[place]
    revision += 1
    switch request.resource {
    case .lease: nodes[Int(request.object)].renewed = loop.now
    case .leaderLease: break
    case .node, .nodeStatus: commitNode(request, &loop)
    case .pod, .podStatus, .binding:
      observations.committed(request, of: pods[request.object], at: loop.now)
      commitPod(place, request, &loop)
      noteNeeds(of: pods[request.object].replicaSet, at: loop.now)
    case .deployment, .deploymentStatus: commitWorkload(request, &loop)
    case .replicaSet, .replicaSetStatus: commitReplicaSet(request, &loop)
    case .endpointSlice: announce(.endpoints, of: request.object, in: &loop)
    case .event: announce(.event, of: request.object, in: &loop)
    case .certificateSigningRequest:
      let state = CertificateState(rawValue: UInt8(truncatingIfNeeded: request.argument))
      nodes[Int(request.object)].certificate = state ?? .requested
      announce(.certificate, of: request.object, in: &loop)
    default: announce(.other, of: request.object, in: &loop)
    }
  }

  private mutating func commitNode(_ request: Request, _ loop: inout Loop) {
    let node = Int(request.object)
    switch (request.resource, request.verb) {
    case (.node, .create):
      guard !nodes[node].isRegistered else { return }
      registeredNodes += 1
      nodes[node].isRegistered = true
      nodes[node].renewed = loop.now
      // The admission plug-in TaintNodesByCondition taints every node that is created.
      nodes[node].taints |= Taint.notReady
      nodes[node].condition = .notReady
      announce(.nodeAdded, of: request.object, in: &loop)
    case (.node, .delete):
      guard nodes[node].isRegistered else { return }
      registeredNodes -= 1
      nodes[node].isRegistered = false
      nodes[node].isWanted = false
      nodes[node].becameReady = .zero
      nodes[node].certificate = .none
      nodes[node].condition = .unknown
      nodes[node].taints &= Taint.bareMetal
      announce(.nodeGone, of: request.object, in: &loop)
    case (.node, _):
      let before = nodes[node].taints
      nodes[node].taints =
        before & ~UInt16(request.argument >> 16) | UInt16(truncatingIfNeeded: request.argument)
      announce(
        before == nodes[node].taints ? .nodeStatus : .nodeTaints, of: request.object, in: &loop)
    default:
      let condition = NodeCondition(rawValue: UInt8(truncatingIfNeeded: request.argument))
      nodes[node].condition = condition ?? .unknown
      // A status of the kubelet's own is a heartbeat too (`tryUpdateNodeHealth`).
      if nodes[node].condition == .ready {
        nodes[node].renewed = loop.now
        nodeIsReady(request.object, &loop)
      }
      announce(.nodeStatus, of: request.object, in: &loop)
    }
  }

  /// A node that was wanted is ready for the first time.
  private mutating func nodeIsReady(_ node: UInt32, _ loop: inout Loop) {
    let place = Int(node)
    guard nodes[place].isWanted, nodes[place].becameReady == .zero else { return }
    nodes[place].becameReady = loop.now
    observations.nodeJoined(nodes[place])
    loop.schedule(now: Event(component: .provisioning, what: Port.joined, index: node))
  }

  // MARK: Workloads

  /// An update scales a workload to `argument` pods; a patch gives it pod template `argument`.
  private mutating func commitWorkload(_ request: Request, _ loop: inout Loop) {
    let workload = Int(request.object)
    switch (request.resource, request.verb) {
    case (.deployment, .create): workloads[workload].isThere = true
    case (.deployment, .delete): workloads[workload].isThere = false
    case (.deployment, .update): workloads[workload].desired = Int32(clamping: request.argument)
    case (.deployment, _):
      workloads[workload].template = UInt16(truncatingIfNeeded: request.argument)
    default: break
    }
    announce(.workloadChanged, of: request.object, in: &loop)
  }

  /// `argument` is the number of pods; in a status, `detail` that of ready ones.
  private mutating func commitReplicaSet(_ request: Request, _ loop: inout Loop) {
    let number = Int(request.object)
    switch (request.resource, request.verb) {
    case (.replicaSet, .delete):
      replicaSets[number].isThere = false
      noteNeeds(of: request.object, at: loop.now)
    case (.replicaSet, let verb):
      if verb == .create { replicaSets[number].isThere = true }
      replicaSets[number].desired = Int32(clamping: request.argument)
      noteNeeds(of: request.object, at: loop.now)
    default:
      replicaSets[number].replicas = Int32(clamping: request.argument)
      replicaSets[number].ready = Int32(clamping: request.detail)
    }
    announce(.replicaSetChanged, of: request.object, in: &loop)
  }

  // MARK: Pods

  private mutating func commitPod(
    _ place: UInt32, _ request: Request, _ loop: inout Loop
  ) {
    let pod = request.object
    // Another pod has its place by now.
    guard request.serial == 0 || request.serial == pods[pod].serial else {
      return requests[place].outcome = .notFound
    }
    switch (request.resource, request.verb) {
    case (.pod, .create):
      guard pods[pod].phase == .wished else { return requests[place].outcome = .conflict }
      pods[pod].created = loop.now
      enter(.pending, pod)
      announce(.podCreated, of: pod, in: &loop)
    case (.pod, .delete):
      guard pods[pod].phase != .gone else { return requests[place].outcome = .notFound }
      commitDeletion(of: pod, isFinal: request.argument == 1, &loop)
    case (.binding, _):
      guard pods[pod].phase == .pending else { return requests[place].outcome = .conflict }
      pods[pod].bound = loop.now
      put(pod, on: request.argument)
      enter(.bound, pod)
      announce(.podBound, of: pod, in: &loop)
    default: commitStatus(of: pod, request, &loop)
    }
  }

  private mutating func commitStatus(of pod: UInt32, _ request: Request, _ loop: inout Loop) {
    guard let phase = PodPhase(rawValue: UInt8(truncatingIfNeeded: request.argument)) else {
      return
    }
    if phase == .pending {
      // The scheduler says that it fits nowhere.
      pods[pod].isUnschedulable = true
      return
    }
    if phase == .running, pods[pod].phase == .ready {
      enter(.running, pod)
      return announce(.podNotReady, of: pod, in: &loop)
    }
    guard pods[pod].phase.rawValue < phase.rawValue, pods[pod].phase != .deleting else { return }
    switch phase {
    case .running:
      pods[pod].running = loop.now
      enter(phase, pod)
      announce(.podRunning, of: pod, in: &loop)
    case .ready:
      enter(phase, pod)
      if pods[pod].ready == .zero {
        pods[pod].ready = loop.now
        observations.podBecameReady(pod, pods[pod])
      }
      announce(.podReady, of: pod, in: &loop)
    case .failed:
      leave(pod)
      enter(phase, pod)
      announce(.podFailed, of: pod, in: &loop)
    default: break
    }
  }

  private mutating func commitDeletion(of pod: UInt32, isFinal: Bool, _ loop: inout Loop) {
    // Whoever is bound to no node is gone at once; a kubelet ends the others.
    if isFinal || pods[pod].node == Pod.nowhere {
      leave(pod)
      enter(.gone, pod)
      announce(.podGone, of: pod, in: &loop)
      loop.schedule(
        Event(component: .watch, what: Watches.retire, index: pod), after: Watches.retention)
    } else if pods[pod].phase != .deleting {
      enter(.deleting, pod)
      announce(.podDeleting, of: pod, in: &loop)
    }
  }
}
