internal import Measure
internal import Simulation

/// How a machine becomes a node: TLS bootstrap, Node object, lease, informers, network, Ready.
///
/// The kubelet asks for a client certificate with its bootstrap token
/// (`CertificateSigner`), creates its Node, its lease and its status; the daemon-set controller
/// makes its pods, whose images it pulls. When the pod of the network runs, the runtime's next
/// check sees it, and the next comparison of the status tells that the node is ready.
extension Kubelets {
  /// How long a kubelet waits before it registers again, at most: `registerWithAPIServer` waits
  /// 100 ms, then twice as long each time up to 7 s.
  private static let longestPause = Nanoseconds.seconds(7)

  /// The machine has booted, or reaches the API servers again (`lane` 1): a node goes on where it
  /// was, a new one joins.
  mutating func booted(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    let number = event.index
    let node = Int(number)
    world.nodes[node].isAlive = true
    guard !world.nodes[node].isRegistered else {
      if event.lane == 1 { return resume(number, isRestart: false, &world, &loop) }
      return loop.schedule(
        Event(component: .kubelet, what: Kind.resumed, index: number),
        after: kubeletStart.draw(&kubelets[node].joining))
    }
    world.nodes[node].booted = loop.now
    forgetImages(of: number)
    kubelets[node].hasNetwork = !hasDaemon(.network)
    kubelets[node].wasAway = false
    kubelets[node].attempts = 0
    loop.schedule(
      Event(component: .kubelet, what: Kind.bootstrap, index: number),
      after: kubeletStart.draw(&kubelets[node].joining))
  }

  private func hasDaemon(_ role: DaemonRole) -> Bool {
    parameters.daemonSets.contains { $0.role == role }
  }

  func bootstrap(_ node: UInt32, _ world: inout World, _ loop: inout Loop) {
    guard world.nodes[Int(node)].isAlive else { return }
    let servers = UInt32(world.model.apiServer.servers)
    var request = Request(
      .create, .certificateSigningRequest, client: firstBootstrapClient + node % servers,
      object: node)
    request.argument = UInt32(CertificateState.requested.rawValue)
    request.bytes = 2_000
    world.submit(request, in: &loop)
  }

  func register(_ node: UInt32, _ world: inout World, _ loop: inout Loop) {
    guard world.nodes[Int(node)].isAlive, !world.nodes[Int(node)].isRegistered else { return }
    var request = Request(.create, .node, client: client(1, of: node), object: node)
    request.bytes = 20_000
    world.submit(request, in: &loop)
  }

  mutating func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.finish(place)
    if request.resource == .lease, request.verb == .update {
      loop.schedule(
        Event(component: .kubelet, what: Kind.renew, index: request.object),
        after: leasePause(of: Int(request.object)))
    }
    guard request.verb == .create else { return }
    switch (request.resource, request.outcome) {
    case (.certificateSigningRequest, .ok), (.event, _): break
    case (.certificateSigningRequest, _):
      // The process ends, and systemd starts it again.
      loop.schedule(
        Event(component: .kubelet, what: Kind.bootstrap, index: request.object),
        after: kubeletStart.draw(&kubelets[Int(request.object)].joining))
    case (.node, .ok): registered(request.object, &world, &loop)
    case (.node, _): registerLater(request.object, &loop)
    default: break
    }
  }

  private mutating func registerLater(_ node: UInt32, _ loop: inout Loop) {
    let doublings = min(kubelets[Int(node)].attempts, 10)
    kubelets[Int(node)].attempts += 1
    loop.schedule(
      Event(component: .kubelet, what: Kind.register, index: node),
      after: min(Self.longestPause, .milliseconds(200 << Int64(doublings))))
  }

  /// The Node object is there: lease, status, informers.
  private mutating func registered(
    _ number: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    let node = Int(number)
    renewLease(number, .create, &world, &loop)
    reportStatus(number, &world, &loop)
    beat(
      node, lease: parameters.leaseInterval, status: parameters.statusInterval, &loop)
    loop.schedule(now: Event(component: .watch, what: Watches.begin, index: number))
    if !hasDaemon(.proxy) {
      loop.schedule(now: Event(component: .watch, what: Watches.begin, lane: 1, index: number))
    }
  }

  /// What a daemon set's pod brings to its node.
  mutating func daemonStarted(
    _ pod: UInt32, on node: UInt32, _ world: borrowing World, _ loop: inout Loop
  ) {
    let workload = world.workloads[Int(world.pods[pod].workload)]
    guard workload.isDaemonSet else { return }
    switch workload.role {
    case .network:
      guard !kubelets[Int(node)].hasNetwork else { return }
      let wait = kubelets[Int(node)].joining.below(UInt64(max(1, parameters.runtimeCheck.count)))
      loop.schedule(
        Event(component: .kubelet, what: Kind.networkUp, index: node),
        after: Nanoseconds(Int64(wait)))
    case .proxy:
      loop.schedule(now: Event(component: .watch, what: Watches.begin, lane: 1, index: node))
    case .other: break
    }
  }

  /// The kubelet's own condition is Ready from here; it reports when it next compares.
  mutating func networkUp(_ node: UInt32) { kubelets[Int(node)].hasNetwork = true }
}
