internal import ControlPlane
internal import Measure

/// The keys of `flow-control:`, API Priority and Fairness.
enum FlowControlFields {
  static let all: [ClusterField] = [
    .flag(
      "enabled", \.apiServer.flowControl.isEnabled,
      "--enable-priority-and-fairness; without it the two in-flight limits hold"),
    .flag(
      "borrows", \.apiServer.flowControl.borrows, "whether levels lend and borrow seats (1.26)"),
    .flag(
      "widths", \.apiServer.flowControl.hasWidths,
      "whether lists and writes with many watchers take more than one seat (1.23)"),
    .duration(
      "wait-limit", \.apiServer.flowControl.waitLimit, least: 1_000_000,
      "how long a request may wait in a queue"),
    .duration(
      "retry-after", \.apiServer.flowControl.retryAfter, least: 1_000_000,
      "what a refused client is told to wait"),
    ClusterField(
      name: "levels",
      kind: .record(
        PriorityLevel.Name.allCases.map {
          Member(
            name: $0.rawValue, kind: .record(level), doc: "the priority level \($0.rawValue)")
        }),
      doc: "priority levels that are not as suggested, by name",
      apply: { value, model in
        for pair in value.pairs { change(pair, &model.apiServer.flowControl) }
      },
      render: render),
  ]

  private static let level: [Member] = [
    Member(
      name: "shares", kind: .integer(0...1_000_000),
      doc: "its part of the server's seats (nominalConcurrencyShares)"),
    Member(
      name: "lendable", kind: .share(0...1), doc: "how much of its seats others may borrow"),
    Member(
      name: "queues", kind: .integer(0...10_000),
      doc: "its queues; 0 refuses whoever finds no seat"),
    Member(
      name: "hand-size", kind: .integer(1...10_000), doc: "how many queues a flow may use"),
    Member(
      name: "queue-length", kind: .integer(1...1_000_000), doc: "how many requests a queue takes"),
  ]

  private static func change(_ pair: Value.Pair, _ flowControl: inout FlowControlParameters) {
    let name = PriorityLevel.Name(rawValue: pair.key)
    guard let place = flowControl.levels.firstIndex(where: { $0.name == name }) else { return }
    let given = pair.value
    var level = flowControl.levels[place]
    level.shares = given["shares"]?.integer ?? level.shares
    level.lendable = given["lendable"]?.share ?? level.lendable
    level.queues = given["queues"]?.integer ?? level.queues
    level.handSize = given["hand-size"]?.integer ?? level.handSize
    level.queueLength = given["queue-length"]?.integer ?? level.queueLength
    flowControl.levels[place] = level
  }

  /// The levels that are not those of the model's release.
  @Sendable private static func render(_ model: ClusterModel) -> Value? {
    let suggested = PriorityLevel.suggested(model.profile)
    let changed = model.apiServer.flowControl.levels.filter { !suggested.contains($0) }
    guard !changed.isEmpty else { return nil }
    return .record(
      changed.map { level in
        let pairs: [Value.Pair] = [
          .init("shares", .integer(level.shares)), .init("lendable", .share(level.lendable)),
          .init("queues", .integer(level.queues)), .init("hand-size", .integer(level.handSize)),
          .init("queue-length", .integer(level.queueLength)),
        ]
        return Value.Pair(level.name.rawValue, .record(pairs))
      })
  }
}
