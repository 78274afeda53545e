internal import Measure
internal import Simulation

/// The kubelets: leases, status, pods, events.
struct Kubelets: ~Copyable {
  /// Kinds of events of its own; `index` is the node, or the pod.
  private enum Kind {
    static let renew: UInt8 = 0
    static let report: UInt8 = 1
    static let started: UInt8 = 2
    static let stopped: UInt8 = 3
  }

  /// Each node has three clients: heartbeats without a limit, pods and status, events.
  private static let clientsPerNode: UInt32 = 3
  private let firstClient: UInt32
  private let parameters: NodeParameters
  private let start: Distribution
  private let stop: Distribution
  private var streams: Table<RandomStream>

  init(_ world: inout World) {
    parameters = world.model.nodes
    start = parameters.podStart.distribution
    stop = parameters.podStop.distribution
    firstClient = UInt32(world.clients.count)
    streams = Table(capacity: max(1, parameters.count))
    for (pool, description) in parameters.pools.enumerated() {
      for _ in 0..<description.nodes { addNode(pool: pool, description, &world) }
    }
  }

  private mutating func addNode(
    pool: Int, _ description: NodeParameters.Pool, _ world: inout World
  ) {
    let number = world.nodes.count
    var node = Node()
    node.pool = UInt8(pool)
    node.rack = UInt16(number / parameters.nodesPerRack)
    node.zone = UInt8(Int(node.rack) % parameters.zones)
    node.isRegistered = true
    node.condition = .ready
    node.taints = description.isBareMetal ? Taint.bareMetal : 0
    node.cpu = Int32(description.cpu)
    node.memory = Int32(description.memory.count >> 20)
    node.maximumPods = Int32(parameters.maximumPods)
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
    streams.append(world.stream(.kubelet, of: UInt32(number)))
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start: begin(world, &loop)
    case Kind.renew: renew(event, &world, &loop)
    case Kind.report: report(event, &world, &loop)
    case Kind.started: started(event.index, &world, &loop)
    case Kind.stopped: stopped(event.index, &world, &loop)
    case Port.observed: observed(event, world, &loop)
    case Port.reply: _ = world.finish(event.index)
    default: break
    }
  }

  /// Heartbeats begin anywhere in their interval, as they are in a cluster that has run for long.
  private mutating func begin(_ world: borrowing World, _ loop: inout Loop) {
    for node in world.nodes.indices {
      let lease = streams[node].below(UInt64(parameters.leaseInterval.count))
      loop.schedule(
        Event(component: .kubelet, what: Kind.renew, index: UInt32(node)),
        after: Nanoseconds(Int64(lease)))
      let status = streams[node].below(UInt64(parameters.statusInterval.count))
      loop.schedule(
        Event(component: .kubelet, what: Kind.report, index: UInt32(node)),
        after: Nanoseconds(Int64(status)))
    }
  }

  private mutating func renew(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    var interval = parameters.leaseInterval
    let most = Int64(Double(interval.count) * parameters.leaseJitter.value)
    if most > 0 {
      let jitter = streams[Int(event.index)].below(UInt64(most))
      interval = interval + Nanoseconds(Int64(jitter))
    }
    loop.schedule(event, after: interval)
    guard world.nodes[Int(event.index)].isAlive else { return }
    var request = Request(
      .update, .lease, client: client(0, of: event.index), object: event.index)
    request.bytes = 400
    world.submit(request, in: &loop)
  }

  private func report(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    loop.schedule(event, after: parameters.statusInterval)
    guard world.nodes[Int(event.index)].isAlive else { return }
    var request = Request(
      .patch, .nodeStatus, client: client(0, of: event.index), object: event.index)
    request.argument = UInt32(NodeCondition.ready.rawValue)
    request.bytes = 20_000
    world.submit(request, in: &loop)
  }

  /// A pod of its own is bound, or has to end.
  private mutating func observed(
    _ event: Event, _ world: borrowing World, _ loop: inout Loop
  ) {
    let node = world.pods[event.index].node
    guard node != Pod.nowhere, world.nodes[Int(node)].isAlive else { return }
    let isStop = event.lane == ChangeKind.podDeleting.rawValue
    loop.schedule(
      Event(
        component: .kubelet, what: isStop ? Kind.stopped : Kind.started, index: event.index),
      after: (isStop ? stop : start).draw(&streams[Int(node)]))
  }

  /// The containers run and are ready: the status says so, and events tell of it.
  private func started(_ pod: UInt32, _ world: inout World, _ loop: inout Loop) {
    let node = world.pods[pod].node
    guard node != Pod.nowhere, world.nodes[Int(node)].isAlive,
      world.pods[pod].phase == .bound
    else { return }
    var request = Request(.patch, .podStatus, client: client(1, of: node), object: pod)
    request.argument = UInt32(PodPhase.ready.rawValue)
    request.bytes = 6_000
    world.submit(request, in: &loop)
    for _ in 0..<parameters.eventsPerStart {
      var event = Request(.create, .event, client: client(2, of: node), object: pod)
      event.bytes = 800
      world.submit(event, in: &loop)
    }
  }

  private func stopped(_ pod: UInt32, _ world: inout World, _ loop: inout Loop) {
    let node = world.pods[pod].node
    guard node != Pod.nowhere, world.nodes[Int(node)].isAlive else { return }
    var request = Request(.delete, .pod, client: client(1, of: node), object: pod)
    request.argument = 1
    world.submit(request, in: &loop)
  }

  private func client(_ kind: UInt32, of node: UInt32) -> UInt32 {
    firstClient + node * Self.clientsPerNode + kind
  }
}
