internal import Measure
internal import Simulation

/// The pods that replica sets lack, and since when.
///
/// What is wanted counts from when it was wanted, not from when a controller gets to it: otherwise
/// one that cannot keep up would look as fast as ever. Each replica set has a line, oldest first;
/// all operations but counting are O(1) for each pod that comes or goes.
struct PodNeeds: ~Copyable {
  private static let nobody = UInt32.max

  // Not private: the compiler (6.3.1) loses the metadata of a private type that `Cluster` destroys.
  struct Need: BitwiseCopyable {
    var since: Nanoseconds
    var newer = PodNeeds.nobody
    var older = PodNeeds.nobody
  }

  struct Line: BitwiseCopyable {
    var oldest = PodNeeds.nobody
    var newest = PodNeeds.nobody
    var count: Int32 = 0
    /// Pods of the replica set that are there and neither failed nor ending, as committed.
    var active: Int32 = 0
    /// Pods that a controller has asked for and the API does not have yet.
    var asked: Int32 = 0
  }

  private var needs = Slab<Need>(capacity: 64)
  private var lines = Table<Line>(capacity: 64)

  private mutating func reserve(_ set: UInt32) {
    while lines.count <= Int(set) { lines.append(Line()) }
  }

  /// A pod of a replica set goes from one phase to another.
  mutating func move(_ set: UInt32, from before: PodPhase, to phase: PodPhase) {
    reserve(set)
    if before == .wished { lines[Int(set)].asked -= 1 }
    lines[Int(set)].active += (phase.isActive ? 1 : 0) - (before.isActive ? 1 : 0)
  }

  /// A replica set wants `desired` pods: what is missing beyond what is known is missing from now
  /// on; what is not missing any more is what was wanted last.
  mutating func update(_ set: UInt32, desired: Int32, at now: Nanoseconds) {
    reserve(set)
    let missing = max(0, desired - lines[Int(set)].active - lines[Int(set)].asked)
    while lines[Int(set)].count < missing { append(to: Int(set), now) }
    while lines[Int(set)].count > missing { _ = remove(lines[Int(set)].newest, from: Int(set)) }
  }

  /// Since when the pod is wanted that its owner asks for now; nil if it is one too many.
  mutating func ask(of set: UInt32) -> Nanoseconds? {
    reserve(set)
    lines[Int(set)].asked += 1
    let oldest = lines[Int(set)].oldest
    return oldest == Self.nobody ? nil : remove(oldest, from: Int(set))
  }

  /// The pod that was wanted since then and asked for has not come to be.
  mutating func giveBack(_ since: Nanoseconds, to set: UInt32) {
    reserve(set)
    lines[Int(set)].asked -= 1
    let line = lines[Int(set)]
    let place = needs.insert(Need(since: since, newer: line.oldest))
    if line.oldest == Self.nobody {
      lines[Int(set)].newest = place
    } else {
      needs[line.oldest].older = place
    }
    lines[Int(set)].oldest = place
    lines[Int(set)].count += 1
  }

  /// How many pods are lacking since `moment` or longer.
  ///
  /// O(replica sets and pods that are lacking); for rare occasions.
  func count(since moment: Nanoseconds) -> Int {
    var found = 0
    for line in lines.indices {
      var place = lines[line].oldest
      while place != Self.nobody, needs[place].since <= moment {
        found += 1
        place = needs[place].newer
      }
    }
    return found
  }

  private mutating func append(to line: Int, _ now: Nanoseconds) {
    let newest = lines[line].newest
    let place = needs.insert(Need(since: now, older: newest))
    if newest == Self.nobody { lines[line].oldest = place } else { needs[newest].newer = place }
    lines[line].newest = place
    lines[line].count += 1
  }

  private mutating func remove(_ place: UInt32, from line: Int) -> Nanoseconds {
    let need = needs.remove(place)
    if need.older == Self.nobody {
      lines[line].oldest = need.newer
    } else {
      needs[need.older].newer = need.newer
    }
    if need.newer == Self.nobody {
      lines[line].newest = need.older
    } else {
      needs[need.newer].older = need.older
    }
    lines[line].count -= 1
    return need.since
  }
}

extension World {
  /// Takes note of the pods that a replica set lacks now.
  mutating func noteNeeds(of set: UInt32, at now: Nanoseconds) {
    guard set != ReplicaSet.nothing else { return }
    let wanted = replicaSets[Int(set)]
    podNeeds.update(set, desired: wanted.isThere ? wanted.desired : 0, at: now)
  }
}
