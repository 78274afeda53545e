internal import Measure
internal import Simulation

/// Writes: from the request through the log of a quorum to the answer.
extension Etcd {
  /// The member that an API server's requests go to: its own, or the next that is up.
  func endpoint(of server: UInt8) -> Int? {
    for step in members.indices {
      let member = (Int(server) + step) % members.count
      if members[member].isUp { return member }
    }
    return nil
  }

  mutating func acceptPut(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    guard let member = endpoint(of: world.requests[place].server) else {
      return answer(place, .unavailable, &world, &loop)
    }
    if database.isFull(parameters.quota) {
      return answer(place, .noSpace, &world, &loop)
    }
    if members[member].commit > members[member].applied + UInt64(parameters.maximumLag) {
      counters.failedProposals += 1
      return answer(place, .tooManyRequests, &world, &loop)
    }
    let share = parameters.putCPUBeforeProposal.value
    spendCPU(
      .preparedPut, Nanoseconds(Int64(Double(parameters.putCPU.count) * share)), place, member,
      &world, &loop)
  }

  mutating func preparedPut(
    _ place: UInt32, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    members[member].processors.leave(&world, &loop)
    guard members[member].isUp else { return drop(place, at: member, &world, &loop) }
    let lead = members[member].lead
    if members[member].role == .leader {
      proposals.append(place, in: &world.requests)
      beginWrite(at: member, &world, &loop)
    } else if lead != Member.nobody {
      loop.schedule(own(.forwarded, Int(lead), index: place), after: halfTrip)
    } else {
      members[member].leaderless.append(place, in: &world.requests)
    }
  }

  mutating func reachLeader(
    _ place: UInt32, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].isUp, members[member].role == .leader else {
      return lose(place, &world, &loop)
    }
    proposals.append(place, in: &world.requests)
    beginWrite(at: member, &world, &loop)
  }

  /// A proposal that no leader has is answered with a timeout of 5 s and twice the election's
  /// (etcdserver/config `ReqTimeout`).
  mutating func lose(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    counters.failedProposals += 1
    let due = world.requests[place].proposed + requestTimeout
    loop.schedule(own(.gaveUp, index: place), after: max(.zero, due - loop.now))
  }

  /// The raft loop takes all that waits into one write of the log, if it is free.
  mutating func beginWrite(at member: Int, _ world: inout World, _ loop: inout Loop) {
    guard members[member].isUp, !members[member].isWriting else { return }
    let isLeader = members[member].role == .leader
    if isLeader { appendProposals(of: member, &world, at: loop.now) }
    let entries = members[member].last - members[member].synced
    guard entries > 0 else { return }
    if isLeader { sendEntries(from: member, &loop) }
    let sync = drawSync(of: member)
    let length = parameters.cycleCost + parameters.entryCost * Int64(entries) + sync
    if isLeader {
      counters.walSyncs.record(UInt64(sync.count))
      counters.writing = counters.writing + length
    }
    members[member].isWriting = true
    members[member].writingTo = members[member].last
    members[member].writingUntil = loop.now + length
    loop.schedule(own(.logWritten, member), after: length)
  }

  private mutating func appendProposals(
    of member: Int, _ world: inout World, at now: Nanoseconds
  ) {
    while proposals.count > 0 {
      let place = proposals.removeFirst(from: world.requests)
      let home = endpoint(of: world.requests[place].server) ?? member
      world.requests[place].appended = now
      log.append(LogEntry(request: place, endpoint: UInt8(home)))
      members[member].last += 1
      database.written(ByteCount(Int64(world.requests[place].bytes)))
    }
    members[member].lastTerm = members[member].term
    matched[member] = members[member].last
  }

  /// Followers are sent the entries while the leader writes them itself.
  func sendEntries(from member: Int, _ loop: inout Loop) {
    for follower in members.indices where follower != member && members[follower].isUp {
      loop.schedule(
        own(
          .appendArrives, follower, other: member,
          index: UInt32(truncatingIfNeeded: members[member].last)),
        after: halfTrip)
    }
  }

  mutating func appendArrives(
    from leader: Int, at member: Int, upTo index: UInt32, _ world: inout World,
    _ loop: inout Loop
  ) {
    guard members[member].isUp, members[leader].isUp, members[leader].role == .leader,
      members[leader].term >= members[member].term
    else { return }
    follow(leader, at: member, &world, &loop)
    members[member].last = max(members[member].last, UInt64(index))
    members[member].lastTerm = members[leader].term
    beginWrite(at: member, &world, &loop)
    if members[member].synced >= UInt64(index) { acknowledge(at: member, &loop) }
  }

  /// The write is done: what was committed meanwhile goes to be applied, and the next begins.
  mutating func logWritten(at member: Int, _ world: inout World, _ loop: inout Loop) {
    members[member].isWriting = false
    members[member].synced = min(members[member].writingTo, members[member].last)
    guard members[member].isRunning else { return }
    if members[member].role == .leader {
      advanceCommit(of: member)
    } else {
      acknowledge(at: member, &loop)
    }
    deliver(at: member, &world, &loop)
    if members[member].owesTick {
      members[member].owesTick = false
      tick(member, &world, &loop)
    }
    beginWrite(at: member, &world, &loop)
  }

  private func acknowledge(at member: Int, _ loop: inout Loop) {
    let lead = members[member].lead
    guard lead != Member.nobody, Int(lead) != member, members[member].isUp else { return }
    loop.schedule(
      own(
        .acknowledged, member, other: Int(lead),
        index: UInt32(truncatingIfNeeded: members[member].synced)),
      after: halfTrip)
  }

  mutating func acknowledged(
    by member: Int, to leader: Int, upTo index: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[leader].isUp, members[leader].role == .leader else { return }
    matched[member] = max(matched[member], UInt64(index))
    advanceCommit(of: leader)
    if !members[leader].isWriting { deliver(at: leader, &world, &loop) }
  }

  /// Commits what a quorum has; the leader's own entries count once it has appended them, but a
  /// lone member's only when they are on disk (etcd 3.4.20, #14394).
  private mutating func advanceCommit(of leader: Int) {
    var reached = members[leader].commit
    if members.count == 1 {
      reached = members[leader].synced
    } else {
      for candidate in members.indices where matched[candidate] > reached {
        let index = matched[candidate]
        let agreeing = members.indices.count { matched[$0] >= index }
        if agreeing >= quorum { reached = index }
      }
    }
    guard reached > members[leader].commit, reached >= termStart else { return }
    members[leader].commit = reached
  }

  /// The raft loop hands what is committed to the apply loop and tells the followers.
  mutating func deliver(at member: Int, _ world: inout World, _ loop: inout Loop) {
    let reached = min(members[member].commit, members[member].last)
    guard reached > members[member].delivered else { return }
    let begin = max(members[member].delivered, logBase)
    members[member].delivered = reached
    if members[member].role == .leader {
      for index in begin..<max(begin, reached) {
        let entry = log[Int(index - logBase)]
        guard entry.request != LogEntry.noRequest else { continue }
        world.requests[entry.request].committed = loop.now
      }
      for follower in members.indices where follower != member && members[follower].isUp {
        loop.schedule(
          own(.commitArrives, follower, index: UInt32(truncatingIfNeeded: reached)),
          after: halfTrip)
      }
    }
    beginApplying(at: member, &world, &loop)
  }

  mutating func commitArrives(
    at member: Int, upTo index: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].isUp, members[member].role != .leader else { return }
    let reached = min(UInt64(index), members[member].synced)
    members[member].commit = max(members[member].commit, reached)
    if !members[member].isWriting { deliver(at: member, &world, &loop) }
  }
}
