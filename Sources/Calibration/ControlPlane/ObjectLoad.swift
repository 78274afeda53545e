internal import Measure

/// Closed loops on objects that no controller acts on: what a request costs, and nothing else.
extension ControlPlaneTrial {
  static let configMaps = "/api/v1/namespaces/default/configmaps"
  static let podTemplates = "/api/v1/namespaces/default/podtemplates"

  func loadObjects(_ number: Int) async throws -> [ControlPlaneFigure] {
    let operation: APIOperation
    switch experiment.kind {
    case .objectCreation:
      operation = APIOperation("POST", "podtemplates")
      try await closedLoop { client, turn in
        let name = "assay-\(number)-\(client)-\(turn)"
        try await clients.send(operation, Self.podTemplates, Self.podTemplate(name))
      }
    case .objectRead:
      operation = APIOperation("GET", "configmaps")
      try await createConfigMaps(number)
      try await closedLoop { client, _ in
        try await clients.send(operation, Self.path(number, client))
      }
    default:
      operation = APIOperation("PUT", "configmaps")
      try await createConfigMaps(number)
      try await closedLoop { client, turn in
        try await clients.send(
          operation, Self.path(number, client), Self.configMap(number, client, turn: turn + 1))
      }
    }
    return [ControlPlaneFigure("requests", "1/s", [rate(of: operation)])]
  }

  func removeObjects() async throws {
    let creates = experiment.kind == .objectCreation
    try await deleteAll(
      creates ? "podtemplates" : "configmaps",
      (creates ? Self.podTemplates : Self.configMaps) + "?labelSelector=app%3Dassay")
  }

  private func createConfigMaps(_ number: Int) async throws {
    for client in 0..<experiment.clients {
      try await clients.send(
        APIOperation("POST", "configmaps"), Self.configMaps,
        Self.configMap(number, client, turn: 0))
    }
  }

  private static func path(_ number: Int, _ client: Int) -> String {
    configMaps + "/assay-\(number)-\(client)"
  }

  /// As large as a lease; without a change the API server would not write it.
  private static func configMap(_ number: Int, _ client: Int, turn: Int) -> JSONValue {
    [
      "metadata": ["name": .string("assay-\(number)-\(client)"), "labels": ["app": "assay"]],
      "data": ["turn": .string("\(turn)"), "filling": .string(String(repeating: "x", count: 64))],
    ]
  }

  /// The pod of `createPod`, as a template.
  private static func podTemplate(_ name: String) -> JSONValue {
    [
      "metadata": ["name": .string(name), "labels": ["app": "assay"]],
      "template": [
        "metadata": ["labels": ["app": "assay"]],
        "spec": [
          "schedulerName": "nobody",
          "containers": .array([["name": "c", "image": "none"]]),
        ],
      ],
    ]
  }
}

/// Any object, as far as a watcher must know it.
struct PlainObject: KubernetesObject {
  var metadata: ObjectMeta
}

/// Watchers of the objects that ``ControlPlaneTrial`` updates.
struct ObjectWatchers {
  private let watches: [Reflector<PlainObject>]

  init(_ experiment: ControlPlaneExperiment, _ client: KubernetesClient) {
    watches = (0..<experiment.watchers).map { number in
      Reflector(
        client, "configmaps", path: "/api/v1/configmaps?labelSelector=app%3Dassay",
        seed: experiment.seed &+ UInt64(number) &+ 1 << 33)
    }
  }

  /// Whether all watch.
  var areUp: Bool { watches.allSatisfy { $0.watchCounts.isUp } }

  /// Watches until its task is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      for watch in watches { group.addTask { await watch.run { _ in } } }
    }
  }
}
