public import Measure
internal import Simulation

/// A cluster that stands still after an event, to be looked at.
public struct ClusterSnapshot: Hashable, Codable, Sendable {
  /// How many of something there are.
  public struct Count: Hashable, Codable, Sendable {
    /// Of what.
    public var name: String
    /// How many.
    public var count: Int
  }

  /// The time simulated, warm-up included.
  public var time: Nanoseconds
  /// How many events have happened.
  public var events: UInt64
  /// The hash of all of them.
  public var trace: UInt64
  /// The last event: who handled it, its kind there, and what it was about.
  public var last: String
  /// Pending events by component and kind.
  public var pending: [Count]
  /// Requests on their way, by what they are and where.
  public var requests: [Count]
  /// What waits for something limited, by what it waits for.
  public var queues: [Count]
  /// The members of etcd, one line each.
  public var members: [String]
  /// Nodes by what they are.
  public var nodes: [Count]
  /// Pods by phase.
  public var pods: [Count]

  /// ``trace`` as records have it, in 16 hexadecimal digits.
  public var traceHash: String { ClusterOutcome.traceHash(trace) }

  /// An instant to the nanosecond, in seconds: `33.989558903 s`.
  public static func seconds(_ time: Nanoseconds) -> String {
    let (whole, rest) = time.count.quotientAndRemainder(dividingBy: 1_000_000_000)
    let digits = String(rest)
    return "\(whole)." + String(repeating: "0", count: 9 - digits.count) + digits + " s"
  }

  /// All of it for people, in lines.
  public var text: String {
    var lines = [
      "after event \(events) at \(Self.seconds(time)), trace \(traceHash)",
      "last event: \(last)",
    ]
    for (title, counts) in [
      ("pending events", pending), ("requests", requests), ("queues", queues), ("nodes", nodes),
      ("pods", pods),
    ] {
      lines.append("\(title):")
      lines += counts.map { "  \($0.count)  \($0.name)" }
    }
    lines.append("etcd:")
    lines += members.map { "  \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension ClusterSnapshot {
  init(_ cluster: borrowing Cluster, _ loop: borrowing Loop, last event: Event?) {
    time = loop.now
    events = loop.handled
    trace = loop.trace.value
    last = event.map { Self.describe($0) } ?? "none"
    var counts = Tally()
    loop.forEachPending { event, _ in counts.add(Self.describe(kind: event)) }
    pending = counts.sorted
    requests = Self.requests(cluster.world)
    queues = cluster.occupiedQueues.map { Count(name: $0.name, count: $0.depth) }
    members = cluster.etcd.members.indices.map { Self.describe(cluster.etcd.members[$0], $0) }
    nodes = Self.nodes(cluster.world)
    counts = Tally()
    for pod in cluster.world.pods.livePlaces { counts.add("\(cluster.world.pods[pod].phase)") }
    pods = counts.sorted
  }

  private static func describe(_ event: Event) -> String {
    "\(describe(kind: event)), lane \(event.lane), index \(event.index)"
  }

  private static func describe(kind event: Event) -> String {
    let ports: [UInt8: String] = [
      Port.submit: "submit", Port.arrive: "arrive", Port.propose: "propose", Port.read: "read",
      Port.stored: "stored", Port.reply: "reply", Port.changed: "changed",
      Port.observed: "observed", Port.start: "start", Port.cancel: "cancel",
      Port.fanOut: "fan-out", Port.booted: "booted", Port.wanted: "wanted",
      Port.joined: "joined", Port.listed: "listed", Port.leads: "leads",
      Port.halted: "halted",
    ]
    let etcd = event.component == .etcd ? Etcd.Kind(rawValue: event.what).map { "\($0)" } : nil
    return "\(event.component) \(ports[event.what] ?? etcd ?? "kind \(event.what)")"
  }

  private static func requests(_ world: borrowing World) -> [Count] {
    var counts = Tally()
    for place in world.requests.livePlaces {
      let request = world.requests[place]
      let (plural, subresource) = request.resource.names
      let name = plural + (subresource.isEmpty ? "" : "/\(subresource)")
      counts.add(
        "\(request.verb.metricName) \(name): "
          + (request.isOrphan ? "given up by its client, " : "") + request.whereabouts)
    }
    return counts.sorted
  }

  private static func describe(_ member: Member, _ number: Int) -> String {
    let state =
      !member.isRunning ? "stopped" : !member.isConnected ? "cut off" : "\(member.role)"
    return "member \(number): \(state), term \(member.term), log \(member.last), synced "
      + "\(member.synced), committed \(member.commit), applied \(member.applied)"
      + (member.isWriting ? ", writes its log" : "")
      + (member.isBackendBusy ? ", commits its backend" : "")
  }

  private static func nodes(_ world: borrowing World) -> [Count] {
    var counts = Tally()
    for node in world.nodes.indices {
      let state = world.nodes[node]
      counts.add(
        (state.isRegistered ? "registered, \(state.condition)" : "not registered")
          + (state.isAlive ? "" : ", away") + (state.taints == 0 ? "" : ", tainted"))
    }
    return counts.sorted
  }

  /// Counts by name, sorted by name in the end.
  private struct Tally {
    private var counts: [String: Int] = [:]
    mutating func add(_ name: String) { counts[name, default: 0] += 1 }
    var sorted: [Count] {
      counts.map { Count(name: $0.key, count: $0.value) }.sorted { $0.name < $1.name }
    }
  }
}

extension Request {
  /// Where it is, for people.
  var whereabouts: String {
    if outcome != .pending { return "answered, on the way back" }
    if sent < wished || (sent == .zero && attempt == 0) { return "at its client" }
    guard isAtServer else { return "on the way to a server, or waiting to be sent again" }
    if phase == FlowControl.waiting { return "waits for a seat" }
    guard proposed >= dispatched, proposed >= arrived, verb.isMutating || isFromEtcd else {
      return "has a seat"
    }
    if stored >= proposed { return "has etcd's answer" }
    if appended >= proposed { return committed >= appended ? "is applied" : "in etcd's log" }
    return "in etcd before the log"
  }
}
