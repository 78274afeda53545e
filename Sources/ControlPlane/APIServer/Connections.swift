internal import Measure
internal import Simulation

/// Which API servers run, and which of them a new connection gets.
///
/// Clients hold their connection (HTTP/2) until it is lost; a load balancer deals new ones to the
/// servers that run, in turn. After the restart of one server its clients are with the others, and
/// it has none until the next restart (GOAWAY is off by default, `--goaway-chance` 0).
struct Connections: ~Copyable {
  private var states: Table<State>
  private var next = 0

  struct State: BitwiseCopyable {
    var isUp = true
    /// How often it was started.
    var epoch: UInt8 = 0
    /// Since when a server that is down has its port, and when it will answer there.
    var listens = Nanoseconds(Int64.max)
    var serves = Nanoseconds(Int64.max)
  }

  init(servers: Int) { states = Table(repeating: State(), count: max(1, servers)) }

  func isUp(_ server: Int) -> Bool { states[server].isUp }

  /// Whether any server runs.
  var anyIsUp: Bool { states.indices.contains { states[$0].isUp } }

  /// Changes with every stop of the server.
  func epoch(of server: Int) -> UInt8 { states[server].epoch }

  mutating func stop(_ server: Int) {
    states[server].isUp = false
    states[server].epoch &+= 1
  }

  mutating func start(_ server: Int) {
    states[server].isUp = true
    states[server].listens = Nanoseconds(Int64.max)
  }

  /// A server that is down will take connections from `listens` on, and answer from `serves` on.
  mutating func announce(_ server: Int, listens: Nanoseconds, serves: Nanoseconds) {
    states[server].listens = listens
    states[server].serves = serves
  }

  /// A server that takes connections and answers later, and when; nil if there is none.
  func listening(at now: Nanoseconds) -> (server: UInt8, serves: Nanoseconds)? {
    states.indices.first { !states[$0].isUp && states[$0].listens <= now }
      .map { (UInt8($0), states[$0].serves) }
  }

  /// The server that a new connection gets; nil if none runs.
  mutating func connect() -> UInt8? {
    for _ in states.indices {
      next = next + 1 < states.count ? next + 1 : 0
      if states[next].isUp { return UInt8(next) }
    }
    return nil
  }
}

extension World {
  /// Lets all clients of a server that has stopped connect to others, if any run.
  ///
  /// O(clients).
  mutating func reconnectClients(of server: Int) {
    for client in clients.indices where Int(clients[client].server) == server {
      if let other = connections.connect() { clients[client].server = other }
    }
  }

  /// Leaves request `place` to its server as an orphan, and gives the client a new place for it.
  mutating func abandon(_ place: UInt32) -> UInt32 {
    var copy = requests[place]
    copy.isAtServer = false
    requests[place].isOrphan = true
    return requests.insert(copy)
  }
}
