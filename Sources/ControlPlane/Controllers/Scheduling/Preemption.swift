internal import Measure
internal import Simulation

/// Whose pods make room for a pod of higher priority that fits nowhere.
///
/// The plugin DefaultPreemption of kube-scheduler 1.22
/// (pkg/scheduler/framework/plugins/defaultpreemption): on a tenth of the nodes, at least 100, from
/// a random one on, all pods of lower priority are thought away, and as many as possible taken
/// back, the more important first. Of these nodes the one is taken whose most important victim has
/// the lowest priority, then whose victims' priorities add up to least, then with the fewest, then
/// whose most important victim is youngest (`pickOneNodeForPreemption`).
///
/// The model has no disruption budgets. What is freed is resources only: a pod that spreading keeps
/// away gets no room by this.
struct Preemption: ~Copyable {
  private static let none = SchedulerCache.none

  private var stream: RandomStream
  /// The lowest priority of the first workloads, so many of them.
  private var lowest = Int32.max
  private var counted = 0
  /// The pods of lower priority by node.
  private var firstOn = Table<UInt32>(capacity: 64)
  private var nextOn = Table<UInt32>(capacity: 1024)
  /// The pods that are to go from the node looked at last.
  private(set) var victims = Table<UInt32>(capacity: 16)
  private var lower = Table<Entry>(capacity: 64)

  /// A pod that could go.
  struct Entry: BitwiseCopyable {
    var pod: UInt32
    var priority: Int32
    var start: Nanoseconds
  }

  /// What it would cost to free a node; less is better, in this order.
  private struct Candidate {
    var node: Int
    var highest: Int32
    var sum: Int64 = 0
    var count: Int32 = 0
    /// When the first of the most important victims started.
    var start: Nanoseconds

    func isBetter(than other: Candidate) -> Bool {
      if highest != other.highest { return highest < other.highest }
      if sum != other.sum { return sum < other.sum }
      if count != other.count { return count < other.count }
      return start > other.start
    }
  }

  init(_ world: borrowing World) { stream = world.stream(.scheduler, of: 1) }

  /// The node to free for a pod; nil if none can be, `victims` are those to go there.
  ///
  /// O(nodes + pods).
  mutating func choose(
    for pod: UInt32, _ cache: borrowing SchedulerCache, _ world: borrowing World
  ) -> UInt32? {
    let priority = world.priority(of: pod)
    guard cache.nodes.count > 0, isAboveAny(priority, world), !isWaiting(pod, cache, world) else {
      return nil
    }
    link(below: priority, cache, world)
    let enough = max(100, cache.nodes.count / 10)
    var node = Int(stream.below(UInt64(cache.nodes.count)))
    var best: Candidate?
    var found = 0
    for _ in cache.nodes.indices where found < enough {
      if firstOn[node] != Self.none, let candidate = candidate(node, pod, cache, world) {
        found += 1
        if best.map({ candidate.isBetter(than: $0) }) ?? true { best = candidate }
      }
      node = node + 1 < cache.nodes.count ? node + 1 : 0
    }
    guard let best else { return nil }
    _ = candidate(best.node, pod, cache, world)
    return UInt32(best.node)
  }

  /// Whether some workload has a lower priority.
  private mutating func isAboveAny(_ priority: Int32, _ world: borrowing World) -> Bool {
    while counted < world.workloads.count {
      lowest = min(lowest, world.workloads[counted].priority)
      counted += 1
    }
    return priority > lowest
  }

  /// Whether victims of it are on their way out (`PodEligibleToPreemptOthers`).
  private func isWaiting(
    _ pod: UInt32, _ cache: borrowing SchedulerCache, _ world: borrowing World
  ) -> Bool {
    guard let node = cache.nomination(of: pod) else { return false }
    let priority = world.priority(of: pod)
    return (0..<UInt32(world.pods.peak)).contains { other in
      world.pods[other].phase == .deleting && world.pods[other].node == node
        && world.priority(of: other) < priority
    }
  }

  /// Sorts the pods of lower priority by node.
  private mutating func link(
    below priority: Int32, _ cache: borrowing SchedulerCache, _ world: borrowing World
  ) {
    firstOn.removeAll()
    for _ in cache.nodes.indices { firstOn.append(Self.none) }
    while nextOn.count < cache.places { nextOn.append(Self.none) }
    for pod in 0..<UInt32(cache.places) {
      let placement = cache.placement(of: pod)
      guard placement.node != Self.none,
        world.workloads[Int(placement.workload)].priority < priority
      else { continue }
      nextOn[Int(pod)] = firstOn[Int(placement.node)]
      firstOn[Int(placement.node)] = pod
    }
  }

  /// Who would have to go from a node; nil if that would not be enough.
  private mutating func candidate(
    _ node: Int, _ pod: UInt32, _ cache: borrowing SchedulerCache, _ world: borrowing World
  ) -> Candidate? {
    let object = world.pods[pod]
    guard object.target == Pod.nowhere || Int(object.target) == node else { return nil }
    let need = NodeChoice.Need(object, world.workloads[Int(object.workload)])
    var view = cache.view(of: node, for: pod, need.priority)
    lower.removeAll()
    victims.removeAll()
    var other = firstOn[node]
    while other != Self.none {
      give(other, 1, &view, cache)
      insert(other, cache, world)
      other = nextOn[Int(other)]
    }
    guard NodeChoice.misfits(view, need) == 0 else { return nil }
    var candidate = Candidate(node: node, highest: .min, start: .zero)
    for place in lower.indices {
      let entry = lower[place]
      give(entry.pod, -1, &view, cache)
      if NodeChoice.misfits(view, need) == 0 { continue }
      give(entry.pod, 1, &view, cache)
      victims.append(entry.pod)
      if candidate.count == 0 {
        (candidate.highest, candidate.start) = (entry.priority, entry.start)
      }
      candidate.count += 1
      candidate.sum += Int64(entry.priority) + Int64(Int32.max) + 1
    }
    return candidate.count > 0 ? candidate : nil
  }

  /// Thinks a pod away from a node, or back.
  private func give(
    _ pod: UInt32, _ sign: Int32, _ view: inout SchedulerCache.NodeView,
    _ cache: borrowing SchedulerCache
  ) {
    let placement = cache.placement(of: pod)
    view.cpuLeft += sign * placement.cpu
    view.memoryLeft += sign * placement.memory
    view.podsLeft += sign
  }

  /// Keeps the more important first: higher priority, then an earlier start (`MoreImportantPod`).
  private mutating func insert(
    _ pod: UInt32, _ cache: borrowing SchedulerCache, _ world: borrowing World
  ) {
    let workload = Int(cache.placement(of: pod).workload)
    let entry = Entry(
      pod: pod, priority: world.workloads[workload].priority, start: world.pods[pod].created)
    var place = lower.append(entry)
    while place > 0 {
      let before = lower[place - 1]
      guard
        before.priority < entry.priority
          || (before.priority == entry.priority && before.start > entry.start)
      else { break }
      lower[place] = before
      place -= 1
    }
    lower[place] = entry
  }
}

/// Room on nodes that is kept for pods for which others had to go (`nominatedNodeName`).
struct Nominations: ~Copyable {
  private var entries = Table<Entry>(capacity: 8)

  struct Entry: BitwiseCopyable {
    var pod: UInt32
    var node: UInt32
    var priority: Int32
    var cpu: Int32
    var memory: Int32
  }

  var isEmpty: Bool { entries.count == 0 }

  /// The node that a pod is to come to.
  func node(of pod: UInt32) -> UInt32? {
    entries.indices.first { entries[$0].pod == pod }.map { entries[$0].node }
  }

  mutating func set(_ entry: Entry) {
    remove(entry.pod)
    entries.append(entry)
  }

  mutating func remove(_ pod: UInt32) {
    guard let place = entries.indices.first(where: { entries[$0].pod == pod }) else { return }
    let last = entries.removeLast()
    if place < entries.count { entries[place] = last }
  }

  /// Takes from what a node has left what others of this priority or a higher one are to have.
  func take(
    from view: inout SchedulerCache.NodeView, _ node: UInt32, for pod: UInt32, _ priority: Int32
  ) {
    for place in entries.indices {
      let entry = entries[place]
      guard entry.node == node, entry.pod != pod, entry.priority >= priority else { continue }
      view.cpuLeft -= entry.cpu
      view.memoryLeft -= entry.memory
      view.podsLeft -= 1
    }
  }
}
