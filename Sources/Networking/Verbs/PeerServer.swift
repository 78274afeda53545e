public import Measure
internal import RDMA

/// The other side of verbs tests: takes part in whatever connected runs ask for.
///
/// It has no authentication: whoever reaches its port may use it. What comes from the wire is
/// checked field by field, and memory is registered up to a limit only.
public struct PeerServer: Sendable {
  /// The address of an RDMA device at which it listens.
  public var address: String
  /// The port; 0 lets the system choose.
  public var port = FabricPeer.standardPort
  /// Whether it ends when the first test has.
  public var once = false
  /// The most memory that it registers for all connections together.
  public var memory = ByteCount.mebibytes(1024)
  /// The most connections at once.
  public var connections = 256

  /// A peer for an address.
  public init(address: String) { self.address = address }

  /// What a peer tells while it runs.
  public enum Event: Sendable {
    /// It listens, on this port.
    case listening(port: Int)
    /// A connection was served and has ended.
    case served(Served)
    /// A connection was refused, for this reason.
    case refused(from: String, reason: String)
    /// A probe was answered.
    case probed(from: String)
  }

  /// A connection that was served.
  public struct Served: Hashable, Codable, Sendable {
    /// Where it came from.
    public var peer: String
    /// What moved the bytes.
    public var operation: VerbsWorkload.Operation
    /// What was measured.
    public var measure: VerbsWorkload.Measure
    /// Bytes of a message.
    public var messageSizeBytes: Int
    /// Messages in flight.
    public var queueDepth: Int
    /// Messages that this side's CPU saw; 0 where they go past it.
    public var messages: UInt64
    /// Why it ended other than by the other side's leaving.
    public var failure: String?
  }

  /// How long one look for connections takes: this soon it sees that it shall end.
  private static let look = Nanoseconds.milliseconds(200)

  /// Serves until `shouldStop` says so; `tell` hears what happens, on this thread.
  ///
  /// Throws ``FabricError`` where it cannot listen.
  public func serve(
    tell: (Event) -> Void, shouldStop: () -> Bool
  ) throws(FabricError) {
    do throws(RDMAError) {
      var listener = try Listener(on: RDMAAddress(host: address, port: port), backlog: 64)
      tell(.listening(port: listener.port))
      var sessions: [PeerSession] = []
      var hasServed = false
      while !shouldStop() && !(once && hasServed && sessions.isEmpty) {
        if let asking = try listener.next(deadline: MonotonicClock.now() + Self.look),
          let session = take(asking, beside: sessions, tell)
        {
          sessions.append(session)
          hasServed = true
        }
        reap(&sessions, tell)
      }
      for session in sessions { session.end() }
      for session in sessions { session.join() }
      reap(&sessions, tell, isJoined: true)
    } catch {
      throw FabricError(error)
    }
  }

  private func reap(
    _ sessions: inout [PeerSession], _ tell: (Event) -> Void, isJoined: Bool = false
  ) {
    for session in sessions where session.isDone {
      if !isJoined { session.join() }
      let request = session.request
      tell(
        .served(
          Served(
            peer: session.place, operation: request.operation, measure: request.measure,
            messageSizeBytes: request.messageSize, queueDepth: request.depth,
            messages: session.messages, failure: session.failure)))
    }
    sessions.removeAll(where: \.isDone)
  }

  /// Starts a session for a request, or refuses it.
  private func take(
    _ asking: consuming ConnectionRequest, beside sessions: [PeerSession],
    _ tell: (Event) -> Void
  ) -> PeerSession? {
    let place = asking.peer
    do throws(Refusal) {
      let request = try checked(asking.data)
      if request.purpose == .probe {
        asking.reject(privateData: PeerAnswer(code: .alive).bytes)
        tell(.probed(from: place))
        return nil
      }
      let deepest: Int
      do {
        deepest = try asking.device().largestQueue
      } catch {
        throw Refusal(.failed, error.message)
      }
      try check(request, deepest, beside: sessions)
      let session = PeerSession(asking, request, deepestQueue: deepest)
      guard session.start() else {
        tell(.refused(from: place, reason: "no more threads can be started"))
        return nil
      }
      return session
    } catch {
      asking.reject(privateData: PeerAnswer(code: error.code, limit: error.limit).bytes)
      tell(.refused(from: place, reason: error.reason))
      return nil
    }
  }

  private struct Refusal: Error {
    var code: PeerAnswer.Code
    var limit: UInt64 = 0
    var reason: String

    init(_ code: PeerAnswer.Code, limit: Int = 0, _ reason: String) {
      self.code = code
      self.limit = UInt64(max(0, limit))
      self.reason = reason
    }
  }

  private func checked(_ data: [UInt8]) throws(Refusal) -> PeerRequest {
    do throws(HandshakeFault) {
      return try PeerRequest(data)
    } catch {
      switch error {
      case .foreign: throw Refusal(.notUnderstood, "it is no request of Assay")
      case .version(let theirs):
        throw Refusal(
          .otherVersion, "it is of version \(theirs), this is \(PeerRequest.version)")
      case .field(let name): throw Refusal(.notUnderstood, "its \(name) is out of range")
      }
    }
  }

  private func check(
    _ request: PeerRequest, _ deepest: Int, beside sessions: [PeerSession]
  ) throws(Refusal) {
    guard sessions.count < connections else {
      throw Refusal(
        .tooManyConnections, limit: connections, "\(connections) connections are served already")
    }
    guard request.depth <= deepest else {
      throw Refusal(
        .queueTooDeep, limit: deepest,
        "\(request.depth) messages in flight are more than the device's \(deepest)")
    }
    let needed = MessageMemory(request).bytes
    let most = Int(memory.count)
    guard needed <= most else {
      let largest = most - MessageMemory.header
      throw Refusal(
        .messageTooLarge, limit: request.measure == .latency ? largest / 2 : largest,
        "messages of \(request.messageSize) bytes need \(needed) bytes of memory, and "
          + "\(most) are allowed")
    }
    let free = most - sessions.reduce(0) { $0 + $1.memory.bytes }
    guard needed <= free else {
      throw Refusal(.noMemory, limit: free, "\(free) bytes of memory are left, \(needed) needed")
    }
  }
}
