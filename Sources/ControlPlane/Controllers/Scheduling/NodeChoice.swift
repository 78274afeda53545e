internal import Measure
internal import Simulation

/// Which node a pod goes to: filters and scores of kube-scheduler's default plugins.
///
/// As many feasible nodes as are enough, from where the last search ended; of these the one with
/// the highest sum of LeastAllocated (or MostAllocated), BalancedAllocation and, with weight 2,
/// even spread over nodes and zones, each 0 to 100; one by chance where several have it.
struct NodeChoice: ~Copyable {
  private let standing = Standing()
  private let parameters: ControllerParameters
  private let zones: Int
  private var stream: RandomStream
  private var next = 0
  private var candidates = Table<Candidate>(capacity: 512)
  /// Whom the search is for.
  private var pod = Pod.nowhere

  struct Candidate: BitwiseCopyable {
    var node: Int32
    var score: Int32
    /// Pods alike in its node and zone, weighted by the number of nodes and zones.
    var crowd: Int32
  }

  /// What filters and scores ask of a pod.
  struct Need: BitwiseCopyable {
    let cpu: Int32
    let memory: Int32
    let priority: Int32
    let tolerations: UInt16
    let pool: UInt8

    init(_ pod: Pod, _ workload: Workload) {
      (cpu, memory) = (pod.cpu, pod.memory)
      priority = workload.priority
      tolerations = workload.tolerations
      pool = workload.pool
    }
  }

  /// What a search came to.
  struct Result: BitwiseCopyable {
    var node = SchedulerCache.none
    var examined = 0
    var feasible = 0
    var misfits: UInt8 = 0
  }

  init(_ world: borrowing World) {
    parameters = world.model.controllers
    zones = max(1, world.model.nodes.zones)
    stream = world.stream(.scheduler)
  }

  /// How many feasible nodes are enough (`numFeasibleNodesToFind`).
  static func enough(of nodes: Int, percentage: Int) -> Int {
    guard nodes >= 100, percentage < 100 else { return nodes }
    let share = percentage > 0 ? percentage : max(5, 50 - nodes / 125)
    return max(100, nodes * share / 100)
  }

  /// Looks for a node.
  ///
  /// O(nodes looked at + pods of the workload).
  mutating func choose(
    for pod: UInt32, _ cache: inout SchedulerCache, _ world: borrowing World
  ) -> Result {
    let object = world.pods[pod]
    let workload = world.workloads[Int(object.workload)]
    let need = Need(object, workload)
    candidates.removeAll()
    self.pod = pod
    var result = Result()
    if object.target != Pod.nowhere {
      look(at: Int(object.target), need, nil, cache, &result)
      // The others are looked at, too, and are not the one that is named.
      result.examined = cache.present
      result.misfits |= result.feasible == 0 ? Misfit.selector : 0
    } else {
      cache.count(workload: Int(object.workload))
      search(need, Limits(workload, cache, zones: zones), cache, &result)
    }
    guard result.feasible > 0 else { return result }
    result.node = UInt32(result.feasible == 1 ? Int(candidates[0].node) : best())
    return result
  }

  private mutating func search(
    _ need: Need, _ limits: Limits?, _ cache: borrowing SchedulerCache, _ result: inout Result
  ) {
    let count = cache.nodes.count
    guard count > 0 else { return }
    let enough = Self.enough(of: cache.present, percentage: parameters.percentageOfNodesToScore)
    let weights = Weights(nodes: enough, zones: zones)
    var node = next < count ? next : 0
    while result.examined < cache.present, result.feasible < enough {
      defer { node = node + 1 < count ? node + 1 : 0 }
      guard cache.nodes[node].isThere else { continue }
      look(at: node, need, limits, cache, &result)
      if candidates.count > 0, candidates[candidates.count - 1].crowd < 0 {
        let last = candidates.count - 1
        candidates[last].crowd =
          cache.pods(on: node) * weights.node
          + cache.perZone[Int(cache.nodes[node].zone)] * weights.zone + weights.least
      }
      result.examined += 1
    }
    next = node
  }

  /// Filters one node, and scores it if it fits.
  private mutating func look(
    at node: Int, _ need: Need, _ limits: Limits?, _ cache: borrowing SchedulerCache,
    _ result: inout Result
  ) {
    let view = cache.view(of: node, for: pod, need.priority)
    let misfits = Self.misfits(view, need)
    if misfits != 0 { return result.misfits |= misfits }
    if let limits, !limits.allow(node, cache) { return result.misfits |= Misfit.spread }
    result.feasible += 1
    candidates.append(Candidate(node: Int32(node), score: score(view, need), crowd: -1))
  }

  /// Why a node does not take a pod, as bits of `Misfit`; none if it does.
  @inline(__always)
  static func misfits(_ view: SchedulerCache.NodeView, _ need: Need) -> UInt8 {
    guard view.isThere else { return Misfit.selector }
    if view.taints & ~need.tolerations != 0 { return Misfit.taints }
    if need.pool != Workload.anyPool, need.pool != view.pool { return Misfit.selector }
    let fits = view.podsLeft > 0 && view.cpuLeft >= need.cpu && view.memoryLeft >= need.memory
    return fits ? 0 : Misfit.resources
  }

  /// NodeResourcesFit and NodeResourcesBalancedAllocation, each 0 to 100.
  private func score(_ view: SchedulerCache.NodeView, _ need: Need) -> Int32 {
    let cpu = 100 * Int64(view.cpuLeft - need.cpu) / Int64(view.cpu)
    let memory = 100 * Int64(view.memoryLeft - need.memory) / Int64(view.memory)
    let weights = Int64(max(1, parameters.cpuWeight + parameters.memoryWeight))
    let free =
      (cpu * Int64(parameters.cpuWeight) + memory * Int64(parameters.memoryWeight)) / weights
    // For two resources the standard deviation of their shares is half the difference.
    let balance = 100 - abs(cpu - memory) / 2
    return Int32((parameters.packs ? 100 - free : free) + balance)
  }

  /// The candidate with the highest score, by chance among several (`selectHost`).
  private mutating func best() -> Int {
    var (least, most) = (Int32.max, Int32.min)
    for place in candidates.indices {
      least = min(least, candidates[place].crowd)
      most = max(most, candidates[place].crowd)
    }
    var chosen = 0
    var top = Int32.min
    var ties: UInt64 = 0
    for place in candidates.indices {
      let crowd = candidates[place].crowd
      let spread = most > 0 ? Int32(100 * Int64(most + least - crowd) / Int64(most)) : 100
      let score = candidates[place].score + 2 * spread
      if score > top {
        (top, chosen, ties) = (score, place, 1)
      } else if score == top {
        ties += 1
        if stream.below(ties) == 0 { chosen = place }
      }
    }
    return Int(candidates[chosen].node)
  }
}

extension NodeChoice {
  /// What spreading over nodes and zones weighs (podtopologyspread/scoring.go): a pod counts
  /// ln(places + 2), here in thousandths; the `maxSkew` of 3 and 5 of the default constraints, less
  /// one each, are added.
  struct Weights {
    let node: Int32
    let zone: Int32
    let least: Int32 = 6000

    init(nodes: Int, zones: Int) {
      node = Self.thousandths(nodes + 2)
      zone = Self.thousandths(zones + 2)
    }

    /// 1000 ln(count), from ln(2) for each doubling and a straight line between.
    private static func thousandths(_ count: Int) -> Int32 {
      let doublings = Int64(63 - count.leadingZeroBitCount)
      let rest = ((Int64(count) << 10) >> doublings) - 1024
      return Int32(693 * (doublings * 1024 + rest) / 1024)
    }
  }

  /// The hard topology spread constraints of a workload (DoNotSchedule).
  struct Limits {
    private let perZone: Int32
    private let perNode: Int32

    /// O(zones), and O(nodes) where nodes are constrained.
    init?(_ workload: Workload, _ cache: borrowing SchedulerCache, zones: Int) {
      guard workload.zoneSkew > 0 || workload.nodeSkew > 0 else { return nil }
      var leastInZone = Int32.max
      var leastOnNode = Int32.max
      if workload.zoneSkew > 0 {
        for zone in 0..<zones { leastInZone = min(leastInZone, cache.perZone[zone]) }
      }
      if workload.nodeSkew > 0 {
        for node in cache.nodes.indices where cache.nodes[node].isThere {
          leastOnNode = min(leastOnNode, cache.pods(on: node))
        }
      }
      perZone = workload.zoneSkew > 0 ? leastInZone + Int32(workload.zoneSkew) : .max
      perNode = workload.nodeSkew > 0 ? leastOnNode + Int32(workload.nodeSkew) : .max
    }

    /// Whether one more pod keeps the skew.
    func allow(_ node: Int, _ cache: borrowing SchedulerCache) -> Bool {
      cache.pods(on: node) < perNode && cache.perZone[Int(cache.nodes[node].zone)] < perZone
    }
  }
}
