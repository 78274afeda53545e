internal import Measure
internal import Simulation

/// Scale-up: which pods nothing fits, how many nodes of which pool would take them.
extension NodeScaling {
  /// Takes out the pending pods that fit existing nodes or those on their way; `groups` keeps the
  /// others, largest pods first.
  ///
  /// O(pods + groups of pending pods times nodes).
  mutating func placePending(_ world: borrowing World, at now: Nanoseconds) {
    for pod in 0..<UInt32(world.pods.peak) where waits(pod, world) {
      let group = Int(world.pods[pod].workload)
      groups[group].count += 1
      if now - world.pods[pod].created < parameters.podBuffer { groups[group].young += 1 }
    }
    keepWaiting()
    findRooms(world)
    for group in groups.indices {
      for room in rooms.indices where groups[group].count > 0 {
        fits += 1
        guard Self.allows(rooms[room], groups[group]) else { continue }
        fits += Int64(Self.fill(&rooms[room], with: &groups[group]))
      }
    }
  }

  /// Whether a pod fits no node, for now, and may be on any: a daemon set's can be on its own only,
  /// so that no other would help it.
  func waits(_ pod: UInt32, _ world: borrowing World) -> Bool {
    world.pods[pod].phase == .pending && world.pods[pod].isUnschedulable
      && world.pods[pod].target == Pod.nowhere
  }

  /// Drops groups without pods and sorts the others by size, as first-fit-decreasing does.
  private mutating func keepWaiting() {
    var kept = 0
    for group in groups.indices where groups[group].count > 0 {
      var place = kept
      let moved = groups[group]
      while place > 0, Self.size(groups[place - 1]) < Self.size(moved) {
        groups[place] = groups[place - 1]
        place -= 1
      }
      groups[place] = moved
      kept += 1
    }
    while groups.count > kept { _ = groups.removeLast() }
  }

  /// CPU and memory, a CPU alike 4 GiB as in the pools' default shape.
  private static func size(_ group: Group) -> Int64 {
    Int64(group.cpu) * 4096 / 1000 + Int64(group.memory)
  }

  /// What ready nodes have left, and what those on their way will have.
  mutating func findRooms(_ world: borrowing World) {
    rooms.removeAll()
    for number in machines.indices {
      let node = world.nodes[number]
      if machines[number].state == .asked {
        rooms.append(template(of: Int(node.pool), world))
      } else if node.isRegistered, node.condition == .ready, machines[number].state != .leaving {
        rooms.append(
          Room(
            cpu: node.cpu - node.cpuAsked, memory: node.memory - node.memoryAsked,
            pods: node.maximumPods - node.pods, pool: node.pool, taints: node.taints,
            node: UInt32(number)))
      }
    }
  }

  /// A new node of a pool, with its daemons on it.
  private func template(of pool: Int, _ world: borrowing World) -> Room {
    var room = pools[pool].room
    room.pool = UInt8(pool)
    for workload in world.workloads.indices where world.workloads[workload].isDaemonSet {
      let daemon = world.workloads[workload]
      guard daemon.pool == Workload.anyPool || Int(daemon.pool) == pool else { continue }
      room.cpu -= daemon.cpu
      room.memory -= daemon.memory
      room.pods -= 1
    }
    return room
  }

  static func allows(_ room: Room, _ group: Group) -> Bool {
    (group.pool == Workload.anyPool || group.pool == room.pool)
      && room.taints & ~group.tolerations == 0
  }

  /// Puts as many pods of a group into a room as fit, and says how many.
  static func fill(_ room: inout Room, with group: inout Group) -> Int32 {
    var count = min(group.count, room.pods)
    if group.cpu > 0 { count = min(count, room.cpu / group.cpu) }
    if group.memory > 0 { count = min(count, room.memory / group.memory) }
    count = max(0, count)
    room.cpu -= count * group.cpu
    room.memory -= count * group.memory
    room.pods -= count
    group.count -= count
    return count
  }

  // MARK: Options

  /// What enlarging a pool would bring.
  struct Option: BitwiseCopyable {
    var pool = 0
    var nodes: Int32 = 0
    var pods: Int32 = 0
    /// Of CPU and memory together, the share of the new nodes that stays unused.
    var waste = 0.0
  }

  /// Chooses machines to ask for; false if nothing helps.
  mutating func planScaleUp(_ world: borrowing World, at now: Nanoseconds) -> Bool {
    var best: Option?
    var alike: UInt64 = 0
    for pool in pools.indices where pools[pool].isScaled && pools[pool].backOffEnd <= now {
      guard pools[pool].target < pools[pool].most else { continue }
      let option = option(of: pool, world, now)
      guard option.pods > 0 else { continue }
      switch compare(option, best) {
      case .better:
        best = option
        alike = 1
      case .alike:
        // Each of n that are alike is taken with a chance of 1/n.
        alike += 1
        if stream.below(alike) == 0 { best = option }
      case .worse: break
      }
    }
    guard let best else { return false }
    share(limited(best.nodes, world), like: best.pool, world, now)
    return asks.count > 0
  }

  private enum Comparison { case better, alike, worse }

  private func compare(_ option: Option, _ best: Option?) -> Comparison {
    guard let best else { return .better }
    switch parameters.expander {
    case .random: return .alike
    case .priority:
      let (rank, other) = (pools[option.pool].rank, pools[best.pool].rank)
      return rank == other ? .alike : rank < other ? .better : .worse
    case .leastWaste:
      return option.waste == best.waste
        ? .alike : option.waste < best.waste ? .better : .worse
    }
  }

  /// First-fit-decreasing of the waiting pods onto new nodes of a pool (the binpacking estimator).
  private mutating func option(
    of pool: Int, _ world: borrowing World, _ now: Nanoseconds
  ) -> Option {
    let empty = template(of: pool, world)
    let most = capacity(like: pool, now)
    bins.removeAll()
    var option = Option(pool: pool)
    var cpu: Int64 = 0
    var memory: Int64 = 0
    for number in groups.indices {
      var group = groups[number]
      guard group.count > 0, Self.allows(empty, group) else { continue }
      var bin = 0
      while group.count > 0 {
        if bin == bins.count {
          guard bins.count < Int(most) else { break }
          bins.append(empty)
        }
        fits += Int64(group.count)
        let filled = Self.fill(&bins[bin], with: &group)
        option.pods += filled
        cpu += Int64(filled) * Int64(group.cpu)
        memory += Int64(filled) * Int64(group.memory)
        bin += 1
        // Not even a new node takes one.
        guard filled > 0 || bin < bins.count || bins[bin - 1].pods < empty.pods else {
          _ = bins.removeLast()
          break
        }
      }
    }
    option.nodes = Int32(bins.count)
    let nodes = Double(max(1, option.nodes))
    option.waste =
      2 - Double(cpu) / (nodes * Double(max(1, empty.cpu)))
      - Double(memory) / (nodes * Double(max(1, empty.memory)))
    return option
  }

  /// Whether two pools are alike for `--balance-similar-node-groups`: same shape, and no pod that
  /// waits names one of them.
  private func isSimilar(_ pool: Int, to other: Int) -> Bool {
    if pool == other { return true }
    guard parameters.balancesSimilarPools, pools[pool].isScaled else { return false }
    let (one, two) = (pools[pool].room, pools[other].room)
    guard one.cpu == two.cpu, one.memory == two.memory, one.taints == two.taints else {
      return false
    }
    return !groups.indices.contains {
      groups[$0].count > 0
        && (Int(groups[$0].pool) == pool || Int(groups[$0].pool) == other)
    }
  }

  /// How many nodes the pools like `pool` may still get.
  private func capacity(like pool: Int, _ now: Nanoseconds) -> Int32 {
    var sum: Int32 = 0
    for other in pools.indices where isSimilar(other, to: pool) && pools[other].backOffEnd <= now {
      sum += max(0, pools[other].most - pools[other].target)
    }
    return sum
  }

  /// No more than `--max-nodes-total` allows.
  private func limited(_ nodes: Int32, _ world: borrowing World) -> Int32 {
    guard parameters.maximumNodes > 0 else { return nodes }
    let present = pools.indices.reduce(Int32(0)) { $0 + pools[$1].target }
    return max(0, min(nodes, Int32(clamping: parameters.maximumNodes) - present))
  }

  /// Gives new nodes to the smallest of the pools that are alike, one by one, and picks machines.
  ///
  /// O(nodes + machines).
  private mutating func share(
    _ nodes: Int32, like pool: Int, _ world: borrowing World, _ now: Nanoseconds
  ) {
    for other in pools.indices { pools[other].wanted = 0 }
    for _ in 0..<nodes {
      var smallest: Int?
      for other in pools.indices
      where isSimilar(other, to: pool) && pools[other].backOffEnd <= now {
        let size = pools[other].target + pools[other].wanted
        guard size < pools[other].most else { continue }
        if smallest.map({ size < pools[$0].target + pools[$0].wanted }) ?? true {
          smallest = other
        }
      }
      guard let smallest else { break }
      pools[smallest].wanted += 1
    }
    for machine in machines.indices where isSpare(machine, world) {
      let pool = Int(world.nodes[machine].pool)
      guard pools[pool].wanted > 0 else { continue }
      pools[pool].wanted -= 1
      asks.append(UInt32(machine))
    }
  }

  /// Whether a machine is no node and nobody has asked for it.
  private func isSpare(_ machine: Int, _ world: borrowing World) -> Bool {
    !world.nodes[machine].isRegistered && !world.nodes[machine].isWanted
      && machines[machine].state == .idle
  }
}
