internal import Measure
internal import Simulation

/// What can happen to a member.
extension Etcd {
  /// Stops a member's process; `forgets` if it is killed and not only held (SIGSTOP).
  ///
  /// Requests that it had are lost: their clients wait for the timeout.
  mutating func stop(_ member: Int, _ world: inout World, _ loop: inout Loop) {
    guard members[member].isRunning else { return }
    let led = members[member].role == .leader
    members[member].isRunning = false
    if led {
      while proposals.count > 0 {
        lose(proposals.removeFirst(from: world.requests), &world, &loop)
      }
    }
    while members[member].leaderless.count > 0 {
      lose(members[member].leaderless.removeFirst(from: world.requests), &world, &loop)
    }
    while members[member].reads.count > 0 {
      lose(members[member].reads.removeFirst(from: world.requests), &world, &loop)
    }
  }

  /// Lets a stopped member go on; it follows whoever leads by now.
  mutating func resume(_ member: Int, _ world: inout World, _ loop: inout Loop) {
    guard !members[member].isRunning else { return }
    members[member].isRunning = true
    if let leader, leader != member, members[leader].term >= members[member].term {
      follow(leader, at: member, &world, &loop)
      // It takes a snapshot rather than entries that are gone from the log.
      members[member].applied = max(members[member].applied, min(logBase, members[leader].applied))
      members[member].delivered = max(members[member].delivered, members[member].applied)
    }
    beginApplying(at: member, &world, &loop)
  }

  /// Cuts a member from the others, or joins it again.
  mutating func connect(_ member: Int, _ isConnected: Bool) {
    members[member].isConnected = isConnected
  }
}
