internal import Foundation
internal import Measure
internal import Synchronization

/// Nodes without machines: to the control plane they are kubelets.
///
/// They register, renew their leases, report their status, report pods Running a while after they
/// were bound and finish pods that are to go; each can die, which is to say stop doing all of it.
/// They run no container, and have none of kubelet's own client limits.
final class FakeKubelets: Sendable {
  private struct Node {
    var isAlive = true
    var lastRenewal = Nanoseconds.zero
  }

  private enum PodWork: Sendable {
    case start(name: String, namespace: String, node: Int)
    case finish(name: String, namespace: String, node: Int)
  }

  private let client: KubernetesClient
  private let experiment: ControlPlaneExperiment
  private let nodes: Mutex<[Node]>
  private let started = Mutex(Set<String>())
  private let work = AsyncStream.makeStream(of: PodWork.self)
  private let podWatches: [Reflector<PodObject>]

  /// `client` is for leases, status and pods; `watches` has a connection for each watch where every
  /// node has its own.
  init(_ experiment: ControlPlaneExperiment, client: KubernetesClient, watches: KubernetesClient) {
    self.client = client
    self.experiment = experiment
    nodes = Mutex(Array(repeating: Node(), count: experiment.nodes))
    let selectors =
      experiment.watchesPerNode
      ? (0..<experiment.nodes).map { "spec.nodeName%3D\(Self.name($0))" } : ["spec.nodeName%21%3D"]
    podWatches = selectors.enumerated().map { index, selector in
      Reflector(
        watches, "pods", path: "/api/v1/pods?fieldSelector=\(selector)",
        seed: experiment.seed &+ UInt64(index) &+ 1 << 32)
    }
  }

  /// The name of a node.
  static func name(_ index: Int) -> String { "assay-\(index)" }

  /// What each of the nodes' watches of pods went through.
  var watchCounts: [WatchCounts] { podWatches.map(\.watchCounts) }

  /// When a node's lease was last renewed, at the client.
  func lastRenewal(_ index: Int) -> Nanoseconds { nodes.withLock { $0[index].lastRenewal } }

  /// Lets a node die: from now on it sends nothing.
  func kill(_ index: Int) { nodes.withLock { $0[index].isAlive = false } }

  /// Brings a node back; it reports its status at once, as a kubelet that starts does.
  func revive(_ index: Int) async throws {
    nodes.withLock { $0[index].isAlive = true }
    try await patchStatus(index)
  }

  /// Registers all nodes, some at a time.
  ///
  /// Throws the first refusal but "exists already".
  func register() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<experiment.nodes {
        if index >= 16 { try await group.next() }
        group.addTask { try await self.register(index) }
      }
      try await group.waitForAll()
    }
  }

  /// Does what kubelets do until its task is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      for index in 0..<experiment.nodes {
        group.addTask { await self.keepLease(index) }
        group.addTask { await self.keepStatus(index) }
      }
      for watch in podWatches {
        group.addTask { await watch.run(self.see) }
      }
      var random = SeededRandom(seed: experiment.seed, stream: 2)
      for await work in work.stream {
        let wait = startDelay(&random)
        group.addTask { await self.carryOut(work, after: wait) }
      }
    }
  }

  private func isAlive(_ index: Int) -> Bool { nodes.withLock { $0[index].isAlive } }
}

// MARK: - Node and lease

extension FakeKubelets {
  private func register(_ index: Int) async throws {
    let name = Self.name(index)
    do {
      try await client.send(
        APIOperation("POST", "nodes"), "/api/v1/nodes",
        [
          "metadata": [
            "name": .string(name),
            "labels": [
              "kubernetes.io/hostname": .string(name), "kubernetes.io/os": "linux", "assay": "node",
            ],
          ],
          "status": Self.status(),
        ])
    } catch let refusal as RefusedRequest where refusal.status == 409 {
      try await patchStatus(index)
    }
  }

  private func patchStatus(_ index: Int) async throws {
    try await client.send(
      APIOperation("PATCH", "nodes/status"), "/api/v1/nodes/\(Self.name(index))/status",
      ["status": Self.status()])
  }

  private static func status() -> JSONValue {
    let now = JSONValue.string(KubernetesTime.seconds())
    let resources: JSONValue = [
      "cpu": "32", "memory": "256Gi", "ephemeral-storage": "1Ti",
      "pods": .string("\(ControlPlaneExperiment.podsPerNode)"),
    ]
    return [
      "capacity": resources, "allocatable": resources,
      "conditions": .array([
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory", now),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", now),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", now),
        condition("Ready", "True", "KubeletReady", now),
      ]),
      "nodeInfo": [
        "kubeletVersion": "v1.20.2", "kubeProxyVersion": "v1.20.2", "operatingSystem": "linux",
        "architecture": "amd64", "osImage": "none", "kernelVersion": "none",
        "containerRuntimeVersion": "none://0", "machineID": "", "systemUUID": "", "bootID": "",
      ],
    ]
  }

  private static func condition(
    _ type: String, _ status: String, _ reason: String, _ now: JSONValue
  ) -> JSONValue {
    [
      "type": .string(type), "status": .string(status), "reason": .string(reason),
      "message": "an Assay node", "lastHeartbeatTime": now, "lastTransitionTime": now,
    ]
  }

  /// Reports the status every five minutes: nothing of it changes (nodeStatusReportFrequency).
  private func keepStatus(_ index: Int) async {
    var random = SeededRandom(seed: experiment.seed, stream: 1 << 20 + UInt64(index))
    var wait = Duration.seconds(300 * random.unit())
    while (try? await Task.sleep(for: wait)) != nil {
      wait = .seconds(300)
      if isAlive(index) { try? await patchStatus(index) }
    }
  }

  /// Renews the node's lease as component-helpers' lease controller does: the version known is
  /// updated without a look, up to five times, then the lease is read again.
  private func keepLease(_ index: Int) async {
    var random = SeededRandom(seed: experiment.seed, stream: 1 << 21 + UInt64(index))
    let interval = experiment.leaseInterval.inSeconds
    // Nodes of a cluster start at any time: phases are spread over the interval.
    var wait = interval * random.unit()
    var version: String?
    while (try? await Task.sleep(for: .seconds(wait))) != nil {
      wait = interval * (1 + experiment.leaseJitter.value * random.unit())
      guard isAlive(index) else {
        version = nil
        continue
      }
      var tries = 5
      while tries > 0, !Task.isCancelled, await !renew(index, &version) { tries -= 1 }
    }
  }

  /// Whether the lease was renewed.
  private func renew(_ index: Int, _ version: inout String?) async -> Bool {
    do {
      var current = version
      if current == nil { current = try await lease(index) }
      guard let current else {
        version = try await putLease(index, nil)
        return true
      }
      version = try await putLease(index, current)
      return true
    } catch let refusal as RefusedRequest where refusal.status == 409 {
      version = nil
      return false
    } catch {
      // 200 ms to 7 s there; the next interval is soon enough for a lease of four.
      try? await Task.sleep(for: .milliseconds(200))
      return false
    }
  }

  /// The version of the node's lease; nil when there is none.
  private func lease(_ index: Int) async throws -> String? {
    do {
      return try await client.send(
        APIOperation("GET", "leases"), Self.leases + "/" + Self.name(index), as: Versioned.self
      ).metadata.resourceVersion
    } catch let refusal as RefusedRequest where refusal.status == 404 {
      return nil
    }
  }

  /// Creates (no version) or updates the lease; gives its new version.
  private func putLease(_ index: Int, _ version: String?) async throws -> String? {
    let name = Self.name(index)
    var metadata: [String: JSONValue] = [
      "name": .string(name), "namespace": "kube-node-lease", "labels": ["assay": "node"],
    ]
    if let version { metadata["resourceVersion"] = .string(version) }
    let lease: JSONValue = [
      "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": .object(metadata),
      "spec": [
        "holderIdentity": .string(name), "leaseDurationSeconds": 40,
        "renewTime": .string(KubernetesTime.microseconds()),
      ],
    ]
    let answer = try await client.send(
      APIOperation(version == nil ? "POST" : "PUT", "leases"),
      version == nil ? Self.leases : Self.leases + "/" + name, lease, as: Versioned.self)
    nodes.withLock { $0[index].lastRenewal = MonotonicClock.now() }
    return answer.metadata.resourceVersion
  }

  private static let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"

  private struct Versioned: Decodable {
    var metadata: ObjectMeta
  }
}

// MARK: - Pods

extension FakeKubelets {
  @Sendable private func see(_ change: Reflector<PodObject>.Change) {
    switch change {
    case .listed(let pods): for pod in pods { see(pod) }
    case .changed(let pod): see(pod)
    case .deleted(let pod):
      let name = pod.metadata.name ?? ""
      started.withLock { _ = $0.remove(name) }
    }
  }

  private func see(_ pod: PodObject) {
    guard let node = pod.spec?.nodeName.flatMap(Self.index), node < experiment.nodes,
      let name = pod.metadata.name, isAlive(node)
    else { return }
    let namespace = pod.metadata.namespace ?? "default"
    if pod.metadata.deletionTimestamp != nil {
      work.continuation.yield(.finish(name: name, namespace: namespace, node: node))
    } else if pod.status?.phase == "Pending", started.withLock({ $0.insert(name).inserted }) {
      work.continuation.yield(.start(name: name, namespace: namespace, node: node))
    }
  }

  /// The node of a name that `name(_:)` gave.
  private static func index(_ name: String) -> Int? {
    name.hasPrefix("assay-") ? Int(name.dropFirst("assay-".count)) : nil
  }

  private func startDelay(_ random: inout SeededRandom) -> Duration {
    let unit = random.unit()
    let nanoseconds =
      switch experiment.podStart {
      case .constant(let delay): Double(delay.count)
      case .uniform(let low, let high): Double(low.count) + unit * Double((high - low).count)
      case .exponential(let mean): -Double(mean.count) * log(1 - unit)
      }
    return .nanoseconds(Int64(nanoseconds))
  }

  private func carryOut(_ work: PodWork, after wait: Duration) async {
    switch work {
    case .start(let name, let namespace, let node):
      guard (try? await Task.sleep(for: wait)) != nil, isAlive(node) else { return }
      _ = try? await client.send(
        APIOperation("PATCH", "pods/status"), "/api/v1/namespaces/\(namespace)/pods/\(name)/status",
        Self.running(node))
    case .finish(let name, let namespace, _):
      _ = try? await client.send(
        APIOperation("DELETE", "pods"), "/api/v1/namespaces/\(namespace)/pods/\(name)",
        ["kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0])
    }
  }

  private static func running(_ node: Int) -> JSONValue {
    let now = JSONValue.string(KubernetesTime.seconds())
    let conditions = ["Initialized", "Ready", "ContainersReady"].map { type -> JSONValue in
      ["type": .string(type), "status": "True", "lastTransitionTime": now]
    }
    return [
      "status": [
        "phase": "Running", "conditions": .array(conditions), "startTime": now,
        "hostIP": "192.0.2.1", "podIP": .string("10.\(node >> 8 & 255).\(node & 255).1"),
        "containerStatuses": .array([
          [
            "name": "c", "image": "none", "imageID": "none", "ready": .bool(true),
            "started": .bool(true), "restartCount": 0, "state": ["running": ["startedAt": now]],
          ]
        ]),
      ]
    ]
  }
}
