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
    receive(
      place, at: member, putCPU(beforeProposal: true), .preparedPut, byReader: .receivedPut, world)
  }

  mutating func preparedPut(
    _ place: UInt32, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
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

  /// Whether the raft loop has commits to hand on, which takes it a turn: a write of its own, what
  /// followers answer, and what the leader says, come in between turns.
  private func owesDelivery(_ member: Int) -> Bool {
    min(members[member].commit, members[member].last) > members[member].offered
  }

  /// The raft loop asks for a CPU if it is free and has something to write or to hand on.
  mutating func beginWrite(at member: Int, _ world: inout World, _ loop: inout Loop) {
    guard members[member].isUp, !members[member].isWriting else { return }
    let isLeader = members[member].role == .leader
    let entries =
      Int64(members[member].last - members[member].synced)
      + (isLeader ? Int64(proposals.count) : 0)
    guard entries > 0 || owesDelivery(member) else { return }
    members[member].isWriting = true
    members[member].writingUntil = loop.now
    spendCPU(
      .cycle, parameters.cycleCost + parameters.entryCost * entries, member, goesNext: true)
  }

  /// The raft loop takes all that waits by now into one write of the log.
  mutating func cycle(of member: Int, _ world: inout World, _ loop: inout Loop) {
    let isLeader = members[member].role == .leader
    if isLeader && members[member].isUp { appendProposals(of: member, &world, at: loop.now) }
    if owesDelivery(member) { deliver(at: member, &world, &loop) }
    if members[member].isHandingOver {
      members[member].isHeldUp = true
    } else {
      write(at: member, &world, &loop)
    }
  }

  /// The raft loop hands on what is committed, unless that was taken already, and writes what it
  /// took.
  private mutating func write(
    at member: Int, isTaken: Bool = false, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].last > members[member].synced else {
      members[member].isWriting = false
      if !isTaken { handOver(at: member, isNext: false, &world, &loop) }
      return turnDone(at: member, &world, &loop)
    }
    let isLeader = members[member].role == .leader
    if isLeader { sendEntries(from: member, &loop) }
    let length = sync(of: member, &loop)
    if isLeader {
      let first = Int(max(members[member].synced, logBase) - logBase)
      for place in first..<max(first, log.count) where log[place].request != LogEntry.noRequest {
        world.requests[log[place].request].logging = length
      }
      counters.writing = counters.writing + parameters.cycleCost + length
    }
    members[member].writingTo = members[member].last
    members[member].writingUntil = loop.now + length
    if !isTaken { handOver(at: member, isNext: members[member].isHeld, &world, &loop) }
    loop.schedule(own(.synced, member), after: length)
  }

  /// The raft loop hands what is committed to the apply loop's keeper, a goroutine that it wakes.
  ///
  /// Where the disk holds the raft loop up, the keeper goes next. Else the raft loop wakes another
  /// one after it, which goes first: the keeper has to wait for all that waits, and the raft loop,
  /// at its next turn, for the keeper (etcdserver/raft.go, `applyc`; runtime/proc.go, `runnext`).
  private mutating func handOver(
    at member: Int, isNext: Bool, _ world: inout World, _ loop: inout Loop
  ) {
    guard machines.hasWaiting(member) else { return handedOver(at: member, &world, &loop) }
    members[member].isHandingOver = true
    spendCPU(.handedOver, .zero, member, goesNext: isNext)
  }

  /// The keeper wakes the apply loop, and then the raft loop if that waits to hand on more: the
  /// last one that is woken goes first.
  mutating func handedOver(at member: Int, _ world: inout World, _ loop: inout Loop) {
    let isHeldUp = members[member].isHeldUp
    members[member].isHandingOver = false
    members[member].isHeldUp = false
    members[member].delivered = members[member].offered
    beginApplying(at: member, goesNext: !isHeldUp, &world, &loop)
    if isHeldUp { write(at: member, isTaken: true, &world, &loop) }
  }

  /// How long the loop is in the write and sync of what it took.
  private mutating func sync(of member: Int, _ loop: inout Loop) -> Nanoseconds {
    let isNew = isOnNewPage(member)
    var length = isNew ? drawSync(of: member) : drawOverwrite(of: member)
    members[member].syncing = loop.now
    members[member].isHeld = length > Self.patience
    guard members[member].isHeld else { return length }
    if isNew, parameters.placement == .oneMachine {
      length = journal.commit(length, at: loop.now) - loop.now
    }
    if parameters.syncCPU > .zero {
      machines.spend(parameters.syncCPU, then: own(.spent, member), of: Machines.Process.kernel)
    }
    if parameters.syncHoldCPU > .zero { spendCPU(.held, parameters.syncHoldCPU, member) }
    return length
  }

  /// A thread that the disk held up has lost its CPU, and asks for one again.
  mutating func synced(at member: Int, _ world: inout World, _ loop: inout Loop) {
    guard members[member].isHeld, parameters.syncReturnCPU > .zero || !machines.isReady(member)
    else {
      return logWritten(at: member, &world, &loop)
    }
    spendCPU(.logWritten, parameters.syncReturnCPU, member, isBack: true)
  }

  /// How long Go lets a system call have its processor (runtime/proc.go, `retake`: one turn of
  /// sysmon, 20 us).
  private static let patience = Nanoseconds.microseconds(20)

  /// A put in the log beside its value: the key of a lease, and the fields of the record, the entry
  /// and the request (wal/walpb, raftpb, etcdserverpb).
  static let recordBytes: UInt64 = 100
  private static let pageBytes: UInt64 = 4096

  /// Bytes of the log up to the end of an entry, or of the last one that the leader has.
  func end(of index: UInt64) -> UInt64 {
    let place = min(Int64(index) - Int64(logBase), Int64(log.count))
    return place > 0 ? log[Int(place) - 1].end : logBytes
  }

  /// Whether a page of the log is written for the first time: its position and how large batches
  /// are decide that.
  private func isOnNewPage(_ member: Int) -> Bool {
    guard walOverwrite != nil else { return true }
    let from = end(of: members[member].synced)
    return from / Self.pageBytes != end(of: members[member].last) / Self.pageBytes
  }

  private mutating func drawOverwrite(of member: Int) -> Nanoseconds {
    guard let walOverwrite else { return drawSync(of: member) }
    return slowed(walOverwrite.draw(&streams[member]), at: member)
  }

  private mutating func appendProposals(
    of member: Int, _ world: inout World, at now: Nanoseconds
  ) {
    var room = parameters.entriesPerWrite
    while proposals.count > 0 && room > 0 {
      room -= 1
      let place = proposals.removeFirst(from: world.requests)
      let home = endpoint(of: world.requests[place].server) ?? member
      world.requests[place].appended = now
      let bytes = Self.recordBytes + UInt64(world.requests[place].bytes)
      log.append(
        LogEntry(
          request: place, endpoint: UInt8(home), end: end(of: members[member].last) + bytes))
      members[member].last += 1
      database.written(ByteCount(Int64(world.requests[place].bytes)))
    }
    members[member].lastTerm = members[member].term
    matched[member] = members[member].last
  }

  /// Followers are sent the entries while the leader writes them itself.
  mutating func sendEntries(from member: Int, _ loop: inout Loop) {
    let index = UInt32(truncatingIfNeeded: members[member].last)
    let entries = members[member].last - min(members[member].last, members[member].synced)
    for follower in members.indices where follower != member && members[follower].isUp {
      send(
        own(.appendArrives, follower, other: member, index: index), as: .appendSent,
        entries: entries, by: member, &loop)
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
    if members[member].role == .leader {
      // As etcd's metric has it: until the thread that waited for the disk runs again.
      counters.walSyncs.record(UInt64((loop.now - members[member].syncing).count))
    }
    members[member].synced = min(members[member].writingTo, members[member].last)
    guard members[member].isRunning else { return }
    if members[member].role == .leader {
      advanceCommit(of: member)
    } else {
      acknowledge(at: member, &loop)
    }
    turnDone(at: member, &world, &loop)
  }

  /// The raft loop's turn is over: the tick that fell due during it, and the next turn.
  private mutating func turnDone(at member: Int, _ world: inout World, _ loop: inout Loop) {
    if members[member].owesTick {
      members[member].owesTick = false
      tick(member, &world, &loop)
    }
    beginWrite(at: member, &world, &loop)
  }

  private mutating func acknowledge(at member: Int, _ loop: inout Loop) {
    let lead = members[member].lead
    guard lead != Member.nobody, Int(lead) != member, members[member].isUp else { return }
    let index = UInt32(truncatingIfNeeded: members[member].synced)
    send(
      own(.acknowledged, member, other: Int(lead), index: index), as: .acknowledgementSent,
      entries: members[member].synced - min(members[member].synced, matched[member]), by: member,
      &loop)
  }

  mutating func acknowledged(
    by member: Int, to leader: Int, upTo index: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[leader].isUp, members[leader].role == .leader else { return }
    matched[member] = max(matched[member], UInt64(index))
    advanceCommit(of: leader)
    beginWrite(at: leader, &world, &loop)
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

  /// The raft loop takes what is committed, and tells the followers.
  mutating func deliver(at member: Int, _ world: inout World, _ loop: inout Loop) {
    let reached = min(members[member].commit, members[member].last)
    guard reached > members[member].offered else { return }
    let begin = max(members[member].offered, logBase)
    members[member].offered = reached
    if members[member].role == .leader {
      for index in begin..<max(begin, reached) {
        let entry = log[Int(index - logBase)]
        guard entry.request != LogEntry.noRequest else { continue }
        world.requests[entry.request].committed = loop.now
      }
      for follower in members.indices where follower != member && members[follower].isUp {
        let index = UInt32(truncatingIfNeeded: reached)
        send(
          own(.commitArrives, follower, other: member, index: index), as: .commitSent, entries: 0,
          by: member, &loop)
      }
    }
  }

  mutating func commitArrives(
    at member: Int, upTo index: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].isUp, members[member].role != .leader else { return }
    let reached = min(UInt64(index), members[member].synced)
    members[member].commit = max(members[member].commit, reached)
    beginWrite(at: member, &world, &loop)
  }
}
