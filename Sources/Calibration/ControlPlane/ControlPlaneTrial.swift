internal import AsyncHTTPClient
internal import Foundation
internal import Measure

/// A result of an experiment: one value, or one for each pod, node or watch.
public struct ControlPlaneFigure: Hashable, Codable, Sendable {
  /// What it is: `all-bound`.
  public var name: String
  /// `s`, `1/s` or `count`.
  public var unit: String
  /// The values, rising.
  public var values: [Double]

  /// A result of values in any order.
  public init(_ name: String, _ unit: String, _ values: [Double]) {
    self.name = name
    self.unit = unit
    self.values = values.sorted()
  }
}

/// One experiment on a control plane that runs: nodes joined, then repetition after repetition.
struct ControlPlaneTrial {
  let experiment: ControlPlaneExperiment
  let log: RequestLog
  let view: ClusterView
  let kubelets: FakeKubelets
  /// The clients that create pods, with a connection each.
  let clients: KubernetesClient
  let client: KubernetesClient
  /// How the API server is killed; nil when this is not the control plane's owner.
  let killServer: (@Sendable () throws -> Void)?

  /// Does the experiment once; `number` tells the repetitions' objects apart.
  func run(_ number: Int) async throws -> [ControlPlaneFigure] {
    switch experiment.kind {
    case .podCreation: try await createPods(number)
    case .leaseRenewal: try await renewLeases()
    case .deployment: try await deploy(number)
    case .nodeFailure: try await failNodes()
    case .apiServerRestart: try await restartServer()
    case .objectUpdate, .objectRead, .objectCreation: try await loadObjects(number)
    }
  }

  /// Registers the nodes and waits until pods may be put there and all renew.
  func join() async throws {
    guard experiment.nodes > 0 else { return }
    try await kubelets.register()
    try await waitUntilReady("joined")
  }

  private func waitUntilReady(_ what: String) async throws {
    let count = experiment.nodes
    let isReady = try await view.wait(atMost: .seconds(120)) { view in
      view.nodes.count { $0.ready == "True" && !$0.isTainted } >= count
    }
    guard isReady else {
      let ready = view.nodes.count { $0.ready == "True" && !$0.isTainted }
      throw CalibrationError(
        .failed, "\(ready) of \(count) nodes \(what) within 120 s",
        hint: "is kube-controller-manager running, and the machine not overloaded?")
    }
  }

  private func pause(_ span: Nanoseconds) async throws {
    try await Task.sleep(for: .nanoseconds(span.count))
  }
}

// MARK: - Load

extension ControlPlaneTrial {
  private func createPods(_ number: Int) async throws -> [ControlPlaneFigure] {
    try await closedLoop { client, turn in
      try await createPod("assay-\(number)-\(client)-\(turn)")
    }
    return [ControlPlaneFigure("pods-created", "1/s", [rate(of: Self.create)])]
  }

  /// Lets each client do `turn` again and again until the window is over.
  func closedLoop(_ turn: @escaping @Sendable (_ client: Int, _ turn: Int) async throws -> Void)
    async throws
  {
    let begin = MonotonicClock.now() + experiment.warmUp
    let end = begin + experiment.window
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in 0..<experiment.clients {
        group.addTask {
          var done = 0
          while MonotonicClock.now() < end {
            try await turn(client, done)
            done += 1
          }
        }
      }
      try await pause(begin - MonotonicClock.now())
      log.begin()
      try await group.waitForAll()
    }
  }

  /// Requests of an operation that succeeded, per second of the window.
  func rate(of operation: APIOperation) -> Double {
    log.figures().first { $0.operation == operation }?.perSecond ?? 0
  }

  private static let create = APIOperation("POST", "pods")

  /// A pod for a scheduler that does not exist: nobody but the client has anything to do with it.
  private func createPod(_ name: String) async throws {
    try await clients.send(
      Self.create, "/api/v1/namespaces/default/pods",
      [
        "metadata": ["name": .string(name), "labels": ["app": "assay"]],
        "spec": [
          "schedulerName": "nobody",
          "containers": .array([["name": "c", "image": "none"]]),
        ],
      ])
  }

  private func renewLeases() async throws -> [ControlPlaneFigure] {
    try await pause(experiment.warmUp)
    log.begin()
    try await pause(experiment.window)
    let renewals = log.figures().first { $0.operation == APIOperation("PUT", "leases") }
    let notReady = view.nodes.count { $0.ready != "True" }
    return [
      ControlPlaneFigure("lease-renewals", "1/s", [renewals?.perSecond ?? 0]),
      ControlPlaneFigure("nodes-not-ready", "count", [Double(notReady)]),
    ]
  }

  private func deploy(_ number: Int) async throws -> [ControlPlaneFigure] {
    try await pause(experiment.warmUp)
    log.begin()
    let count = experiment.pods
    let name = "assay-\(number)"
    let begun = MonotonicClock.now()
    try await client.send(
      APIOperation("POST", "deployments"), Self.deployments, Self.deployment(name, count))
    let isDone = try await view.wait(atMost: experiment.window) { view in
      let pods = view.pods
      return pods.count >= count && pods.allSatisfy { $0.running != nil }
    }
    guard isDone else {
      let running = view.pods.count { $0.running != nil }
      throw CalibrationError(
        .failed, "\(running) of \(count) pods ran within \(experiment.window.text)")
    }
    // The watch may tell of the last pods before the answers to their reports have come.
    for _ in 0..<100 where log.successes(of: Self.report) < count {
      try await pause(.milliseconds(10))
    }
    let pods = view.pods
    let seconds = { (moment: (ClusterView.Pod) -> Nanoseconds?) in
      pods.compactMap(moment).map { ($0 - begun).inSeconds }
    }
    let (created, bound) = (seconds { $0.created }, seconds(\.bound))
    let running = seconds(\.running)
    return [
      ControlPlaneFigure("all-created", "s", [created.max() ?? 0]),
      ControlPlaneFigure("all-bound", "s", [bound.max() ?? 0]),
      ControlPlaneFigure("all-running", "s", [running.max() ?? 0]),
      ControlPlaneFigure("pod-bound", "s", bound),
      ControlPlaneFigure("pod-running", "s", running),
    ]
  }

  private static let report = APIOperation("PATCH", "pods/status")

  private static let deployments = "/apis/apps/v1/namespaces/default/deployments"

  private static func deployment(_ name: String, _ replicas: Int) -> JSONValue {
    let labels: JSONValue = ["app": "assay", "repetition": .string(name)]
    return [
      "metadata": ["name": .string(name), "labels": labels],
      "spec": [
        "replicas": .integer(Int64(replicas)), "selector": ["matchLabels": labels],
        "template": [
          "metadata": ["labels": labels],
          "spec": ["containers": .array([["name": "c", "image": "none"]])],
        ],
      ],
    ]
  }

  /// Removes what a repetition made and waits until it is gone.
  func cleanUp() async throws {
    let query = "?labelSelector=app%3Dassay"
    let options: JSONValue = ["propagationPolicy": "Background"]
    if experiment.kind == .deployment {
      try await deleteAll("deployments", Self.deployments + query, options)
    } else if experiment.kind == .podCreation {
      try await deleteAll("pods", "/api/v1/namespaces/default/pods" + query)
    } else if experiment.kind.hasClients {
      try await removeObjects()
    }
    guard try await view.wait(atMost: .seconds(180), until: { $0.pods.isEmpty }) else {
      throw CalibrationError(.failed, "\(view.pods.count) pods are still there after 180 s")
    }
  }

  /// Deletes a collection.
  ///
  /// The server gives a request up after a minute (`--request-timeout`), in which a CPU or two
  /// delete some ten thousand objects: the next attempt finds the fewer that are left.
  func deleteAll(_ resource: String, _ path: String, _ options: JSONValue? = nil) async throws {
    for attempt in 1... {
      do {
        try await client.send(APIOperation("DELETECOLLECTION", resource), path, options)
        return
      } catch let error as RefusedRequest where error.status >= 500 && attempt < 10 {
      } catch let error as HTTPClientError where error == .deadlineExceeded && attempt < 10 {}
    }
  }

  /// Takes all that is ours out of a control plane that goes on without us, as far as it can.
  func leave() async {
    for index in 0..<experiment.nodes { kubelets.kill(index) }
    let now: JSONValue = ["gracePeriodSeconds": 0, "propagationPolicy": "Background"]
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
    for (resource, path, label) in [
      ("deployments", Self.deployments, "app%3Dassay"),
      ("replicasets", "/apis/apps/v1/namespaces/default/replicasets", "app%3Dassay"),
      ("pods", "/api/v1/namespaces/default/pods", "app%3Dassay"),
      ("configmaps", Self.configMaps, "app%3Dassay"),
      ("podtemplates", Self.podTemplates, "app%3Dassay"),
      ("nodes", "/api/v1/nodes", "assay%3Dnode"), ("leases", leases, "assay%3Dnode"),
    ] {
      _ = try? await client.send(
        APIOperation("DELETECOLLECTION", resource), path + "?labelSelector=" + label, now)
    }
  }
}

// MARK: - Faults

extension ControlPlaneTrial {
  private func failNodes() async throws -> [ControlPlaneFigure] {
    try await pause(experiment.warmUp)
    log.begin()
    let failed = Array(0..<experiment.failures)
    for index in failed { kubelets.kill(index) }
    let killed = MonotonicClock.now()
    let isDone = try await view.wait(atMost: experiment.window) { view in
      failed.allSatisfy { view.node(FakeKubelets.name($0))?.noExecute != nil }
    }
    // A renewal that was under way when the node died still counts.
    let seen = failed.map { index in
      (last: kubelets.lastRenewal(index), node: view.node(FakeKubelets.name(index)))
    }
    for index in failed { try await kubelets.revive(index) }
    guard isDone else {
      throw CalibrationError(
        .failed,
        "not all failed nodes were tainted within \(experiment.window.text): "
          + zip(failed, seen).map { Self.state(of: $0, $1.node) }.joined(separator: ", "))
    }
    try await waitUntilReady("were back")
    let sinceRenewal = { (moment: (ClusterView.Node) -> Nanoseconds?) in
      seen.compactMap { seen in
        seen.node.flatMap(moment).map { ($0 - seen.last).inSeconds }
      }
    }
    return [
      ControlPlaneFigure("unknown-since-last-renewal", "s", sinceRenewal(\.unknown)),
      ControlPlaneFigure("no-schedule-since-last-renewal", "s", sinceRenewal(\.noSchedule)),
      ControlPlaneFigure("no-execute-since-last-renewal", "s", sinceRenewal(\.noExecute)),
      ControlPlaneFigure(
        "last-renewal-before-failure", "s", seen.map { (killed - $0.last).inSeconds }),
    ]
  }

  /// What is known of a node that was to fail: `assay-3 Unknown, NoSchedule`.
  private static func state(of index: Int, _ node: ClusterView.Node?) -> String {
    let taints = [
      node?.noSchedule.map { _ in ", NoSchedule" }, node?.noExecute.map { _ in ", NoExecute" },
    ]
    return "\(FakeKubelets.name(index)) \(node?.ready ?? "not seen")"
      + taints.compactMap(\.self).joined()
  }

  private func restartServer() async throws -> [ControlPlaneFigure] {
    guard let killServer else {
      throw CalibrationError(
        .usage, "the API server of a control plane given by --url is not ours to kill",
        hint: "leave out --url, so that scripts/lab starts one")
    }
    try await pause(experiment.warmUp)
    log.begin()
    let before = kubelets.watchCounts
    let killed = MonotonicClock.now()
    try killServer()
    let outage = try await outage(since: killed)
    // A watch may be answered only to be told that its version is too old; nodes whose lease could
    // not be renewed in time would show late too. So: all up, and still all up a while later.
    for wait in [Nanoseconds.seconds(5), .zero] {
      let areUp = try await view.wait(atMost: experiment.window) { _ in
        kubelets.watchCounts.allSatisfy { $0.isUp && ($0.established.last ?? .zero) > killed }
      }
      guard areUp else {
        throw CalibrationError(
          .failed, "not all watches were back within \(experiment.window.text)")
      }
      try await pause(wait)
    }
    let after = kubelets.watchCounts
    let recovered = after.compactMap { counts in
      counts.established.first { $0 > killed }.map { ($0 - killed).inSeconds }
    }
    let settled = after.compactMap { ($0.established.last).map { ($0 - killed).inSeconds } }
    let lists = zip(after, before).map { $0.lists - $1.lists }.reduce(0, +)
    let expired = zip(after, before).map { $0.expired - $1.expired }
    return [
      ControlPlaneFigure("api-server-outage", "s", [outage]),
      ControlPlaneFigure("watch-answered", "s", recovered),
      ControlPlaneFigure("watch-settled", "s", settled),
      ControlPlaneFigure("relists", "count", [Double(lists)]),
      ControlPlaneFigure("watches-expired-410", "count", [Double(expired.reduce(0, +))]),
      ControlPlaneFigure(
        "nodes-not-ready", "count", [Double(view.nodes.count { $0.ready != "True" })]),
    ]
  }

  /// Seconds from the kill until the server says that it is ready.
  private func outage(since killed: Nanoseconds) async throws -> Double {
    while MonotonicClock.now() - killed < experiment.window {
      if (try? await client.send(APIOperation("GET", "readyz"), "/readyz")) != nil {
        return (MonotonicClock.now() - killed).inSeconds
      }
      try await pause(.milliseconds(50))
    }
    throw CalibrationError(
      .failed, "the API server was not ready again within \(experiment.window.text)")
  }
}
