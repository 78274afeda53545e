internal import Measure
internal import Simulation

/// What can happen to a member.
extension Etcd {
  /// How long a request may take, the time without a leader included (etcdserver/config.go,
  /// `ReqTimeout`): 5 s and twice the election's timeout.
  var requestTimeout: Nanoseconds { .seconds(5) + parameters.electionTimeout * 2 }

  /// Whether the leader may be another after an event, or none.
  static func mayChangeLeader(_ event: Event) -> Bool {
    event.what == Kind.tick.rawValue || event.what == Kind.ballotArrives.rawValue
  }

  /// Stops a member's process: it is killed, or only held (SIGSTOP).
  ///
  /// Whoever waits for an answer from a member that is killed loses its connection and is answered
  /// at once; from one that is held, after `requestTimeout`. Writes of which no one was told before
  /// count as not done, though the log may have them.
  mutating func stop(
    _ member: Int, isKilled: Bool = false, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].isRunning else { return }
    members[member].wasKilled = isKilled
    if members[member].role == .leader {
      while proposals.count > 0 {
        let place = proposals.removeFirst(from: world.requests)
        if Int(world.requests[place].server) % members.count == member {
          drop(place, at: member, &world, &loop)
        } else {
          lose(place, &world, &loop)
        }
      }
    }
    members[member].isRunning = false
    while members[member].leaderless.count > 0 {
      let place = members[member].leaderless.removeFirst(from: world.requests)
      drop(place, at: member, &world, &loop)
    }
    while members[member].reads.count > 0 {
      drop(members[member].reads.removeFirst(from: world.requests), at: member, &world, &loop)
    }
    dropEntries(of: member, &world, &loop)
    guard isKilled else { return }
    members[member].role = .follower
    members[member].lead = Member.nobody
    members[member].elapsed = 0
  }

  /// Those who wait for `member` to apply their entries wait in vain.
  private mutating func dropEntries(
    of member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    for index in 0..<log.count where Int(log[index].endpoint) == member {
      let place = log[index].request
      guard place != LogEntry.noRequest, logBase + UInt64(index) >= members[member].applied
      else { continue }
      log[index].request = LogEntry.noRequest
      drop(place, at: member, &world, &loop)
    }
  }

  /// A request that a member had is not answered by it.
  mutating func drop(
    _ place: UInt32, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].wasKilled else { return lose(place, &world, &loop) }
    counters.failedProposals += 1
    answer(place, .unavailable, &world, &loop)
  }

  /// Lets a stopped member go on; it follows whoever leads by now.
  mutating func resume(_ member: Int, _ world: inout World, _ loop: inout Loop) {
    guard !members[member].isRunning else { return }
    members[member].isRunning = true
    members[member].wasKilled = false
    rejoin(member, &world, &loop)
  }

  /// Cuts a member from the others and from the API servers, or joins it again.
  mutating func connect(
    _ member: Int, _ isConnected: Bool, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].isConnected != isConnected else { return }
    members[member].isConnected = isConnected
    if isConnected {
      rejoin(member, &world, &loop)
    } else {
      members[member].wasKilled = false
      dropEntries(of: member, &world, &loop)
    }
  }

  private mutating func rejoin(_ member: Int, _ world: inout World, _ loop: inout Loop) {
    guard members[member].isUp else { return }
    let other = members.indices.first {
      $0 != member && members[$0].role == .leader && members[$0].isUp
        && members[$0].term >= members[member].term
    }
    if let other {
      follow(other, at: member, &world, &loop)
      // It takes a snapshot rather than entries that are gone from the log.
      members[member].applied = max(
        members[member].applied, min(logBase, members[other].applied))
      members[member].delivered = max(members[member].delivered, members[member].applied)
      members[member].offered = max(members[member].offered, members[member].applied)
      members[member].commit = max(members[member].commit, members[member].offered)
    }
    if members.count == 1, members[member].role != .leader {
      // A lone member elects itself; it has no ticks to wait for.
      campaign(member, isPre: false, &loop)
      beginTerm(of: member, &world, &loop)
    }
    beginApplying(at: member, &world, &loop)
    machines.settle(&loop)
  }

  /// Without a leader or a quorum, whoever has waited too long is told so.
  ///
  /// Asked at every tick; O(members) while all is well.
  mutating func answerOverdue(_ world: inout World, _ loop: inout Loop) {
    let up = members.indices.count { members[$0].isUp }
    guard up < quorum || leader == nil else { return }
    for member in members.indices {
      members[member].leaderless = answerOverdue(
        members[member].leaderless, &world, &loop)
      members[member].reads = answerOverdue(members[member].reads, &world, &loop)
    }
    proposals = answerOverdue(proposals, &world, &loop)
    let committed = members.indices.reduce(logBase) { max($0, members[$1].commit) }
    for index in Int(committed - logBase)..<max(log.count, Int(committed - logBase)) {
      let place = log[index].request
      guard place != LogEntry.noRequest else { continue }
      guard isOverdue(place, world, at: loop.now) else { return }
      log[index].request = LogEntry.noRequest
      counters.failedProposals += 1
      answer(place, .timeout, &world, &loop)
    }
  }

  private mutating func answerOverdue(
    _ waiting: RequestQueue, _ world: inout World, _ loop: inout Loop
  ) -> RequestQueue {
    var waiting = waiting
    while waiting.count > 0, isOverdue(waiting.first, world, at: loop.now) {
      counters.failedProposals += 1
      answer(waiting.removeFirst(from: world.requests), .timeout, &world, &loop)
    }
    return waiting
  }

  private func isOverdue(
    _ place: UInt32, _ world: borrowing World, at now: Nanoseconds
  ) -> Bool { world.requests[place].proposed + requestTimeout <= now }

  // MARK: Disks

  /// One write and fdatasync of a member's log.
  mutating func drawSync(of member: Int) -> Nanoseconds {
    slowed(walSync.draw(&streams[member]), at: member)
  }

  func slowed(_ time: Nanoseconds, at member: Int) -> Nanoseconds {
    let factor = members[member].diskFactor
    return factor == 1 ? time : Nanoseconds(Int64(Double(time.count) * factor))
  }
}
