internal import Measure
internal import Simulation

/// A reflector: who watches a resource through which client, and how far it has come.
struct Watcher: BitwiseCopyable {
  /// Who is told; a kube-proxy's is `watch` itself.
  let owner: Component
  let resource: Resource
  let client: UInt32
  let node: UInt32
  var server: UInt8 = 0
  var isConnected = false
  /// Whether its process has ended: it does not come back by itself.
  var isDetached = false
  /// Attempts to watch on and to list since the watch broke; their back-offs grow apart.
  var attempts: UInt8 = 0
  var lists: UInt8 = 0
  /// When a watch was first answered since then, and when last.
  var firstAnswer = Nanoseconds.zero
  var lastAnswer = Nanoseconds.zero
  /// What it had seen when the watch broke, or what its list is of.
  var revision: UInt64 = 0
  /// The changes that it has missed, in order.
  var firstMissed = Missed.none
  var lastMissed = Missed.none

  init(owner: Component, resource: Resource, client: UInt32, node: UInt32) {
    self.owner = owner
    self.resource = resource
    self.client = client
    self.node = node
  }

  /// Whether it sees all changes of the resource; a kubelet only those of its own pods.
  var seesAll: Bool { owner != .kubelet }

  /// What it counts as a watcher of any change: a kubelet's index selects few.
  var weight: Int32 { seesAll ? 1 : 0 }
}

/// A change that a watcher was not there to be told of.
struct Missed: BitwiseCopyable {
  static let none = UInt32.max
  let change: UInt16
  let object: UInt32
  var next = Missed.none

  init(change: UInt16, object: UInt32) {
    self.change = change
    self.object = object
  }
}

/// A few components, without memory of their own.
struct Interested: Sequence, IteratorProtocol, ExpressibleByArrayLiteral {
  private var bits: UInt32 = 0

  init(arrayLiteral components: Component...) {
    for component in components { bits |= 1 << UInt32(component.rawValue) }
  }

  mutating func next() -> Component? {
    guard bits != 0 else { return nil }
    let lowest = UInt8(bits.trailingZeroBitCount)
    bits &= bits - 1
    return Component(rawValue: lowest)
  }
}

extension World {
  /// How many objects a watcher's list returns.
  ///
  /// O(workloads).
  func objects(of watcher: Watcher, perSlice: Int) -> Int {
    switch watcher.resource {
    case .node: registeredNodes
    case .pod: watcher.seesAll ? pods.live : Int(nodes[Int(watcher.node)].pods)
    case .endpointSlice:
      workloads.indices.reduce(0) { sum, workload in
        workloads[workload].hasService
          ? sum + max(1, (Int(workloads[workload].ready) + perSlice - 1) / perSlice) : sum
      }
    case .deployment, .replicaSet: workloads.count
    default: 1
    }
  }
}

extension Watches {
  /// How many watchers are connected to a server.
  func connected(to server: Int) -> Int {
    watchers.indices.count { watchers[$0].isConnected && Int(watchers[$0].server) == server }
  }
}
