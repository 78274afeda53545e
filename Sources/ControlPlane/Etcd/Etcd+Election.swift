internal import Measure
internal import Simulation

/// Who leads: ticks, heartbeats and votes of raft, as etcd has them (raft/raft.go, 3.4).
extension Etcd {
  /// The election timeout in ticks.
  ///
  /// 5 for 500 ms of heartbeat and 2500 ms of election timeout, so that only 5 different randomised
  /// timeouts are possible.
  var electionTicks: Int32 {
    Int32(parameters.electionTimeout.count / max(1, parameters.heartbeatInterval.count))
  }

  /// A new randomised timeout: E to 2 E - 1 ticks (`resetRandomizedElectionTimeout`).
  mutating func drawTimeout(of member: Int) {
    let more = streams[member].below(UInt64(max(1, electionTicks)))
    members[member].timeout = electionTicks + Int32(more)
  }

  mutating func tickFalls(on member: Int, _ world: inout World, _ loop: inout Loop) {
    loop.schedule(own(.tick, member), after: parameters.heartbeatInterval)
    answerOverdue(&world, &loop)
    guard members[member].isRunning else { return }
    // The raft loop writes its log and cannot tick; its ticker keeps one tick for afterwards.
    if members[member].isWriting {
      members[member].owesTick = true
    } else {
      tick(member, &world, &loop)
    }
  }

  mutating func tick(_ member: Int, _ world: inout World, _ loop: inout Loop) {
    members[member].elapsed += 1
    guard members[member].role == .leader else {
      if members[member].elapsed >= members[member].timeout {
        members[member].elapsed = 0
        campaign(member, isPre: parameters.preVote, &loop)
      }
      return
    }
    if members[member].elapsed >= electionTicks {
      members[member].elapsed = 0
      let heard = members.indices.count { $0 == member || canReach(member, $0) }
      if heard < quorum { stepDown(member, term: members[member].term) }
    }
    guard members[member].isConnected else { return }
    for follower in members.indices where follower != member && members[follower].isUp {
      loop.schedule(own(.heartbeatArrives, follower, other: member), after: halfTrip)
    }
  }

  func canReach(_ one: Int, _ other: Int) -> Bool { members[one].isUp && members[other].isUp }

  mutating func heartbeatArrives(
    from leader: Int, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].isUp, members[leader].isUp, members[leader].role == .leader else {
      return
    }
    // A leader of an older term learns of the newer one and gives way.
    guard members[leader].term >= members[member].term else {
      return stepDown(leader, term: members[member].term)
    }
    follow(leader, at: member, &world, &loop)
    let behind = members[member].last < members[leader].last
    if behind, !members[leader].isWriting, members[leader].last == members[leader].synced {
      members[member].last = members[leader].last
      step(member, &world, &loop)
    }
  }

  /// Takes `leader` as its leader; what waited for one goes to it.
  mutating func follow(
    _ leader: Int, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    if members[member].term < members[leader].term {
      members[member].term = members[leader].term
      members[member].vote = Member.nobody
      drawTimeout(of: member)
      members[member].last = min(members[member].last, members[leader].last)
      members[member].synced = min(members[member].synced, members[member].last)
    }
    members[member].role = .follower
    members[member].elapsed = 0
    members[member].lead = UInt8(leader)
    while members[member].leaderless.count > 0 {
      let place = members[member].leaderless.removeFirst(from: world.requests)
      loop.schedule(own(.forwarded, leader, index: place), after: halfTrip)
    }
    confirmReads(at: member, &loop)
  }

  /// Becomes a follower of nobody in `term` (`becomeFollower(term, None)`).
  mutating func stepDown(_ member: Int, term: UInt32) {
    if term > members[member].term { members[member].vote = Member.nobody }
    members[member].term = max(term, members[member].term)
    members[member].role = .follower
    members[member].lead = Member.nobody
    members[member].elapsed = 0
    drawTimeout(of: member)
  }

  // MARK: Votes

  mutating func campaign(_ member: Int, isPre: Bool, _ loop: inout Loop) {
    members[member].lead = Member.nobody
    members[member].votesFor = 1
    members[member].votesAgainst = 0
    counters.campaigns += 1
    var term = members[member].term + 1
    var delay = halfTrip
    if isPre {
      members[member].role = .preCandidate
    } else {
      members[member].role = .candidate
      members[member].term = term
      members[member].vote = UInt8(member)
      members[member].elapsed = 0
      drawTimeout(of: member)
      term = members[member].term
      // A candidate's own vote is on disk before it asks for others'.
      delay = delay + drawSync(of: member)
    }
    if quorum == 1 { return won(member, isPre: isPre, &loop) }
    for other in members.indices where other != member {
      let ballot = Ballot(
        from: UInt8(member), to: UInt8(other), isPre: isPre, term: term,
        last: members[member].last, lastTerm: members[member].lastTerm)
      loop.schedule(own(.ballotArrives, index: ballots.insert(ballot)), after: delay)
    }
  }

  mutating func ballotArrives(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let ballot = ballots.remove(place)
    let member = Int(ballot.to)
    guard members[member].isUp, members[Int(ballot.from)].isUp else { return }
    if ballot.isAnswer {
      count(ballot, at: member, &world, &loop)
    } else {
      judge(ballot, at: member, &loop)
    }
  }

  /// Grants or refuses a vote (`Step`, cases MsgVote and MsgPreVote).
  private mutating func judge(_ ballot: Ballot, at member: Int, _ loop: inout Loop) {
    let isNewer = ballot.term > members[member].term
    // Who heard of a leader within the election timeout does not listen (CheckQuorum).
    let inLease =
      members[member].lead != Member.nobody && members[member].elapsed < electionTicks
    if isNewer && inLease { return }
    if isNewer && !ballot.isPre { stepDown(member, term: ballot.term) }
    if ballot.term < members[member].term && !ballot.isPre { return }
    let mayVote =
      members[member].vote == ballot.from
      || (members[member].vote == Member.nobody && members[member].lead == Member.nobody)
      || (ballot.isPre && isNewer)
    let isUpToDate =
      ballot.lastTerm > members[member].lastTerm
      || (ballot.lastTerm == members[member].lastTerm && ballot.last >= members[member].last)
    var reply = ballot
    reply.from = ballot.to
    reply.to = ballot.from
    reply.isAnswer = true
    reply.granted = mayVote && isUpToDate && ballot.term >= members[member].term
    if !reply.granted { reply.term = members[member].term }
    var delay = halfTrip
    if reply.granted && !ballot.isPre {
      members[member].vote = ballot.from
      members[member].elapsed = 0
      delay = delay + drawSync(of: member)
    }
    loop.schedule(own(.ballotArrives, index: ballots.insert(reply)), after: delay)
  }

  private mutating func count(
    _ ballot: Ballot, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    let role: Member.Role = ballot.isPre ? .preCandidate : .candidate
    if !ballot.granted && ballot.term > members[member].term {
      return stepDown(member, term: ballot.term)
    }
    guard members[member].role == role else { return }
    if ballot.granted {
      members[member].votesFor += 1
    } else {
      members[member].votesAgainst += 1
    }
    if Int(members[member].votesFor) >= quorum {
      won(member, isPre: ballot.isPre, &loop)
      if members[member].role == .leader { beginTerm(of: member, &world, &loop) }
    } else if Int(members[member].votesAgainst) >= quorum {
      stepDown(member, term: members[member].term)
    }
  }

  private mutating func won(_ member: Int, isPre: Bool, _ loop: inout Loop) {
    if isPre { return campaign(member, isPre: false, &loop) }
    members[member].role = .leader
    members[member].lead = UInt8(member)
    members[member].elapsed = 0
    counters.leaderChanges += 1
  }

  /// A new leader appends an empty entry; what the old one had and it has not is lost.
  mutating func beginTerm(
    of member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    for other in members.indices
    where other != member && members[other].role == .leader
      && members[other].isUp
    {
      stepDown(other, term: members[member].term)
    }
    while logBase + UInt64(log.count) > members[member].last {
      let entry = log.removeLast()
      if entry.request != LogEntry.noRequest { lose(entry.request, &world, &loop) }
    }
    for other in members.indices { matched[other] = 0 }
    let end = end(of: members[member].last) + Self.recordBytes
    log.append(LogEntry(request: LogEntry.noRequest, endpoint: UInt8(member), end: end))
    members[member].last += 1
    members[member].lastTerm = members[member].term
    matched[member] = members[member].last
    termStart = members[member].last
    while members[member].leaderless.count > 0 {
      proposals.append(
        members[member].leaderless.removeFirst(from: world.requests), in: &world.requests)
    }
    step(member, &world, &loop)
    confirmReads(at: member, &loop)
  }
}
