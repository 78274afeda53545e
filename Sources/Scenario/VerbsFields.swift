internal import Measure
internal import Networking

typealias VerbsField = Field<VerbsWorkload>

/// The table of `verbs:` keys: everything that is known of them is here.
enum VerbsFields {
  static let all: [VerbsField] = [
    VerbsField(
      name: "operation", kind: .word(VerbsWorkload.Operation.allCases.map(\.rawValue)),
      doc: "what moves the bytes", required: true,
      apply: { value, workload in
        if let operation = value.word.flatMap(VerbsWorkload.Operation.init(rawValue:)) {
          workload.operation = operation
        }
      },
      render: { .word($0.operation.rawValue) }),
    .word("measure", \.measure, "one message at a time, or many in flight"),
    .size("message-size", \.messageSize, least: 1, "bytes of each message"),
    .integer("queue-depth", \.queueDepth, 1...16384, "messages in flight per queue pair"),
    .integer("queue-pairs", \.queuePairs, 1...1024, "queue pairs, each with a worker of its own"),
    .duration("duration", \.duration, least: 1, "measured time"),
    .duration("ramp", \.ramp, least: 0, "time before measuring; its messages are not recorded"),
    .size("inline-size", \.inlineSize, least: 0, "messages up to this size travel inline"),
  ]

  static let members: [Member] = all.map { $0.member(VerbsWorkload(operation: .send)) }

  /// A workload from checked values; nil without an operation.
  static func workload(_ values: Value) -> VerbsWorkload? {
    guard
      let operation = values["operation"]?.word.flatMap(VerbsWorkload.Operation.init(rawValue:))
    else { return nil }
    var workload = VerbsWorkload(operation: operation)
    for field in all {
      if let value = values[field.name] { field.apply(value, &workload) }
    }
    return workload
  }
}
