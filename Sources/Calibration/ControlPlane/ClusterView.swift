internal import Measure
internal import Synchronization

/// The cluster as a watcher sees it, with the moment at which each change arrived.
final class ClusterView: Sendable {
  /// What was seen of a node.
  struct Node: Sendable {
    /// The status of its condition Ready.
    var ready: String?
    /// Whether the node controller keeps pods from it.
    var isTainted = true
    /// When it was first seen Unknown; nil again when it is Ready.
    var unknown: Nanoseconds?
    /// When the taint unreachable:NoSchedule was first seen; nil when it is gone.
    var noSchedule: Nanoseconds?
    /// When the taint unreachable:NoExecute was first seen; nil when it is gone.
    var noExecute: Nanoseconds?
  }

  /// What was seen of a pod.
  struct Pod: Sendable {
    var created: Nanoseconds
    var bound: Nanoseconds?
    var running: Nanoseconds?
  }

  fileprivate struct State {
    var nodes: [String: Node] = [:]
    var pods: [String: Pod] = [:]
  }

  private let state = Mutex(State())
  private let nodeWatch: Reflector<NodeObject>
  private let podWatch: Reflector<PodObject>

  /// Follows our nodes, and the pods with the label `app=assay`.
  init(_ client: KubernetesClient, seed: UInt64) {
    nodeWatch = Reflector(
      client, "nodes", path: "/api/v1/nodes?labelSelector=assay%3Dnode", seed: seed)
    podWatch = Reflector(
      client, "pods", path: "/api/v1/pods?labelSelector=app%3Dassay", seed: seed &+ 1)
  }

  /// Follows the cluster until its task is cancelled.
  func run() async {
    async let nodes: Void = nodeWatch.run(see)
    async let pods: Void = podWatch.run(see)
    _ = await (nodes, pods)
  }

  func node(_ name: String) -> Node? { state.withLock { $0.nodes[name] } }

  var nodes: [Node] { state.withLock { Array($0.nodes.values) } }

  var pods: [Pod] { state.withLock { Array($0.pods.values) } }

  /// Waits until the cluster is as wanted; looks every 20 ms.
  ///
  /// - Returns: false when it was not so within `limit`.
  func wait(
    atMost limit: Nanoseconds, until isDone: (ClusterView) -> Bool
  ) async throws -> Bool {
    let deadline = MonotonicClock.now() + limit
    while !isDone(self) {
      guard MonotonicClock.now() < deadline else { return false }
      try await Task.sleep(for: .milliseconds(20))
    }
    return true
  }

  @Sendable private func see(_ change: Reflector<NodeObject>.Change) {
    let now = MonotonicClock.now()
    state.withLock { state in
      switch change {
      case .listed(let nodes): for node in nodes { state.see(node, now) }
      case .changed(let node): state.see(node, now)
      case .deleted(let node): state.nodes[node.metadata.name ?? ""] = nil
      }
    }
  }

  @Sendable private func see(_ change: Reflector<PodObject>.Change) {
    let now = MonotonicClock.now()
    state.withLock { state in
      switch change {
      case .listed(let pods):
        let names = Set(pods.compactMap(\.metadata.name))
        state.pods = state.pods.filter { names.contains($0.key) }
        for pod in pods { state.see(pod, now) }
      case .changed(let pod): state.see(pod, now)
      case .deleted(let pod): state.pods[pod.metadata.name ?? ""] = nil
      }
    }
  }
}

extension ClusterView.State {
  fileprivate mutating func see(_ object: NodeObject, _ now: Nanoseconds) {
    guard let name = object.metadata.name else { return }
    let unreachable = "node.kubernetes.io/unreachable"
    let notReady = "node.kubernetes.io/not-ready"
    var node = nodes[name] ?? ClusterView.Node()
    node.ready = object.ready
    node.unknown = object.ready == "Unknown" ? node.unknown ?? now : nil
    node.noSchedule = object.isTainted(unreachable, "NoSchedule") ? node.noSchedule ?? now : nil
    node.noExecute = object.isTainted(unreachable, "NoExecute") ? node.noExecute ?? now : nil
    node.isTainted = node.noSchedule != nil || object.isTainted(notReady, "NoSchedule")
    nodes[name] = node
  }

  fileprivate mutating func see(_ object: PodObject, _ now: Nanoseconds) {
    guard let name = object.metadata.name else { return }
    var pod = pods[name] ?? ClusterView.Pod(created: now)
    if object.spec?.nodeName != nil { pod.bound = pod.bound ?? now }
    if object.status?.phase == "Running" { pod.running = pod.running ?? now }
    pods[name] = pod
  }
}
