internal import Measure
internal import Simulation

/// The daemon-set controller: a pod of each daemon set on every node that joins.
///
/// pkg/controller/daemon: two workers (`ConcurrentDaemonSetSyncs`), at most 250 pods of a set in
/// one sync (`BurstReplicas`), made in batches of 1, 2, 4, ... so that what is refused is found out
/// cheaply (`SlowStartInitialBatchSize`); the scheduler binds them.
struct DaemonSets: ~Copyable {
  private enum Kind {
    /// Daemon set `index` is looked at.
    static let sync: UInt8 = 0
  }

  static let nobody = UInt32.max
  private static let workers = 2
  private static let burst = 250

  /// A daemon set with the nodes that lack its pod, in order.
  struct State: BitwiseCopyable {
    let workload: UInt16
    let cpu: Int32
    let memory: Int32
    var first = DaemonSets.nobody
    var last = DaemonSets.nobody
    var waiting = 0
    var isSyncing = false
    /// Pods that this sync may still make, those that are being made, the size of the batch.
    var left = 0
    var inBatch = 0
    var batch = 1
    var hasFailed = false
  }

  /// How far a set's pod on a node is.
  enum Place: UInt8 { case none, queued, made }

  private let client: UInt32
  private let nodes: Int
  private var sets: Table<State>
  /// For each set and node: the node behind it in the set's queue, and how far its pod is.
  private var behind: Table<UInt32>
  private var places: Table<Place>
  private var syncing = 0

  /// Without machines that could join there are no daemon sets.
  init(_ world: inout World) {
    let parameters = world.model.controllers
    client = world.add(
      Client(owner: .daemonSet, identity: .kubeControllerManager, attempts: 5),
      rate: parameters.qps, burst: parameters.burst)
    nodes = world.nodes.count
    sets = Table(capacity: 4)
    if world.hasSpareMachines {
      for description in world.model.nodes.daemonSets { Self.add(description, &sets, &world) }
    }
    behind = Table(repeating: Self.nobody, count: sets.count * nodes)
    places = Table(repeating: .none, count: sets.count * nodes)
  }

  private static func add(
    _ description: NodeParameters.DaemonSet, _ sets: inout Table<State>, _ world: inout World
  ) {
    var workload = Workload()
    workload.isDaemonSet = true
    workload.role = description.role
    workload.hasService = false
    workload.priority = Int32(clamping: description.priority)
    workload.tolerations = Taint.ofDaemons
    workload.cpu = Int32(description.cpu)
    workload.memory = Int32(description.memory.count >> 20)
    workload.image = world.addImage(description.image)
    let number = world.workloads.append(workload)
    sets.append(
      State(workload: UInt16(number), cpu: workload.cpu, memory: workload.memory))
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.observed: observed(event, &world, &loop)
    case Kind.sync: sync(Int(event.index), &world, &loop)
    case Port.reply: answered(event.index, &world, &loop)
    default: break
    }
  }

  private mutating func observed(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch ChangeKind(rawValue: event.lane) {
    case .nodeAdded:
      for set in sets.indices {
        want(set, on: event.index, &world)
        sync(set, &world, &loop)
      }
    case .nodeGone:
      for set in sets.indices where places[set * nodes + Int(event.index)] == .made {
        forget(set, on: event.index, &world)
      }
    case .podGone:
      let pod = world.pods[event.index]
      guard pod.target != Pod.nowhere, world.nodes[Int(pod.target)].isRegistered,
        let set = sets.indices.first(where: { sets[$0].workload == pod.workload })
      else { return }
      forget(set, on: pod.target, &world)
      want(set, on: pod.target, &world)
      sync(set, &world, &loop)
    default: break
    }
  }

  private mutating func want(_ set: Int, on node: UInt32, _ world: inout World) {
    let place = set * nodes + Int(node)
    guard places[place] == .none else { return }
    places[place] = .queued
    world.workloads[Int(sets[set].workload)].desired += 1
    behind[place] = Self.nobody
    if sets[set].waiting == 0 {
      sets[set].first = node
    } else {
      behind[set * nodes + Int(sets[set].last)] = node
    }
    sets[set].last = node
    sets[set].waiting += 1
  }

  private mutating func forget(_ set: Int, on node: UInt32, _ world: inout World) {
    places[set * nodes + Int(node)] = .none
    world.workloads[Int(sets[set].workload)].desired -= 1
  }

  /// Makes the pods that a set lacks, if a worker is free; the sync under way sees what comes later
  /// only when it is over.
  private mutating func sync(_ set: Int, _ world: inout World, _ loop: inout Loop) {
    guard !sets[set].isSyncing, sets[set].waiting > 0, syncing < Self.workers else { return }
    syncing += 1
    sets[set].isSyncing = true
    sets[set].left = min(sets[set].waiting, Self.burst)
    sets[set].batch = 1
    sets[set].hasFailed = false
    launch(set, &world, &loop)
  }

  private mutating func launch(_ set: Int, _ world: inout World, _ loop: inout Loop) {
    let count = min(sets[set].batch, sets[set].left)
    sets[set].left -= count
    for _ in 0..<count {
      let node = sets[set].first
      sets[set].first = behind[set * nodes + Int(node)]
      sets[set].waiting -= 1
      guard world.nodes[Int(node)].isRegistered else {
        forget(set, on: node, &world)
        continue
      }
      places[set * nodes + Int(node)] = .made
      var pod = Pod()
      pod.workload = sets[set].workload
      pod.cpu = sets[set].cpu
      pod.memory = sets[set].memory
      pod.target = node
      pod.wished = loop.now
      var request = Request(.create, .pod, client: client, object: world.add(pod))
      request.tag = UInt16(set)
      request.bytes = 5_000
      world.submit(request, in: &loop)
      sets[set].inBatch += 1
    }
    if sets[set].inBatch == 0 { endBatch(set, &world, &loop) }
  }

  private mutating func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.finish(place)
    let set = Int(request.tag)
    if request.outcome != .ok {
      let node = world.pods[request.object].target
      world.forget(request.object)
      forget(set, on: node, &world)
      want(set, on: node, &world)
      sets[set].hasFailed = true
    }
    sets[set].inBatch -= 1
    if sets[set].inBatch == 0 { endBatch(set, &world, &loop) }
  }

  /// The next batch is twice as large; after a failure the rest waits for the next sync.
  private mutating func endBatch(_ set: Int, _ world: inout World, _ loop: inout Loop) {
    if sets[set].left > 0, !sets[set].hasFailed {
      sets[set].batch *= 2
      return launch(set, &world, &loop)
    }
    sets[set].isSyncing = false
    syncing -= 1
    loop.schedule(
      Event(component: .daemonSet, what: Kind.sync, index: UInt32(set)),
      after: sets[set].hasFailed ? .seconds(1) : .zero)
    for other in sets.indices where other != set { sync(other, &world, &loop) }
  }
}
