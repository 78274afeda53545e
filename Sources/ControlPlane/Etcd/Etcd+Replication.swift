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
      step(member, &world, &loop)
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
    step(member, &world, &loop)
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

  /// Raft's own goroutine is woken, unless it is at work: of all that waits for it, it takes
  /// proposals and the raft loop in turns, by chance (raft/node.go, `node.run`: a `select`).
  ///
  /// The raft loop gets all that is new when its turn comes, and those who propose wait meanwhile:
  /// a small write is followed by a large one.
  mutating func step(_ member: Int, _ world: inout World, _ loop: inout Loop) {
    guard members[member].isUp, !members[member].isStepping else { return }
    while true {
      let proposes = members[member].role == .leader && proposals.count > 0
      let serves = members[member].isAdvancing || isDue(member)
      if serves, !proposes || streams[member].below(2) == 0 {
        serve(member)
      } else if proposes {
        let place = proposals.removeFirst(from: world.requests)
        guard parameters.proposalCPU > .zero else {
          append(place, at: member, &world, at: loop.now)
          continue
        }
        members[member].isStepping = true
        return spendCPU(.stepped, parameters.proposalCPU, member, on: place, .next)
      } else {
        return
      }
    }
  }

  /// Whether the raft loop waits for something to do, and there is something.
  private func isDue(_ member: Int) -> Bool {
    !members[member].isWriting && !members[member].isReturning
      && (members[member].last > members[member].synced || owesDelivery(member))
  }

  /// The raft loop is heard, or given what is new.
  private mutating func serve(_ member: Int) {
    if members[member].isAdvancing {
      members[member].isAdvancing = false
      members[member].isReturning = true
      return spendCPU(.returned, .zero, member, .next)
    }
    beginTurn(of: member)
  }

  /// The raft loop takes what is new.
  private mutating func beginTurn(of member: Int) {
    let entries = min(
      members[member].last - members[member].synced, UInt64(parameters.entriesPerWrite))
    members[member].isWriting = true
    members[member].writingTo = members[member].synced + entries
    spendCPU(
      .cycle, parameters.cycleCost + parameters.entryCost * Int64(entries), member, .next)
  }

  /// Raft's own goroutine has taken a proposal.
  mutating func stepped(
    _ place: UInt32, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    members[member].isStepping = false
    if members[member].isUp, members[member].role == .leader {
      append(place, at: member, &world, at: loop.now)
    } else {
      drop(place, at: member, &world, &loop)
    }
    step(member, &world, &loop)
  }

  /// The raft loop was heard, and asks for more: it takes what raft has to offer, or waits.
  mutating func returned(at member: Int) {
    members[member].isReturning = false
    guard members[member].isUp, !members[member].isStepping, isDue(member) else { return }
    wake(member)
    beginTurn(of: member)
  }

  /// Raft's own goroutine, which waited, was handed something by the raft loop, or has handed it
  /// something: it is to go on.
  private mutating func wake(_ member: Int) {
    members[member].isStepping = true
    spendCPU(.woken, .zero, member, .next)
  }

  /// Raft's own goroutine goes on.
  mutating func woken(at member: Int, _ world: inout World, _ loop: inout Loop) {
    members[member].isStepping = false
    step(member, &world, &loop)
  }

  /// The raft loop has its turn.
  ///
  /// The entries of a lone member are committed when they are on disk, so that it writes them
  /// before it hands them on (etcdserver/raft.go, `shouldWaitWALSync`, since 3.4.20).
  mutating func cycle(of member: Int, _ world: inout World, _ loop: inout Loop) {
    members[member].writingUntil = loop.now
    if members.count == 1, members[member].writingTo > members[member].synced {
      write(at: member, isTaken: true, &world, &loop)
    } else {
      handOn(at: member, &world, &loop)
    }
  }

  /// The raft loop hands on what is committed, if the keeper has taken what was before, and writes
  /// what is new.
  private mutating func handOn(at member: Int, _ world: inout World, _ loop: inout Loop) {
    if owesDelivery(member) { deliver(at: member, &world, &loop) }
    if members[member].isHandingOver {
      members[member].isHeldUp = true
    } else {
      write(at: member, &world, &loop)
    }
  }

  /// The raft loop hands on what is committed, unless that was done or is to come, and writes what
  /// it took.
  private mutating func write(
    at member: Int, isTaken: Bool = false, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].writingTo > members[member].synced else {
      if !isTaken { handOver(at: member, &world, &loop) }
      return turnDone(at: member, &world, &loop)
    }
    let isLeader = members[member].role == .leader
    if isLeader { sendEntries(from: member, &loop) }
    let length = sync(of: member, &loop)
    if isLeader {
      let first = Int(max(members[member].synced, logBase) - logBase)
      let end = min(Int(max(members[member].writingTo, logBase) - logBase), log.count)
      for place in first..<max(first, end) where log[place].request != LogEntry.noRequest {
        world.requests[log[place].request].logging = length
      }
      counters.writing = counters.writing + parameters.cycleCost + length
    }
    members[member].writingUntil = loop.now + length
    if !isTaken { handOver(at: member, &world, &loop) }
    if members[member].isHeld {
      loop.schedule(own(.synced, member), after: length)
    } else {
      // The thread keeps its processor for so long.
      spendCPU(.logWritten, length, member, .next)
    }
  }

  /// The raft loop hands what is committed to the apply loop's keeper, a goroutine that it wakes.
  ///
  /// Where the disk holds the raft loop up, the keeper goes next. Else the raft loop wakes raft
  /// after it, which goes first: the keeper has to wait for all that waits, and the raft loop, at
  /// its next turn, for the keeper (etcdserver/raft.go, `applyc`; runtime/proc.go, `runnext`).
  private mutating func handOver(
    at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    guard machines.hasWaiting(member) else { return handedOver(at: member, &world, &loop) }
    members[member].isHandingOver = true
    spendCPU(.handedOver, .zero, member, .next)
  }

  /// The keeper wakes the apply loop, and then the raft loop if that waits to hand on more: the
  /// last one that is woken goes first.
  mutating func handedOver(at member: Int, _ world: inout World, _ loop: inout Loop) {
    let isHeldUp = members[member].isHeldUp
    members[member].isHandingOver = false
    members[member].isHeldUp = false
    members[member].delivered = members[member].offered
    beginApplying(at: member, &world, &loop)
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
      machines.spend(
        parameters.syncCPU, then: own(.spent, member), of: Machines.Process.kernel, .common)
    }
    if parameters.syncHoldCPU > .zero { spendCPU(.held, parameters.syncHoldCPU, member) }
    return length
  }

  /// A thread that the disk held up has lost its CPU, and asks for one again.
  mutating func synced(at member: Int, _ world: inout World, _ loop: inout Loop) {
    guard parameters.syncReturnCPU > .zero || !machines.isReady(member) else {
      return logWritten(at: member, &world, &loop)
    }
    spendCPU(.logWritten, parameters.syncReturnCPU, member, .common)
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
    return from / Self.pageBytes != end(of: members[member].writingTo) / Self.pageBytes
  }

  private mutating func drawOverwrite(of member: Int) -> Nanoseconds {
    guard let walOverwrite else { return drawSync(of: member) }
    return slowed(walOverwrite.draw(&streams[member]), at: member)
  }

  /// A proposal becomes an entry of the leader's log.
  private mutating func append(
    _ place: UInt32, at member: Int, _ world: inout World, at now: Nanoseconds
  ) {
    let home = endpoint(of: world.requests[place].server) ?? member
    world.requests[place].appended = now
    let bytes = Self.recordBytes + UInt64(world.requests[place].bytes)
    log.append(
      LogEntry(request: place, endpoint: UInt8(home), end: end(of: members[member].last) + bytes))
    members[member].last += 1
    database.written(ByteCount(Int64(world.requests[place].bytes)))
    members[member].lastTerm = members[member].term
    matched[member] = members[member].last
  }

  /// Followers are sent the entries while the leader writes them itself.
  mutating func sendEntries(from member: Int, _ loop: inout Loop) {
    let upTo = members[member].writingTo
    let index = UInt32(truncatingIfNeeded: upTo)
    let entries = upTo - min(upTo, members[member].synced)
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
    step(member, &world, &loop)
    if members[member].synced >= UInt64(index) { acknowledge(at: member, &loop) }
  }

  /// The write is done: what it commits goes to be applied, and the next begins.
  mutating func logWritten(at member: Int, _ world: inout World, _ loop: inout Loop) {
    if members[member].role == .leader {
      // As etcd's metric has it: until the thread that waited for the disk runs again.
      counters.walSyncs.record(UInt64((loop.now - members[member].syncing).count))
    }
    members[member].synced = min(members[member].writingTo, members[member].last)
    guard members[member].isRunning else {
      members[member].isWriting = false
      return
    }
    if members[member].role == .leader {
      advanceCommit(of: member)
    } else {
      acknowledge(at: member, &loop)
    }
    if members.count == 1 {
      handOn(at: member, &world, &loop)
    } else {
      turnDone(at: member, &world, &loop)
    }
  }

  /// The raft loop's turn is over: the tick that fell due during it, and the next turn, unless raft
  /// has no time to hear of it.
  private mutating func turnDone(at member: Int, _ world: inout World, _ loop: inout Loop) {
    members[member].isWriting = false
    members[member].isAdvancing = members[member].isStepping
    // Who was woken before raft waits behind all others from now on.
    if !members[member].isStepping, members[member].isHandingOver { wake(member) }
    if members[member].owesTick {
      members[member].owesTick = false
      tick(member, &world, &loop)
    }
    step(member, &world, &loop)
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
    step(leader, &world, &loop)
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
    step(member, &world, &loop)
  }
}
