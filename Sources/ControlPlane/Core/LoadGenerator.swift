internal import Measure
internal import Simulation

/// The load that a trial puts on the cluster: pods that are there, and pods that come and go.
struct LoadGenerator: ~Copyable {
  private let standing = Standing()
  private enum Kind {
    static let churn: UInt8 = 0
    /// Rollout `index` of the load begins.
    static let rollOut: UInt8 = 1
    /// Client `index` of the closed loop goes on after a failure.
    static let send: UInt8 = 2
  }

  private let client: UInt32
  private let gap: Distribution?
  private var stream: RandomStream
  private var victims: RandomStream
  /// How many pods of each pool, and of any, were dealt to nodes at the start.
  private var placed = Table<Int>(capacity: 256)
  private var closedLoop: ClosedLoopClients
  private(set) var etcdClients: EtcdLoadClients
  /// The churn of the measured time.
  private(set) var churned = ClusterOutcome.ChurnCounts()

  /// Pods that are there from the start are bound to nodes in turn, ready.
  init(_ world: inout World) {
    client = world.add(Client(owner: .load, identity: .admin))
    stream = world.stream(.load, of: 0)
    victims = world.stream(.load, of: 1)
    let rate = world.load.podChurn.perSecond
    gap =
      rate > 0
      ? Distribution.known(try .exponential(mean: Nanoseconds(Int64(1e9 / rate)))) : nil
    closedLoop = ClosedLoopClients(world.load.closedLoop)
    etcdClients = EtcdLoadClients(&world)
    for description in world.load.deployments { addWorkload(description, &world) }
    closedLoop.join(&world)
  }

  /// The next request is wanted as soon as this one is answered.
  private func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.finish(place)
    guard let client = closedLoop.client(of: request, &world) else { return }
    if request.outcome == .ok { return closedLoop.send(client, &world, &loop) }
    loop.schedule(
      Event(component: .load, what: Kind.send, index: client),
      after: ClosedLoopClients.pauseAfterFailure)
  }

  private mutating func addWorkload(
    _ description: ClusterLoad.Deployment, _ world: inout World
  ) {
    var workload = Workload()
    workload.desired = Int32(description.replicas)
    workload.cpu = Int32(description.cpu)
    workload.memory = Int32(description.memory.count >> 20)
    workload.image = world.addImage(description.image)
    if let pool = description.pool {
      let place = world.model.nodes.pools.firstIndex { $0.name == pool }
      workload.pool = UInt8(place ?? Int(Workload.anyPool))
    }
    workload.isThere = description.isThere
    workload.priority = Int32(clamping: description.priority)
    workload.zoneSkew = UInt8(clamping: description.zoneSkew)
    workload.nodeSkew = UInt8(clamping: description.nodeSkew)
    let controllers = world.model.controllers
    workload.maxSurge = (description.maxSurge ?? controllers.maxSurge).value
    workload.maxUnavailable = (description.maxUnavailable ?? controllers.maxUnavailable).value
    // What pods of a QoS class other than BestEffort are given (the manual, "Taint Nodes by
    // Condition").
    if description.cpu > 0 || description.memory > .zero {
      workload.tolerations |= Taint.memoryPressure
    }
    if description.toleratesBareMetal { workload.tolerations |= Taint.bareMetal }
    let number = world.add(workload)
    guard description.isThere else { return }
    for _ in 0..<description.replicas {
      world.addReadyPod(of: number, on: nextNode(of: workload.pool, world))
    }
  }

  /// The node that the next pod runs on from the start: all of its pool, or of all pools, in turn,
  /// but for those that stand by.
  private mutating func nextNode(of pool: UInt8, _ world: borrowing World) -> UInt32 {
    let pools = world.model.nodes.pools
    var (first, count) = (0, max(1, world.model.nodes.count))
    if pool != Workload.anyPool, pools[Int(pool)].nodes > pools[Int(pool)].standby {
      first = pools[..<Int(pool)].reduce(0) { $0 + $1.nodes }
      count = pools[Int(pool)].nodes
    }
    while placed.count <= Int(pool) { placed.append(0) }
    var node = first + placed[Int(pool)] % count
    while node < world.nodes.count, world.nodes[node].isStandby {
      placed[Int(pool)] += 1
      node = first + placed[Int(pool)] % count
    }
    placed[Int(pool)] += 1
    return UInt32(node)
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start: start(&world, &loop)
    case Kind.churn:
      churn(&world, &loop)
      if let gap { loop.schedule(event, after: gap.draw(&stream)) }
    case Kind.rollOut: rollOut(Int(event.index), &world, &loop)
    case Kind.send: closedLoop.send(event.index, &world, &loop)
    case Port.observed: observed(event, &world, loop.now)
    case Port.reply: answered(event.index, &world, &loop)
    case let what where EtcdLoadClients.Kind.contains(what):
      etcdClients.handle(event, &world, &loop)
    default: break
    }
  }

  private func observed(_ event: Event, _ world: inout World, _ now: Nanoseconds) {
    guard let change = ChangeKind(rawValue: event.lane) else { return }
    var (condition, taints) = (NodeCondition.ready, UInt16(0))
    if change.resource == .node {
      condition = world.nodes[Int(event.index)].condition
      taints = world.nodes[Int(event.index)].taints
    }
    world.sightings.see(change, of: event.index, condition, taints, at: now)
  }

  private mutating func start(_ world: inout World, _ loop: inout Loop) {
    if let gap {
      loop.schedule(Event(component: .load, what: Kind.churn), after: gap.draw(&stream))
    }
    for (number, description) in world.load.deployments.enumerated() where !description.isThere {
      let request = Request(.create, .deployment, client: client, object: UInt32(number))
      world.submit(request, in: &loop)
    }
    closedLoop.start(&world, &loop)
    etcdClients.start(&loop)
    for (number, rollout) in world.load.rollouts.enumerated() {
      loop.schedule(
        Event(component: .load, what: Kind.rollOut, index: UInt32(number)),
        after: world.load.warmUp + rollout.at)
    }
  }

  /// Gives a deployment another pod template.
  private func rollOut(_ number: Int, _ world: inout World, _ loop: inout Loop) {
    let deployment = world.load.rollouts[number].deployment
    guard world.workloads.indices.contains(deployment) else { return }
    var request = Request(.patch, .deployment, client: client, object: UInt32(deployment))
    request.argument = UInt32(world.workloads[deployment].template &+ 1)
    request.bytes = UInt32(Resource.deployment.objectBytes)
    world.submit(request, in: &loop)
  }

  /// Deletes one of the pods that are ready; its replica set makes another.
  private mutating func churn(_ world: inout World, _ loop: inout Loop) {
    let isMeasured = loop.now >= world.observations.begin
    if isMeasured { churned.asked += 1 }
    guard let pod = world.anyReadyPod(by: &victims) else {
      if isMeasured { churned.missed += 1 }
      return
    }
    var request = Request(.delete, .pod, client: client, object: pod)
    request.serial = world.pods[pod].serial
    world.submit(request, in: &loop)
  }
}
