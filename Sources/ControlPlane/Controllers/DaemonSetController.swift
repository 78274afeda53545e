internal import Measure
internal import Simulation

/// The DaemonSet controller (pkg/controller/daemon/daemon_controller.go): a pod on each node.
///
/// Pods name their node by affinity; the scheduler binds them (since 1.12).
struct DaemonSetController: ~Copyable {
  private static let nobody = UInt32.max

  let client: UInt32
  var queue: WorkQueue
  var recorder: EventRecorder
  private let burst: Int32
  private var states = Table<State>(capacity: 16)
  /// Nodes that lack a pod, linked for each DaemonSet.
  private var lacking = Slab<Lack>(capacity: 64)
  /// The pod of each (DaemonSet, node), in a piece of its own for each DaemonSet.
  private var pods = Table<UInt32>(capacity: 64)

  struct State: BitwiseCopyable {
    var isKnown = false
    var firstLack = DaemonSetController.nobody
    var lastLack = DaemonSetController.nobody
    var start = SlowStart()
    var hasFailed = false
    /// Pods that it has asked for and not seen.
    var expected: Int32 = 0
    var expectedSince = Nanoseconds.zero
    /// Where its pods stand in `pods`, for so many nodes.
    var base = 0
    var capacity = 0
    /// Its status as last written.
    var active: Int32 = 0
    var ready: Int32 = 0
  }

  struct Lack: BitwiseCopyable {
    var node: UInt32
    var next = DaemonSetController.nobody
  }

  init(_ world: inout World) {
    let parameters = world.model.controllers
    client = world.addController()
    queue = WorkQueue(workers: parameters.daemonSetWorkers)
    recorder = EventRecorder(client: client)
    burst = Int32(clamping: parameters.daemonSetBurst)
  }

  mutating func reset() {
    queue.reset()
    recorder.reset()
    for workload in states.indices {
      states[workload].start = SlowStart()
      states[workload].expected = 0
    }
  }

  // MARK: What it sees

  /// A DaemonSet is there: every node that has no pod of it lacks one.
  mutating func sawDaemonSet(_ workload: Int, _ world: borrowing World) {
    reserve(workload)
    guard !states[workload].isKnown else { return }
    states[workload].isKnown = true
    for node in world.nodes.indices { sawNode(UInt32(node), of: workload, world) }
    queue.add(UInt32(workload))
  }

  /// A node is there.
  mutating func sawNode(_ node: UInt32, of workload: Int, _ world: borrowing World) {
    reserve(workload)
    let place = place(workload, node, world)
    guard world.nodes[Int(node)].isRegistered, pods[place] == Self.nobody else { return }
    lack(workload, node)
    queue.add(UInt32(workload))
  }

  /// A pod is there that was not known before.
  mutating func sawPod(_ pod: UInt32, _ world: borrowing World) {
    let workload = Int(world.pods[pod].workload)
    reserve(workload)
    states[workload].expected -= 1
    let place = place(workload, world.pods[pod].wantedNode, world)
    pods[place] = pod
    queue.add(UInt32(workload))
  }

  /// The pod of a node is gone.
  mutating func sawEnd(of pod: UInt32, _ view: ControllerCache.PodView, _ world: borrowing World) {
    let workload = Int(view.workload)
    reserve(workload)
    let place = place(workload, view.node, world)
    if pods[place] == pod {
      pods[place] = Self.nobody
      lack(workload, view.node)
    }
    queue.add(UInt32(workload))
  }

  private mutating func reserve(_ workload: Int) {
    while states.count <= workload { states.append(State()) }
  }

  /// Where the pod of (workload, node) stands; the piece moves to the end when it grows.
  private mutating func place(
    _ workload: Int, _ node: UInt32, _ world: borrowing World
  ) -> Int {
    let (base, capacity) = (states[workload].base, states[workload].capacity)
    if Int(node) >= capacity {
      states[workload].base = pods.count
      states[workload].capacity = max(2 * capacity, world.nodes.count)
      for place in 0..<states[workload].capacity {
        pods.append(place < capacity ? pods[base + place] : Self.nobody)
      }
    }
    return states[workload].base + Int(node)
  }

  private mutating func lack(_ workload: Int, _ node: UInt32) {
    let place = lacking.insert(Lack(node: node))
    if states[workload].firstLack == Self.nobody {
      states[workload].firstLack = place
    } else {
      lacking[states[workload].lastLack].next = place
    }
    states[workload].lastLack = place
  }

  /// A node that lacks a pod and may have one; nil if there is none.
  private mutating func nextLacking(_ workload: Int, _ world: borrowing World) -> UInt32? {
    while states[workload].firstLack != Self.nobody {
      let lack = lacking.remove(states[workload].firstLack)
      states[workload].firstLack = lack.next
      guard pods[place(workload, lack.node, world)] == Self.nobody,
        world.nodes[Int(lack.node)].isRegistered,
        world.takes(world.workloads[workload], at: Int(lack.node))
      else { continue }
      return lack.node
    }
    return nil
  }

  // MARK: Sync

  mutating func work(
    _ cache: borrowing ControllerCache, _ world: inout World, _ loop: inout Loop
  ) {
    while let key = queue.take() {
      let workload = Int(key)
      reserve(workload)
      states[workload].hasFailed = false
      let view = cache.workloads[workload]
      guard view.isThere, view.isDaemonSet else {
        finish(workload, &loop)
        continue
      }
      let mayCreate =
        states[workload].expected <= 0
        || loop.now - states[workload].expectedSince > .seconds(300)
      let count = mayCreate ? min(burst, lacks(workload)) : 0
      guard count > 0 else {
        writeStatus(workload, cache, &world, &loop)
        continue
      }
      states[workload].expected = count
      states[workload].expectedSince = loop.now
      states[workload].start = SlowStart(count)
      create(workload, cache, &world, &loop)
    }
  }

  /// How many nodes stand in the list of those that lack a pod, up to the burst.
  private func lacks(_ workload: Int) -> Int32 {
    var count: Int32 = 0
    var place = states[workload].firstLack
    while place != Self.nobody, count < burst {
      count += 1
      place = lacking[place].next
    }
    return count
  }

  private mutating func create(
    _ workload: Int, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    var left = states[workload].start.nextBatch()
    while left > 0, let node = nextLacking(workload, world) {
      left -= 1
      var pod = world.pod(of: workload, wished: loop.now)
      pod.wantedNode = node
      let place = world.submitCreation(of: pod, by: client, set: ReplicaSet.nothing, &loop)
      pods[self.place(workload, node, world)] = place
    }
    // Nodes that went meanwhile need none.
    while left > 0 {
      left -= 1
      states[workload].expected -= 1
      if states[workload].start.answered(true) { created(workload, cache, &world, &loop) }
    }
  }

  private mutating func created(
    _ workload: Int, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    if states[workload].start.isOver {
      states[workload].expected -= states[workload].start.remaining
      writeStatus(workload, cache, &world, &loop)
    } else {
      create(workload, cache, &world, &loop)
    }
  }

  // MARK: Answers

  mutating func answered(
    _ request: Request, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    switch request.resource {
    case .event: recorder.answered(&world, &loop)
    case .pod:
      let workload = Int(world.pods[request.object].workload)
      if request.outcome == .ok {
        recorder.record(UInt32(workload), &world, &loop)
      } else {
        lost(request.object, world)
        world.forget(request.object)
        states[workload].expected -= 1
        states[workload].hasFailed = true
      }
      if states[workload].start.answered(request.outcome == .ok) {
        created(workload, cache, &world, &loop)
      }
    default:
      let workload = Int(request.object)
      if request.outcome != .ok {
        states[workload].hasFailed = true
        states[workload].active = -1
      }
      finish(workload, &loop)
    }
  }

  /// A pod that was asked for was not made: its node lacks one still.
  mutating func lost(_ pod: UInt32, _ world: borrowing World) {
    let workload = Int(world.pods[pod].workload)
    let node = world.pods[pod].wantedNode
    pods[place(workload, node, world)] = Self.nobody
    lack(workload, node)
  }

  /// A DaemonSet is a workload here: its status goes the way of a deployment's.
  private mutating func writeStatus(
    _ workload: Int, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let view = cache.workloads[workload]
    guard view.active != states[workload].active || view.ready != states[workload].ready else {
      return finish(workload, &loop)
    }
    states[workload].active = view.active
    states[workload].ready = view.ready
    var request = Request(
      .update, .deploymentStatus, client: client, object: UInt32(workload))
    request.bytes = UInt32(Resource.deploymentStatus.objectBytes)
    world.submit(request, in: &loop)
  }

  private mutating func finish(_ workload: Int, _ loop: inout Loop) {
    let key = UInt32(workload)
    queue.finish(key)
    guard states[workload].hasFailed || lacksSilently(workload) else {
      return queue.forget(key)
    }
    Controllers.requeue(.daemonSet, key, after: queue.backOff(of: key, at: loop.now), &loop)
  }

  /// Whether nodes lack pods that nothing is expected for: those beyond the burst.
  private func lacksSilently(_ workload: Int) -> Bool {
    states[workload].firstLack != Self.nobody && states[workload].expected <= 0
  }

  /// What is there at the start, without a sync.
  mutating func adopt(
    _ workload: Int, _ cache: borrowing ControllerCache
  ) {
    reserve(workload)
    states[workload].active = cache.workloads[workload].active
    states[workload].ready = cache.workloads[workload].ready
  }
}
