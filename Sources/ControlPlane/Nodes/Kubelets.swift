internal import Measure
internal import Simulation

/// The kubelets: leases, status, pods, images, events; `Kubelets+Join` has how they begin.
struct Kubelets: ~Copyable {
  private let standing = Standing()
  /// Kinds of events of its own; `index` is the node, the pod or the pull.
  enum Kind {
    static let renew: UInt8 = 0
    static let report: UInt8 = 1
    static let started: UInt8 = 2
    static let stopped: UInt8 = 3
    /// Kubelet `index` runs and wants a certificate.
    static let bootstrap: UInt8 = 4
    /// Kubelet `index` sees that its network is up.
    static let networkUp: UInt8 = 5
    static let downloaded: UInt8 = 6
    static let unpacked: UInt8 = 7
    static let pullAgain: UInt8 = 8
    /// Kubelet `index` tries again to make its Node object.
    static let register: UInt8 = 9
    /// Kubelet `index` runs again on a machine that was without power.
    static let resumed: UInt8 = 11
    /// All kubelets look how full their machines are; pod `index` was evicted.
    static let pressure: UInt8 = 12
    static let evicted: UInt8 = 13
  }
  /// To `kubelet`: the certificate of node `index` is issued.
  static let certified: UInt8 = 10

  /// What a kubelet knows of itself.
  struct Kubelet: BitwiseCopyable {
    var stream: RandomStream
    var joining: RandomStream
    /// Whether its timers of the lease and of the status run.
    var isRenewing = false
    var isReporting = false
    var hasNetwork = true
    /// Whether its machine was away when its lease was last due.
    var wasAway = false
    /// How often it has failed to register.
    var attempts: UInt8 = 0

    init(stream: RandomStream, joining: RandomStream) {
      self.stream = stream
      self.joining = joining
    }
  }

  /// Each node has three clients: heartbeats without a limit, pods and status, events.
  private static let clientsPerNode: UInt32 = 3
  private let firstClient: UInt32
  let firstBootstrapClient: UInt32
  let parameters: NodeParameters
  private let start: Distribution
  let stop: Distribution
  let kubeletStart: Distribution
  var kubelets: Table<Kubelet>
  private(set) var pulls: ImagePulls
  var pressure: NodePressure

  init(_ world: inout World) {
    parameters = world.model.nodes
    start = parameters.podStart.distribution
    stop = parameters.podStop.distribution
    kubeletStart = parameters.kubeletStart.distribution
    firstClient = UInt32(world.clients.count)
    kubelets = Table(capacity: max(1, parameters.count))
    for (pool, description) in parameters.pools.enumerated() {
      for number in 0..<description.nodes {
        Self.addNode(pool, description, true, &kubelets, &world)
        guard number >= description.nodes - description.standby else { continue }
        world.nodes[world.nodes.count - 1].isStandby = true
        world.nodes[world.nodes.count - 1].taints |= Taint.cordoned
      }
    }
    for (pool, description) in parameters.pools.enumerated() {
      for _ in 0..<world.spareMachines(of: pool) {
        Self.addNode(pool, description, false, &kubelets, &world)
      }
    }
    world.registeredNodes = parameters.count
    firstBootstrapClient = UInt32(world.clients.count)
    for server in 0..<world.model.apiServer.servers {
      // A bootstrap token's user is in no group that a flow schema of nodes names.
      var client = Client(owner: .kubelet, identity: .other, attempts: 5)
      client.server = UInt8(server)
      _ = world.add(client)
    }
    let images = world.load.workloads.count { $0.image.count > 0 } + parameters.daemonSets.count
    pulls = ImagePulls(parameters, nodes: world.nodes.count, images: images)
    pressure = NodePressure(world)
  }

  /// Adds a machine, which is a node from the start or may become one.
  private static func addNode(
    _ pool: Int, _ description: NodeParameters.Pool, _ isThere: Bool,
    _ kubelets: inout Table<Kubelet>, _ world: inout World
  ) {
    let parameters = world.model.nodes
    let number = world.nodes.count
    var node = Node()
    node.pool = UInt8(pool)
    node.rack = UInt16(number / parameters.nodesPerRack)
    node.zone = UInt8(Int(node.rack) % parameters.zones)
    node.isRegistered = isThere
    node.isAlive = isThere
    node.condition = isThere ? .ready : .unknown
    node.taints = description.isBareMetal ? Taint.bareMetal : 0
    node.cpu = Int32(description.cpu)
    node.memory = Int32(parameters.allocatableMemory(of: description).count >> 20)
    node.maximumPods = Int32(parameters.podCapacity(of: description))
    world.nodes.append(node)
    var client = Client(owner: .kubelet, identity: .node, flow: UInt32(number))
    client.server = UInt8(number % world.model.apiServer.servers)
    client.renewsLeases()
    _ = world.add(client)
    client = Client(owner: .kubelet, identity: .node, flow: UInt32(number))
    client.server = UInt8(number % world.model.apiServer.servers)
    client.attempts = 5
    _ = world.add(client, rate: parameters.qps, burst: parameters.burst)
    client.attempts = 1
    _ = world.add(client, rate: parameters.eventQPS, burst: parameters.eventBurst)
    kubelets.append(
      Kubelet(
        stream: world.stream(.kubelet, of: UInt32(number)),
        joining: world.stream(.kubeletJoin, of: UInt32(number))))
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start: begin(world, &loop)
    case Kind.renew: renew(event, &world, &loop)
    case Kind.report: report(event, &world, &loop)
    case Kind.started: started(event.index, &world, &loop)
    case Kind.stopped: stopped(event.index, &world, &loop)
    case Port.observed: observed(event, &world, &loop)
    case Port.booted: booted(event, &world, &loop)
    case Kind.resumed: resume(event.index, isRestart: true, &world, &loop)
    case Kind.bootstrap: bootstrap(event.index, &world, &loop)
    case Self.certified, Kind.register: register(event.index, &world, &loop)
    case Kind.networkUp: networkUp(event.index)
    case Kind.downloaded: pulls.downloaded(world, &loop)
    case Kind.unpacked: unpacked(event.index, &world, &loop)
    case Kind.pressure: watchPressure(&world, &loop)
    case Kind.evicted: evicted(event.index, &world, &loop)
    case Kind.pullAgain: pulls.tryAgain(event.index, world, &loop)
    case Port.reply: answered(event.index, &world, &loop)
    default: break
    }
  }

  /// Heartbeats begin anywhere in their interval, as they are in a cluster that has run for long;
  /// nodes have the images of the pods that they run.
  private mutating func begin(_ world: borrowing World, _ loop: inout Loop) {
    for node in world.nodes.indices where world.nodes[node].isRegistered {
      let lease = kubelets[node].stream.below(UInt64(parameters.leaseInterval.count))
      let status = kubelets[node].stream.below(UInt64(parameters.statusInterval.count))
      beat(node, lease: Nanoseconds(Int64(lease)), status: Nanoseconds(Int64(status)), &loop)
    }
    for pod in 0..<UInt32(world.pods.peak) where world.pods[pod].node != Pod.nowhere {
      let image = world.workloads[Int(world.pods[pod].workload)].image
      pulls.add(image, to: world.pods[pod].node)
    }
    guard pressure.isOn else { return }
    loop.schedule(now: Event(component: .kubelet, what: Kind.pressure))
  }

  // MARK: Heartbeats

  /// Starts the timers of lease and status where they do not run.
  mutating func beat(
    _ node: Int, lease: Nanoseconds, status: Nanoseconds, _ loop: inout Loop
  ) {
    if !kubelets[node].isRenewing {
      kubelets[node].isRenewing = true
      loop.schedule(
        Event(component: .kubelet, what: Kind.renew, index: UInt32(node)), after: lease)
    }
    if !kubelets[node].isReporting {
      kubelets[node].isReporting = true
      loop.schedule(
        Event(component: .kubelet, what: Kind.report, index: UInt32(node)), after: status)
    }
  }

  /// Renews the lease, one renewal at a time: the next comes an interval after the answer
  /// (component-helpers/apimachinery/lease, controller.go: `wait.JitterUntil`, sliding).
  ///
  /// As often, the kubelet compares its status with the API's (`nodeStatusUpdateFrequency`, 10 s
  /// as well) and reports what differs.
  private mutating func renew(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    let node = Int(event.index)
    guard world.nodes[node].isRegistered else {
      kubelets[node].isRenewing = false
      return
    }
    guard world.nodes[node].isAlive else {
      kubelets[node].wasAway = true
      return loop.schedule(event, after: parameters.leaseInterval)
    }
    renewLease(event.index, .update, &world, &loop)
    if world.nodes[node].condition != condition(of: node)
      || world.nodes[node].pressure != pressure.conditions(of: node)
    {
      reportStatus(event.index, &world, &loop)
    }
    if kubelets[node].wasAway { resume(event.index, isRestart: false, &world, &loop) }
  }

  /// What passes between a renewal's answer and the next.
  mutating func leasePause(of node: Int) -> Nanoseconds {
    let interval = parameters.leaseInterval
    let most = Int64(Double(interval.count) * parameters.leaseJitter.value)
    guard most > 0 else { return interval }
    return interval + Nanoseconds(Int64(kubelets[node].stream.below(UInt64(most))))
  }

  func renewLease(
    _ node: UInt32, _ verb: Verb, _ world: inout World, _ loop: inout Loop
  ) {
    var request = Request(verb, .lease, client: client(0, of: node), object: node)
    request.bytes = 400
    world.submit(request, in: &loop)
  }

  private mutating func report(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    guard world.nodes[Int(event.index)].isRegistered else {
      kubelets[Int(event.index)].isReporting = false
      return
    }
    loop.schedule(event, after: parameters.statusInterval)
    guard world.nodes[Int(event.index)].isAlive else { return }
    reportStatus(event.index, &world, &loop)
  }

  func reportStatus(_ node: UInt32, _ world: inout World, _ loop: inout Loop) {
    var request = Request(.patch, .nodeStatus, client: client(0, of: node), object: node)
    request.argument = UInt32(condition(of: Int(node)).rawValue)
    request.detail = UInt32(pressure.conditions(of: Int(node)))
    request.bytes = 20_000
    world.submit(request, in: &loop)
  }

  private func condition(of node: Int) -> NodeCondition {
    kubelets[node].hasNetwork ? .ready : .notReady
  }

  // MARK: Pods

  /// A pod of its own is bound, or has to end, or another takes it for not ready: the kubelet
  /// knows better (kubelet's status manager, `needsReconcile`).
  private mutating func observed(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    let node = world.pods[event.index].node
    guard node != Pod.nowhere, world.nodes[Int(node)].isAlive else { return }
    switch ChangeKind(rawValue: event.lane) {
    case .podDeleting: end(event.index, &loop, on: node)
    case .podNotReady:
      guard world.pods[event.index].phase == .running else { return }
      reportReady(event.index, on: node, &world, &loop)
    default: begin(event.index, on: node, world, &loop)
    }
  }

  /// Starts a pod's containers, when the image is there.
  private mutating func begin(
    _ pod: UInt32, on node: UInt32, _ world: borrowing World, _ loop: inout Loop
  ) {
    let image = world.workloads[Int(world.pods[pod].workload)].image
    guard pulls.has(image, on: node) else {
      return pulls.want(image, on: node, for: pod, world, &loop)
    }
    loop.schedule(
      Event(component: .kubelet, what: Kind.started, index: pod),
      after: start.draw(&kubelets[Int(node)].stream))
  }

  private mutating func end(_ pod: UInt32, _ loop: inout Loop, on node: UInt32) {
    loop.schedule(
      Event(component: .kubelet, what: Kind.stopped, index: pod),
      after: stop.draw(&kubelets[Int(node)].stream))
  }

  /// An image is there for all pods that waited for it.
  private mutating func unpacked(
    _ pull: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    while let pod = pulls.takePod(of: pull, &world, &loop) {
      let node = world.pods[pod].node
      guard node != Pod.nowhere else { continue }
      world.observations.imagePulled(for: pod, at: loop.now)
      loop.schedule(
        Event(component: .kubelet, what: Kind.started, index: pod),
        after: start.draw(&kubelets[Int(node)].stream))
    }
  }

  /// The containers run and are ready: the status says so, and events tell of it.
  private mutating func started(_ pod: UInt32, _ world: inout World, _ loop: inout Loop) {
    let node = world.pods[pod].node
    guard node != Pod.nowhere, world.nodes[Int(node)].isAlive,
      world.pods[pod].phase == .bound || world.pods[pod].phase == .running
    else { return }
    reportReady(pod, on: node, &world, &loop)
    for _ in 0..<parameters.eventsPerStart {
      var event = Request(.create, .event, client: client(2, of: node), object: pod)
      event.bytes = 800
      world.submit(event, in: &loop)
    }
    daemonStarted(pod, on: node, world, &loop)
  }

  private func reportReady(
    _ pod: UInt32, on node: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    var request = Request(.patch, .podStatus, client: client(1, of: node), object: pod)
    request.argument = UInt32(PodPhase.ready.rawValue)
    request.bytes = 6_000
    world.submit(request, in: &loop)
  }

  private func stopped(_ pod: UInt32, _ world: inout World, _ loop: inout Loop) {
    let node = world.pods[pod].node
    guard node != Pod.nowhere, world.nodes[Int(node)].isAlive else { return }
    var request = Request(.delete, .pod, client: client(1, of: node), object: pod)
    request.argument = 1
    world.submit(request, in: &loop)
  }

  /// A node is back: what was bound to it or had to end meanwhile is seen to, what others took for
  /// dead is ready; after a restart of the machine everything is started again.
  mutating func resume(
    _ node: UInt32, isRestart: Bool, _ world: inout World, _ loop: inout Loop
  ) {
    kubelets[Int(node)].wasAway = false
    for pod in world.allPods(on: node) {
      switch world.pods[pod].phase {
      case .deleting, .failed: end(pod, &loop, on: node)
      case .bound: begin(pod, on: node, world, &loop)
      case .running where isRestart: begin(pod, on: node, world, &loop)
      case .running: reportReady(pod, on: node, &world, &loop)
      case .wished, .pending, .ready, .gone: break
      }
    }
  }

  /// A machine has a new disk.
  mutating func forgetImages(of node: UInt32) { pulls.removeAll(from: node) }

  func client(_ kind: UInt32, of node: UInt32) -> UInt32 {
    firstClient + node * Self.clientsPerNode + kind
  }
}
