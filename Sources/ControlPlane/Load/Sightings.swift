internal import Measure
internal import Simulation

/// What somebody sees who watches the cluster and notes how long clients waited for answers; what a
/// real cluster is measured by, too.
struct Sightings: ~Copyable {
  let isOn: Bool
  /// Counted from here: requests that were sent earlier are left out.
  var begin = Nanoseconds.zero
  private(set) var requests = Table<SeenRequest>(capacity: 64)
  private(set) var pods = Table<SeenPod>(capacity: 64)
  private(set) var nodes = Table<SeenNode>(capacity: 64)

  struct SeenRequest: BitwiseCopyable {
    var verb: Verb
    var resource: Resource
    var outcome: Outcome
    var latency: Nanoseconds
  }

  /// When a pod was first seen so; 0 is never.
  struct SeenPod: BitwiseCopyable {
    var created = Nanoseconds.zero
    var bound = Nanoseconds.zero
    var running = Nanoseconds.zero
  }

  /// When a node was first seen so; 0 is never, and again when it is over.
  struct SeenNode: BitwiseCopyable {
    var unknown = Nanoseconds.zero
    var noSchedule = Nanoseconds.zero
    var noExecute = Nanoseconds.zero
    /// When its kubelet had its lease's last renewal confirmed.
    var renewed = Nanoseconds.zero
  }

  init(isOn: Bool) { self.isOn = isOn }

  /// A request of the nodes or of the load is answered, or its connection has failed.
  mutating func note(_ request: Request, of owner: Component, at now: Nanoseconds) {
    guard isOn, owner == .load || owner == .kubelet || owner == .watch else { return }
    if request.resource == .lease, request.outcome == .ok {
      Self.grow(&nodes, SeenNode(), to: request.object)
      nodes[Int(request.object)].renewed = now
    }
    guard request.sent >= begin else { return }
    requests.append(
      SeenRequest(
        verb: request.verb, resource: request.resource, outcome: request.outcome,
        latency: now - request.sent))
  }

  /// A change of an object reaches the watcher.
  ///
  /// How the object is, is read when the news arrives: of changes within milliseconds of each other
  /// the watcher may know a little early.
  mutating func see(
    _ change: ChangeKind, of object: UInt32, _ condition: NodeCondition, _ taints: UInt16,
    at now: Nanoseconds
  ) {
    switch change {
    case .nodeAdded, .nodeStatus, .nodeTaints:
      Self.grow(&nodes, SeenNode(), to: object)
      let node = Int(object)
      Self.set(&nodes[node].unknown, condition == .unknown, now)
      Self.set(&nodes[node].noSchedule, taints & Taint.unreachableNoSchedule != 0, now)
      Self.set(&nodes[node].noExecute, taints & Taint.unreachableNoExecute != 0, now)
    case .podCreated:
      Self.grow(&pods, SeenPod(), to: object)
      pods[Int(object)] = SeenPod(created: now)
    case .podBound:
      Self.grow(&pods, SeenPod(), to: object)
      Self.set(&pods[Int(object)].bound, true, now)
    case .podRunning, .podReady:
      Self.grow(&pods, SeenPod(), to: object)
      Self.set(&pods[Int(object)].running, true, now)
    default: break
    }
  }

  /// Since when something is so.
  private static func set(_ moment: inout Nanoseconds, _ isSo: Bool, _ now: Nanoseconds) {
    if !isSo { moment = .zero } else if moment == .zero { moment = now }
  }

  private static func grow<Seen>(_ table: inout Table<Seen>, _ none: Seen, to object: UInt32) {
    while table.count <= Int(object) { table.append(none) }
  }
}
