internal import Measure
internal import Simulation

/// An etcd cluster: raft, the write-ahead log, the backend, elections.
///
/// One raft loop a member takes all that waits into one write of the log (a gated batch), sends it
/// to the followers meanwhile, and hands on what is committed when the write is done
/// (etcd 3.4, etcdserver/raft.go `raftNode.start`).
struct Etcd: ~Copyable {
  private let standing = Standing()
  /// Kinds of events of its own; `lane` is the member.
  enum Kind: UInt8 {
    case tick
    /// CPU for request `index` is spent; before the proposal, or before the answer.
    case preparedPut, finished
    /// A connection's reader has taken in a put, or a read, linearizable or not.
    case receivedPut, receivedRead, receivedLocalRead
    /// A handler has all that its answer needs; its connection's writer has written it.
    case handled, written
    /// Thread `lane` has had its turn, from job `index` on; what that led to has happened.
    case turn, left
    /// A member has nothing to do any more.
    case rests
    /// A request forwarded by a follower reaches the leader.
    case forwarded
    /// Raft's own goroutine has taken proposal `index`; it goes on; the raft loop was heard.
    case stepped, woken, returned
    /// The raft loop has had a CPU to take what is new; its write is on disk; it has a CPU again.
    case cycle, synced, logWritten
    /// The apply loop's keeper has taken what the raft loop handed on.
    case handedOver
    /// The leader has written a message, with the lane and index of its arrival; a follower has.
    case appendSent, commitSent, acknowledgementSent
    /// The leader's entries up to `index` reach a follower; its lane holds the leader above.
    case appendArrives
    /// A follower's answer reaches the leader, which is `lane`'s high byte.
    case acknowledged
    /// News of what is committed, up to `index`, reaches a follower.
    case commitArrives
    case heartbeatArrives
    case ballotArrives
    case applied
    case backendTick, backendCommitted
    /// The raft loop has taken up a round of confirmation; its messages arrive, are answered.
    case readsAsked, readsSent, readsHeard, readsAnswered, readsConfirmed
    /// A message has had its CPU: what it says happens now.
    case appendTaken, acknowledgementTaken, commitTaken
    /// CPU was spent that nobody waits for: of the kernel's threads, of a member.
    case spent, held
    case compact
    case gaveUp
  }

  let parameters: EtcdParameters
  var members: Table<Member>
  /// The leader's view of how far each member's log agrees with its own.
  var matched: Table<UInt64>
  /// The requests of entries `logBase + 1 ...`, as the leader has them.
  var log = Ring<LogEntry>(capacity: 1024)
  var logBase: UInt64 = 0
  /// The first entry of the leader's term: only from there on may it count (raft, section 5.4.2).
  var termStart: UInt64 = 0
  /// Requests that wait for the leader's next batch.
  var proposals = RequestQueue()
  var ballots = Slab<Ballot>(capacity: 16)
  var machines: Machines
  /// Connections that clients have to each member, and the first of their threads: a reader and a
  /// writer each; none where clients are not told apart.
  private(set) var connections = 0
  /// The journal of the file system that all members share, where they do.
  var journal = Journal()
  var streams: Table<RandomStream>
  /// Bytes of the write-ahead log up to entry `logBase`.
  var logBytes: UInt64 = 0
  let walSync: Distribution
  let walOverwrite: Distribution?
  let backendCommit: Distribution
  var database = DatabaseSize()
  var counters = EtcdCounters()

  init(_ world: borrowing World) {
    parameters = world.model.etcd
    members = Table(capacity: parameters.members)
    matched = Table(repeating: 0, count: parameters.members)
    machines = Machines(
      parameters, world.stream(.etcd, of: UInt32(parameters.members)), world.sharedMachine)
    streams = Table(capacity: parameters.members)
    walSync = parameters.walSync.distribution
    walOverwrite = parameters.walOverwrite?.distribution
    backendCommit = parameters.backendCommit.distribution
    for member in 0..<parameters.members {
      members.append(Member())
      streams.append(world.stream(.etcd, of: UInt32(member)))
    }
  }

  /// Makes the threads of connections, before any other.
  mutating func makeConnections(_ count: Int) {
    connections = count
    for member in members.indices {
      for _ in 0..<count {
        let process = UInt8(member)
        _ = machines.makeThread(of: process, turnCPU: parameters.socketReadCPU, kind: .polled)
        _ = machines.makeThread(of: process, turnCPU: parameters.socketWriteCPU, kind: .yields)
      }
    }
  }

  var quorum: Int { members.count / 2 + 1 }
  var halfTrip: Nanoseconds { Nanoseconds(parameters.roundTrip.count / 2) }

  /// The member that leads and runs, if there is one.
  var leader: Int? {
    members.indices.first { members[$0].role == .leader && members[$0].isUp }
  }

  /// What work leads to happens before its CPU goes to what waits: what it wakes may have that CPU.
  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    machines.reach(loop.now)
    switch event.what {
    case Port.start: start(&loop)
    case Port.propose: acceptPut(event.index, &world, &loop)
    case Port.read: acceptRead(event.index, linearizable: event.lane == 1, &world, &loop)
    default: handleOwn(event, &world, &loop)
    }
    machines.settle(&loop)
  }

  private mutating func handleOwn(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    guard let kind = Kind(rawValue: event.what) else { preconditionFailure("unknown event") }
    let member = Int(event.lane & 0xFF)
    let other = Int(event.lane >> 8)
    switch kind {
    case .tick: tickFalls(on: member, &world, &loop)
    case .turn: machines.endTurn(Int(event.lane), first: event.index, &loop)
    case .left: machines.leave(thread: Int(event.lane))
    case .rests: machines.rested(on: Int(event.lane), look: event.index, &loop)
    case .preparedPut:
      preparedPut(event.index, at: member, &world, &loop)
      leaveCPU(member)
    case .receivedPut:
      spendCPU(.preparedPut, putCPU(beforeProposal: true), member, on: event.index)
    case .receivedRead: receivedRead(event.index, at: member, &world, &loop)
    case .receivedLocalRead: spendCPU(.handled, parameters.readCPU, member, on: event.index)
    case .handled:
      finish(event.index, at: member, .zero, world)
      leaveCPU(member)
    case .finished:
      leaveCPU(member)
      answer(event.index, .ok, &world, &loop)
    case .written: answer(event.index, .ok, &world, &loop)
    case .forwarded: reachLeader(event.index, at: member, &world, &loop)
    case .synced: synced(at: member, &world, &loop)
    case .stepped, .woken, .returned, .cycle, .logWritten, .handedOver:
      goOn(kind, event.index, at: member, &world, &loop)
      leaveCPU(member)
    case .appendSent: sent(event, as: .appendArrives, by: other, &loop)
    case .commitSent: sent(event, as: .commitArrives, by: other, &loop)
    case .acknowledgementSent: sent(event, as: .acknowledged, by: member, &loop)
    case .appendArrives:
      let known = members[member].last
      take(event, as: .appendTaken, after: known, at: member, &world, &loop)
    case .acknowledged:
      take(event, as: .acknowledgementTaken, after: matched[member], at: other, &world, &loop)
    case .commitArrives: take(event, as: .commitTaken, after: nil, at: member, &world, &loop)
    case .appendTaken, .acknowledgementTaken, .commitTaken:
      taken(event, kind, &world, &loop)
      leaveCPU(kind == .acknowledgementTaken ? other : member)
    case .spent: machines.leave(Machines.Process.kernel)
    case .held: leaveCPU(member)
    case .heartbeatArrives: heartbeatArrives(from: other, at: member, &world, &loop)
    case .ballotArrives: ballotArrives(event.index, &world, &loop)
    case .applied:
      appliedBatch(at: member, &world, &loop)
      leaveCPU(member)
    case .backendTick: backendTick(&loop)
    case .backendCommitted: backendCommitted(at: member, &world, &loop)
    case .readsAsked: readsAsked(at: member, &world, &loop)
    case .readsSent, .readsHeard: readsHeard(kind, at: member, &loop)
    case .readsAnswered:
      readsConfirmed(at: member, &world, &loop)
      leaveCPU(member)
    case .readsConfirmed: readsConfirmed(at: member, &world, &loop)
    case .compact: compact(&loop)
    case .gaveUp: answer(event.index, .timeout, &world, &loop)
    }
  }

  /// Raft, the raft loop or the keeper of the apply loop has had a CPU.
  private mutating func goOn(
    _ kind: Kind, _ place: UInt32, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    switch kind {
    case .stepped: stepped(place, at: member, &world, &loop)
    case .woken: woken(at: member, &world, &loop)
    case .returned: returned(at: member)
    case .cycle: cycle(of: member, &world, &loop)
    case .logWritten: logWritten(at: member, &world, &loop)
    default: handedOver(at: member, &world, &loop)
    }
  }

  /// What messages about so many entries cost who sends or gets them: each entry has one of its
  /// own (raft/raft.go, `bcastAppend` in `stepLeader`), and they travel together.
  func messageCPU(entries: UInt64) -> Nanoseconds {
    parameters.messageCPU + parameters.entryCost * Int64(entries)
  }

  /// Sends messages about so many entries, which costs CPU; `event` is their arrival.
  mutating func send(
    _ event: Event, as kind: Kind, entries: UInt64, by sender: Int, _ loop: inout Loop
  ) {
    guard parameters.messageCPU > .zero else { return loop.schedule(event, after: halfTrip) }
    var first = event
    first.what = kind.rawValue
    machines.spend(messageCPU(entries: entries), then: first, of: UInt8(sender))
  }

  private mutating func sent(
    _ event: Event, as kind: Kind, by sender: Int, _ loop: inout Loop
  ) {
    leaveCPU(sender)
    var next = event
    next.what = kind.rawValue
    loop.schedule(next, after: halfTrip)
  }

  /// Messages cost the member that gets them CPU; those about entries are about all after one that
  /// it knows of.
  private mutating func take(
    _ event: Event, as kind: Kind, after known: UInt64?, at member: Int, _ world: inout World,
    _ loop: inout Loop
  ) {
    guard parameters.messageCPU > .zero else { return taken(event, kind, &world, &loop) }
    var next = event
    next.what = kind.rawValue
    let behind = known.map { Int32(bitPattern: event.index &- UInt32(truncatingIfNeeded: $0)) }
    machines.spend(
      messageCPU(entries: UInt64(max(0, behind ?? 0))), then: next, of: UInt8(member), .network)
  }

  private mutating func taken(
    _ event: Event, _ kind: Kind, _ world: inout World, _ loop: inout Loop
  ) {
    let member = Int(event.lane & 0xFF)
    let other = Int(event.lane >> 8)
    switch kind {
    case .appendTaken: appendArrives(from: other, at: member, upTo: event.index, &world, &loop)
    case .acknowledgementTaken:
      acknowledged(by: member, to: other, upTo: event.index, &world, &loop)
    default: commitArrives(at: member, upTo: event.index, &world, &loop)
    }
  }

  /// Begins with member 0 as the leader of term 1 and all logs empty.
  private mutating func start(_ loop: inout Loop) {
    for member in members.indices {
      members[member].role = member == 0 ? .leader : .follower
      members[member].lead = 0
      drawTimeout(of: member)
      let phase = streams[member].below(UInt64(parameters.heartbeatInterval.count))
      if members.count > 1 {
        loop.schedule(own(.tick, member), after: Nanoseconds(Int64(phase)))
      }
    }
    loop.schedule(own(.backendTick), after: parameters.backendInterval)
    loop.schedule(own(.compact), after: parameters.compactionInterval)
  }

  /// An event of etcd's own about a member, with another in the high byte of its lane.
  func own(_ kind: Kind, _ member: Int = 0, other: Int = 0, index: UInt32 = 0) -> Event {
    Event(
      component: .etcd, what: kind.rawValue, lane: UInt16(member) | UInt16(other) << 8,
      index: index)
  }

  /// The answer to request `place` goes to the API server, or to the client that asked.
  mutating func answer(
    _ place: UInt32, _ outcome: Outcome, _ world: inout World, _ loop: inout Loop
  ) {
    world.requests[place].outcome = outcome
    world.requests[place].stored = loop.now
    loop.schedule(
      now: Event(
        component: world.requests[place].isDirect ? .load : .apiServer, what: Port.stored,
        lane: UInt16(world.requests[place].server), index: place))
  }
}

/// What an entry of the log is for.
struct LogEntry: BitwiseCopyable {
  static let noRequest = UInt32.max
  /// The request that waits for it, or `noRequest`.
  var request: UInt32
  /// The member that answers.
  var endpoint: UInt8
  /// Bytes of the write-ahead log up to its end.
  var end: UInt64
}

/// A request for a vote, or the answer to one, on its way.
struct Ballot: BitwiseCopyable {
  var from: UInt8
  var to: UInt8
  var isAnswer = false
  var isPre: Bool
  var granted = false
  var term: UInt32
  var last: UInt64 = 0
  var lastTerm: UInt32 = 0
}

/// What etcd counted; the names of its own metrics stand behind each.
struct EtcdCounters: ~Copyable {
  /// `etcd_server_proposals_committed_total`, as applied at the leader.
  var proposals: UInt64 = 0
  /// `etcd_disk_wal_fsync_duration_seconds`, of the leader.
  var walSyncs = LatencyHistogram()
  /// `etcd_disk_backend_commit_duration_seconds`, of the leader.
  var backendCommits = LatencyHistogram()
  /// `etcd_server_leader_changes_seen_total`.
  var leaderChanges: UInt64 = 0
  /// Candidacies, won or not.
  var campaigns: UInt64 = 0
  /// `etcd_server_proposals_failed_total`.
  var failedProposals: UInt64 = 0
  /// How long the leader's raft loop was in writes of its log.
  var writing = Nanoseconds.zero
}
