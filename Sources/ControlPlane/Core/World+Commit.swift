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
    case .node, .nodeStatus: commitNode(request, &loop)
    case .pod, .podStatus, .binding:
      observations.committed(request, of: pods[request.object], at: loop.now)
      commitPod(request, &loop)
    case .deployment, .replicaSet:
      announce(
        request.resource == .deployment ? .workloadChanged : .replicaSetChanged,
        of: request.object, in: &loop)
    case .endpointSlice, .endpoints: announce(.endpoints, of: request.object, in: &loop)
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
      if nodes[node].condition == .ready { nodeIsReady(request.object, &loop) }
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

  private mutating func commitPod(_ request: Request, _ loop: inout Loop) {
    let pod = request.object
    switch (request.resource, request.verb) {
    case (.pod, .create):
      pods[pod].created = loop.now
      workloads[Int(pods[pod].workload)].pods += 1
      announce(.podCreated, of: pod, in: &loop)
    case (.pod, .delete): commitDeletion(of: pod, isFinal: request.argument == 1, &loop)
    case (.binding, _):
      guard pods[pod].phase == .pending else { return }
      pods[pod].phase = .bound
      pods[pod].bound = loop.now
      place(pod, on: request.argument)
      announce(.podBound, of: pod, in: &loop)
    default: commitStatus(of: pod, request, &loop)
    }
  }

  private mutating func commitStatus(of pod: UInt32, _ request: Request, _ loop: inout Loop) {
    guard let phase = PodPhase(rawValue: UInt8(truncatingIfNeeded: request.argument)) else {
      return
    }
    let workload = Int(pods[pod].workload)
    if phase == .running, pods[pod].phase == .ready {
      pods[pod].phase = .running
      workloads[workload].ready -= 1
      return announce(.podNotReady, of: pod, in: &loop)
    }
    guard pods[pod].phase.rawValue < phase.rawValue, pods[pod].phase != .deleting else { return }
    if pods[pod].phase == .ready { workloads[workload].ready -= 1 }
    pods[pod].phase = phase
    switch phase {
    case .running:
      pods[pod].running = loop.now
      announce(.podRunning, of: pod, in: &loop)
    case .ready:
      workloads[workload].ready += 1
      if pods[pod].ready == .zero {
        pods[pod].ready = loop.now
        observations.podBecameReady(pod, pods[pod])
      }
      announce(.podReady, of: pod, in: &loop)
    default: announce(.podFailed, of: pod, in: &loop)
    }
  }

  private mutating func commitDeletion(of pod: UInt32, isFinal: Bool, _ loop: inout Loop) {
    guard pods[pod].phase != .gone else { return }
    let workload = Int(pods[pod].workload)
    if pods[pod].phase == .ready { workloads[workload].ready -= 1 }
    if pods[pod].phase != .deleting { workloads[workload].pods -= 1 }
    // Whoever is bound to no node is gone at once; a kubelet ends the others.
    if isFinal || pods[pod].node == Pod.nowhere {
      leave(pod)
      pods[pod].phase = .gone
      announce(.podGone, of: pod, in: &loop)
      loop.schedule(
        Event(component: .watch, what: Watches.retire, index: pod), after: Watches.retention)
    } else {
      pods[pod].phase = .deleting
      announce(.podDeleting, of: pod, in: &loop)
    }
  }

  private mutating func place(_ pod: UInt32, on node: UInt32) {
    pods[pod].node = node
    nodes[Int(node)].pods += 1
    nodes[Int(node)].cpuAsked += pods[pod].cpu
    nodes[Int(node)].memoryAsked += pods[pod].memory
  }

  private mutating func leave(_ pod: UInt32) {
    guard pods[pod].node != Pod.nowhere else { return }
    let node = Int(pods[pod].node)
    nodes[node].pods -= 1
    nodes[node].cpuAsked -= pods[pod].cpu
    nodes[node].memoryAsked -= pods[pod].memory
  }
}
