internal import Measure
internal import Simulation

/// Which pods of a replica set end first (controller_utils.go, `ActivePodsWithRanks`).
///
/// Those without a node, then those not ready, those whose node has more pods of the set, and those
/// that have been ready, or there, for the shortest time. A heap: O(n + k log n) for k of n.
struct PodRanking: ~Copyable {
  private var entries = Table<Entry>(capacity: 64)
  private var perNode = Table<UInt16>(capacity: 64)

  struct Entry: BitwiseCopyable {
    var rank: UInt64
    var pod: UInt32
  }

  /// Takes in the active pods of a replica set as the controllers know them.
  mutating func rank(
    _ set: UInt32, _ cache: borrowing ControllerCache, _ world: borrowing World
  ) {
    entries.removeAll()
    while perNode.count < world.nodes.count { perNode.append(0) }
    var pod = cache.replicaSets[Int(set)].firstPod
    while pod != ControllerCache.PodView.none {
      let view = cache.pods[Int(pod)]
      if view.phase.isActive {
        if view.node != Pod.nowhere { perNode[Int(view.node)] &+= 1 }
        entries.append(Entry(rank: 0, pod: pod))
      }
      pod = view.next
    }
    for place in entries.indices {
      let pod = entries[place].pod
      entries[place].rank = rank(cache.pods[Int(pod)], world.pods[pod])
    }
    for place in entries.indices {
      let node = cache.pods[Int(entries[place].pod)].node
      if node != Pod.nowhere { perNode[Int(node)] = 0 }
    }
    var place = entries.count / 2
    while place > 0 {
      place -= 1
      sink(place)
    }
  }

  private func rank(_ view: ControllerCache.PodView, _ pod: Pod) -> UInt64 {
    let isReady = view.phase == .ready
    let together = view.node == Pod.nowhere ? 0 : UInt64(perNode[Int(view.node)])
    let since = UInt64((isReady ? pod.ready : pod.created).count) >> 20
    let longest: UInt64 = 1 << 44
    let hasNode: UInt64 = view.node == Pod.nowhere ? 0 : 1
    let readiness: UInt64 = isReady ? 1 : 0
    let youth = longest - 1 - min(since, longest - 1)
    return hasNode << 63 | readiness << 62 | (UInt64(UInt16.max) - together) << 44 | youth
  }

  /// The one that ends first of those that are left.
  mutating func removeFirst() -> UInt32 {
    let pod = entries[0].pod
    let last = entries.removeLast()
    if entries.count > 0 {
      entries[0] = last
      sink(0)
    }
    return pod
  }

  private mutating func sink(_ start: Int) {
    var place = start
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < entries.count {
        if entries[child].rank < entries[least].rank { least = child }
      }
      guard least != place else { return }
      let entry = entries[place]
      entries[place] = entries[least]
      entries[least] = entry
      place = least
    }
  }
}
