public import RDMA

/// Why a test over a fabric could not be done, and how to mend it.
public struct FabricError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, and where.
  public var message: String
  /// How to mend it.
  public var hint: String

  /// Makes an error.
  public init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }

  /// Takes what RDMA could not do.
  public init(_ error: RDMAError) {
    self.init(error.message, hint: error.hint)
  }

  /// Message and hint in two lines.
  public var description: String { message + "\n  hint: " + hint }
}

extension FabricError {
  /// Takes why a peer did not take a connection: what it answered says more than the code.
  init(_ error: RDMAError, from peer: FabricPeer) {
    guard case .rejected(let reason, let data) = error.cause else {
      self.init(error)
      return
    }
    let place = "\(peer.address):\(peer.port)"
    let command = "`assay peer --address \(peer.address) --port \(peer.port)`"
    do throws(HandshakeFault) {
      self.init(try PeerAnswer(data), place)
    } catch {
      switch error {
      case .version(let theirs):
        self.init(
          "the peer at \(place) speaks version \(theirs) of the tests, this is "
            + "\(PeerRequest.version)", hint: "use the same version of Assay on both sides")
      // The codes of InfiniBand's connection manager: no such service, refused by the consumer.
      case .foreign, .field:
        self.init(
          reason == 28
            ? "what listens on \(place) refuses, and is no peer of Assay"
            : "nothing listens for RDMA on \(place)", hint: "start \(command) there")
      }
    }
  }

  init(_ answer: PeerAnswer, _ place: String) {
    let (what, hint) =
      switch answer.code {
      case .accepted, .alive: ("answers out of turn", "use the same version on both sides")
      case .notUnderstood: ("does not understand the request", "use the same version on both sides")
      case .otherVersion: ("is of another version", "use the same version on both sides")
      case .messageTooLarge:
        (
          "takes messages of at most \(answer.limit) bytes",
          "use a smaller message-size or queue-depth, or start it with a larger --memory"
        )
      case .queueTooDeep:
        ("takes at most \(answer.limit) messages in flight", "use a smaller queue-depth")
      case .noMemory:
        (
          "has \(answer.limit) bytes left of the memory that it may register",
          "use fewer queue-pairs or a smaller message-size, or start it with a larger --memory"
        )
      case .tooManyConnections:
        (
          "serves \(answer.limit) queue pairs at once, and has as many",
          "use fewer queue-pairs, wait, or start it with more --connections"
        )
      case .failed: ("could not set the test up", "its output tells why")
      }
    self.init("the peer at \(place) " + what, hint: hint)
  }
}
