internal import Measure
internal import Simulation

/// kube-scheduler: one pod at a time is filtered, scored and assumed; binding goes on beside it.
struct Scheduler: ~Copyable {
  private enum Kind {
    static let decided: UInt8 = 0
    static let retry: UInt8 = 1
  }

  private let parameters: ControllerParameters
  private let client: UInt32
  private var queue = Ring<UInt32>(capacity: 256)
  private var unschedulable = Ring<UInt32>(capacity: 64)
  /// What its cache has assumed on each node beside what is bound.
  private var assumed: Table<Assumed>
  private var isBusy = false
  /// How long it was busy with decisions.
  private(set) var busy = Nanoseconds.zero
  private var next = 0

  struct Assumed: BitwiseCopyable {
    var cpu: Int32 = 0
    var memory: Int32 = 0
    var pods: Int32 = 0
  }

  init(_ world: inout World) {
    parameters = world.model.controllers
    client = world.add(
      Client(owner: .scheduler, identity: .kubeScheduler), rate: parameters.schedulerQPS,
      burst: parameters.schedulerBurst)
    assumed = Table(repeating: Assumed(), count: world.nodes.count)
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.observed: observed(event, &world, &loop)
    case Kind.decided: decided(event.index, &world, &loop)
    case Kind.retry: retry(&world, &loop)
    case Port.reply: bound(event.index, &world, &loop)
    default: break
    }
  }

  private mutating func observed(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch ChangeKind(rawValue: event.lane) {
    case .podCreated:
      guard world.workloads[Int(world.pods[event.index].workload)].isScheduled else { return }
      queue.append(event.index)
    case .nodeAdded, .nodeTaints, .podGone: retry(&world, &loop)
    default: return
    }
    begin(world, &loop)
  }

  /// Takes the next pod; the decision comes after what it costs.
  private mutating func begin(_ world: borrowing World, _ loop: inout Loop) {
    guard !isBusy, queue.count > 0 else { return }
    isBusy = true
    let pod = queue.removeFirst()
    let looked = Self.feasibleNodesToFind(of: world.registeredNodes)
    let cost = parameters.schedulingCost + parameters.schedulingCostPerNode * Int64(looked)
    busy = busy + cost
    loop.schedule(
      Event(component: .scheduler, what: Kind.decided, index: pod), after: cost)
  }

  /// How many feasible nodes are enough (`numFeasibleNodesToFind`, percentageOfNodesToScore 0).
  static func feasibleNodesToFind(of nodes: Int) -> Int {
    guard nodes >= 100 else { return nodes }
    return max(100, nodes * max(5, 50 - nodes / 125) / 100)
  }

  private mutating func decided(_ pod: UInt32, _ world: inout World, _ loop: inout Loop) {
    isBusy = false
    defer { begin(world, &loop) }
    guard world.pods[pod].phase == .pending else { return }
    guard let node = choose(for: pod, world) else { return unschedulable.append(pod) }
    assume(pod, on: node, 1, world)
    var request = Request(.create, .binding, client: client, object: pod)
    request.argument = UInt32(node)
    request.bytes = 300
    world.submit(request, in: &loop)
  }

  /// The best of enough feasible nodes, looked for from where the last search ended.
  private mutating func choose(for pod: UInt32, _ world: borrowing World) -> Int? {
    let target = world.pods[pod].target
    if target != Pod.nowhere { return fits(pod, Int(target), world) ? Int(target) : nil }
    let count = world.nodes.count
    let enough = Self.feasibleNodesToFind(of: world.registeredNodes)
    var found = 0
    var best: (node: Int, score: Int32)?
    for step in 0..<count {
      let node = (next + step) % count
      guard fits(pod, node, world) else { continue }
      let score = score(node, world)
      if best == nil || score > best?.score ?? 0 { best = (node, score) }
      found += 1
      if found == enough {
        next = (node + 1) % count
        break
      }
    }
    return best?.node
  }

  private func fits(_ pod: UInt32, _ node: Int, _ world: borrowing World) -> Bool {
    let candidate = world.nodes[node]
    let workload = world.workloads[Int(world.pods[pod].workload)]
    let needed = world.pods[pod]
    return candidate.isRegistered && candidate.taints & ~workload.tolerations == 0
      && (workload.pool == Workload.anyPool || workload.pool == candidate.pool)
      && candidate.pods + assumed[node].pods < candidate.maximumPods
      && candidate.cpuAsked + assumed[node].cpu + needed.cpu <= candidate.cpu
      && candidate.memoryAsked + assumed[node].memory + needed.memory <= candidate.memory
  }

  /// How much of CPU and memory is free, or taken, in thousandths.
  private func score(_ node: Int, _ world: borrowing World) -> Int32 {
    let candidate = world.nodes[node]
    let cpu = Int64(candidate.cpuAsked + assumed[node].cpu) * 1000 / Int64(max(1, candidate.cpu))
    let memory =
      Int64(candidate.memoryAsked + assumed[node].memory) * 1000
      / Int64(max(1, candidate.memory))
    let taken = Int32((cpu + memory) / 2)
    return parameters.packs ? taken : 1000 - taken
  }

  private mutating func assume(
    _ pod: UInt32, on node: Int, _ sign: Int32, _ world: borrowing World
  ) {
    assumed[node].cpu += sign * world.pods[pod].cpu
    assumed[node].memory += sign * world.pods[pod].memory
    assumed[node].pods += sign
  }

  /// The binding was answered: the node's own figures have it now, or it failed and is tried again.
  private mutating func bound(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.finish(place)
    assume(request.object, on: Int(request.argument), -1, world)
    if request.outcome != .ok, world.pods[request.object].phase == .pending {
      queue.append(request.object)
      begin(world, &loop)
    }
  }

  /// Something has changed: pods that fitted nowhere are tried again.
  private mutating func retry(_ world: inout World, _ loop: inout Loop) {
    while unschedulable.count > 0 { queue.append(unschedulable.removeFirst()) }
    begin(world, &loop)
  }
}
