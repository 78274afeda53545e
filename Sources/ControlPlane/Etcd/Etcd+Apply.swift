internal import Measure
internal import Simulation

/// From the committed entry to the answer: the apply loop, the backend, CPU.
extension Etcd {
  /// Entries that one event applies at most; their answers go out together.
  private static let applyBatch: UInt64 = 16

  mutating func beginApplying(
    at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    guard members[member].isRunning, !members[member].isApplying,
      !members[member].isBackendBusy, members[member].delivered > members[member].applied
    else { return }
    let batch = min(members[member].delivered - members[member].applied, Self.applyBatch)
    members[member].isApplying = true
    members[member].applyingTo = members[member].applied + batch
    spendCPU(.applied, parameters.applyCost * Int64(batch), member, .next)
  }

  mutating func appliedBatch(at member: Int, _ world: inout World, _ loop: inout Loop) {
    members[member].isApplying = false
    let begin = members[member].applied
    let end = min(members[member].applyingTo, members[member].delivered)
    guard end > begin else { return }
    members[member].applied = end
    members[member].operations += Int32(end - begin)
    if members[member].role == .leader { counters.proposals += end - begin }
    for index in max(begin, logBase)..<max(end, logBase) {
      let entry = log[Int(index - logBase)]
      guard entry.request != LogEntry.noRequest, Int(entry.endpoint) == member else { continue }
      goOn(entry.request, at: member, putCPU(beforeProposal: false), world)
    }
    trimLog()
    if members[member].operations >= Int32(parameters.backendLimit) || members[member].isBackendDue
    {
      beginBackendCommit(at: member, &loop)
    }
    beginApplying(at: member, &world, &loop)
  }

  /// Entries that every member that runs has applied are not needed any more.
  private mutating func trimLog() {
    var applied = UInt64.max
    for member in members.indices where members[member].isUp {
      applied = min(applied, members[member].applied)
    }
    while log.count > 0 && logBase < applied {
      logBytes = log.removeFirst().end
      logBase += 1
    }
  }

  // MARK: Backend

  /// Every 100 ms each member commits its backend, if there is anything to commit.
  mutating func backendTick(_ loop: inout Loop) {
    loop.schedule(own(.backendTick), after: parameters.backendInterval)
    for member in members.indices where members[member].operations > 0 {
      if members[member].isApplying {
        members[member].isBackendDue = true
      } else {
        beginBackendCommit(at: member, &loop)
      }
    }
  }

  private mutating func beginBackendCommit(at member: Int, _ loop: inout Loop) {
    guard !members[member].isBackendBusy, members[member].operations > 0 else { return }
    members[member].isBackendDue = false
    members[member].isBackendBusy = true
    let length =
      slowed(backendCommit.draw(&streams[member]), at: member)
      + parameters.backendCommitPerOperation * Int64(members[member].operations)
    if parameters.placement == .oneMachine {
      let cost = parameters.backendCommitPerOperation * Int64(members[member].operations)
      spendCPU(.held, cost, member)
    }
    members[member].operations = 0
    if members[member].role == .leader { counters.backendCommits.record(UInt64(length.count)) }
    loop.schedule(own(.backendCommitted, member), after: length)
  }

  mutating func backendCommitted(at member: Int, _ world: inout World, _ loop: inout Loop) {
    members[member].isBackendBusy = false
    beginApplying(at: member, &world, &loop)
  }

  mutating func compact(_ loop: inout Loop) {
    database.compact()
    loop.schedule(own(.compact), after: parameters.compactionInterval)
  }

  // MARK: CPU

  /// Spends `cost` of a member's CPUs, on a request if one is named; then `kind` happens.
  mutating func spendCPU(
    _ kind: Kind, _ cost: Nanoseconds, _ member: Int, on place: UInt32 = 0,
    _ position: Machines.Position = .behind
  ) {
    machines.spend(cost, then: own(kind, member, index: place), of: UInt8(member), position)
  }

  /// What a put costs the member that takes it before, or after, its entry is proposed.
  func putCPU(beforeProposal isBefore: Bool) -> Nanoseconds {
    let before = parameters.putCPUBeforeProposal.value
    return Nanoseconds(Int64(Double(parameters.putCPU.count) * (isBefore ? before : 1 - before)))
  }

  /// A member's work has had its CPU.
  mutating func leaveCPU(_ member: Int) {
    machines.leave(UInt8(member))
  }

  /// The reader of a request's connection at a member, behind which stands its writer.
  private func reader(of place: UInt32, at member: Int, _ world: borrowing World) -> Int {
    let connection = Int(world.requests[place].object) % connections
    return 2 * (member * connections + connection)
  }

  /// Takes in a request: where connections are told apart `received` happens when its reader has,
  /// else `kind` when `cost` is spent too.
  mutating func receive(
    _ place: UInt32, at member: Int, _ cost: Nanoseconds, _ kind: Kind, byReader received: Kind,
    _ world: borrowing World
  ) {
    guard connections > 0 else {
      let taking = parameters.socketReadCPU + parameters.requestCPU
      return spendCPU(kind, taking + cost, member, on: place)
    }
    machines.spend(
      parameters.requestCPU, then: own(received, member, index: place),
      by: reader(of: place, at: member, world))
  }

  /// A request's handler, which waited, is woken: it spends `cost`, then it is answered.
  private mutating func goOn(
    _ place: UInt32, at member: Int, _ cost: Nanoseconds, _ world: borrowing World
  ) {
    guard connections > 0 else { return finish(place, at: member, cost, world) }
    spendCPU(.handled, cost, member, on: place, .next)
  }

  /// Spends `cost` to answer a request.
  mutating func finish(
    _ place: UInt32, at member: Int, _ cost: Nanoseconds, _ world: borrowing World
  ) {
    guard connections > 0 else {
      return spendCPU(.finished, cost + parameters.socketWriteCPU, member, on: place)
    }
    machines.spend(
      cost, then: own(.written, member, index: place),
      by: reader(of: place, at: member, world) + 1)
  }

  // MARK: Reads

  /// A serializable read costs CPU only; a linearizable one waits for a round of confirmation that
  /// it shares with all that wait (etcdserver/v3_server.go `linearizableReadLoop`).
  mutating func acceptRead(
    _ place: UInt32, linearizable: Bool, _ world: inout World, _ loop: inout Loop
  ) {
    guard let member = endpoint(of: world.requests[place].server) else {
      return answer(place, .unavailable, &world, &loop)
    }
    guard linearizable else {
      return receive(
        place, at: member, parameters.readCPU, .finished, byReader: .receivedLocalRead, world)
    }
    guard connections > 0 else { return receivedRead(place, at: member, &world, &loop) }
    receive(place, at: member, .zero, .receivedRead, byReader: .receivedRead, world)
  }

  mutating func receivedRead(
    _ place: UInt32, at member: Int, _ world: inout World, _ loop: inout Loop
  ) {
    members[member].reads.append(place, in: &world.requests)
    confirmReads(at: member, &loop)
  }

  /// Begins a round of confirmation if none is under way and a leader is known.
  func roundLength(at member: Int, now: Nanoseconds) -> Nanoseconds? {
    let lead = members[member].lead
    guard lead != Member.nobody, members[Int(lead)].isUp else { return nil }
    let leader = Int(lead)
    // While it waits for a CPU to write, how long that takes is not known yet.
    let wait =
      members[leader].isWriting ? max(members[leader].writingUntil - now, .zero) : .zero
    let toLeader = leader == member ? Nanoseconds.zero : parameters.roundTrip
    let toQuorum = members.count == 1 ? Nanoseconds.zero : parameters.roundTrip
    return wait + toLeader + toQuorum
  }

  mutating func confirmReads(at member: Int, _ loop: inout Loop) {
    guard members[member].reads.count > 0, members[member].confirmingReads.count == 0,
      roundLength(at: member, now: loop.now) != nil
    else { return }
    members[member].confirmingReads = members[member].reads
    members[member].reads = RequestQueue()
    let messages = parameters.messageCPU * Int64(members.count - 1)
    spendCPU(.readsAsked, parameters.cycleCost + messages, member, .next)
  }

  /// The raft loop has taken up the round; what its messages cost is spent on the way.
  mutating func readsAsked(at member: Int, _ world: inout World, _ loop: inout Loop) {
    leaveCPU(member)
    guard let length = roundLength(at: member, now: loop.now) else {
      // Without a leader the round begins anew when there is one.
      while members[member].confirmingReads.count > 0 {
        let place = members[member].confirmingReads.removeFirst(from: world.requests)
        members[member].reads.append(place, in: &world.requests)
      }
      return
    }
    let isAlone = members.count == 1 || parameters.messageCPU == .zero
    loop.schedule(own(isAlone ? .readsConfirmed : .readsSent, member), after: length)
  }

  /// The round's messages arrive: at the followers, each of which gets one and sends one, then
  /// their answers at the leader, for which the first is enough.
  mutating func readsHeard(_ kind: Kind, at member: Int, _ loop: inout Loop) {
    let first = (member + 1) % members.count
    if kind == .readsSent {
      for follower in members.indices where follower != member {
        let event = follower == first ? own(.readsHeard, member) : own(.held, follower)
        machines.spend(parameters.messageCPU * 2, then: event, of: UInt8(follower), .network)
      }
    } else {
      leaveCPU(first)
      spendCPU(.readsAnswered, parameters.messageCPU, member, .network)
      for _ in 2..<max(2, members.count) { spendCPU(.held, parameters.messageCPU, member) }
    }
  }

  mutating func readsConfirmed(at member: Int, _ world: inout World, _ loop: inout Loop) {
    while members[member].confirmingReads.count > 0 {
      let place = members[member].confirmingReads.removeFirst(from: world.requests)
      goOn(place, at: member, parameters.readCPU, world)
    }
    confirmReads(at: member, &loop)
  }
}
