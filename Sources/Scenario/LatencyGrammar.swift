internal import ControlPlane
internal import Measure

/// How long something takes, as a scenario says it: `2ms`, or a distribution by its percentiles.
enum LatencyGrammar {
  static let kind = kind(of: "")

  /// How the key `group.name` says it: what it takes from a record by itself is the key's own.
  static func kind(of key: String) -> Kind {
    .anyOf([
      .duration(least: 0),
      .variant(noun: "latency", [percentiles, record(standardMetric(of: key))]),
    ])
  }

  /// Which metric of a record is meant where none is named: that of a disk, or of a machine's way
  /// to ping the phase of the same name.
  static func standardMetric(of key: String) -> String {
    guard key.hasPrefix("provisioning.") else { return "sync latency" }
    return key.replacing("provisioning.", with: "").replacing("-", with: " ")
  }

  private static let percentiles = [
    Member(name: "p50", kind: .duration(least: 1), doc: "the median", required: true),
    Member(
      name: "p99", kind: .duration(least: 1), doc: "one in a hundred takes longer",
      required: true),
    Member(name: "tail-p50", kind: .duration(least: 1), doc: "the median of the tail"),
    Member(name: "tail-p99", kind: .duration(least: 1), doc: "the 99th percentile of the tail"),
    Member(
      name: "tail-share", kind: .share(0.000001...0.999999),
      doc: "how many of all are of the tail"),
  ]

  private static func record(_ metric: String) -> [Member] {
    [
      Member(
        name: "from-record", kind: .text, doc: "a record's folder: all values that it measured",
        required: true),
      Member(name: "system", kind: .name, doc: "whose trials, where it has several systems"),
      Member(name: "workload", kind: .name, doc: "which workload's, where several have the metric"),
      Member(
        name: "metric", kind: .text, doc: "the latency in the record", standard: metric),
    ]
  }

  /// The law of a checked value; nil for one that says half of a tail, or is in a record.
  static func law(_ value: Value) -> LatencyLaw? {
    if case .measured(let distribution) = value { return .measured(distribution) }
    if let constant = value.duration { return .constant(constant) }
    guard let p50 = value["p50"]?.duration, let p99 = value["p99"]?.duration else { return nil }
    let tail = (
      value["tail-p50"]?.duration, value["tail-p99"]?.duration, value["tail-share"]?.share
    )
    switch tail {
    case (nil, nil, nil): return .lognormal(p50: p50, p99: p99)
    case (let tailP50?, let tailP99?, let share?):
      return .mixture(p50: p50, p99: p99, tailP50: tailP50, tailP99: tailP99, tailShare: share)
    default: return nil
    }
  }

  /// What a law looks like in a scenario.
  static func value(of law: LatencyLaw) -> Value {
    switch law {
    case .constant(let value): .duration(value)
    case .lognormal(let p50, let p99):
      .record([.init("p50", .duration(p50)), .init("p99", .duration(p99))])
    case .mixture(let p50, let p99, let tailP50, let tailP99, let share):
      .record([
        .init("p50", .duration(p50)), .init("p99", .duration(p99)),
        .init("tail-p50", .duration(tailP50)), .init("tail-p99", .duration(tailP99)),
        .init("tail-share", .share(share)),
      ])
    case .measured(let distribution): .measured(distribution)
    }
  }

  /// What is wrong with a checked value, and how to mend it; nil where nothing is.
  static func problem(of value: Value) -> (message: String, hint: String)? {
    guard value["from-record"] == nil else { return nil }
    guard let law = law(value) else {
      return (
        "a tail needs tail-p50, tail-p99 and tail-share", "give all three, or none of them"
      )
    }
    for (low, high) in [("p50", "p99"), ("tail-p50", "tail-p99")] {
      guard let least = value[low]?.duration, let most = value[high]?.duration, most < least
      else { continue }
      return (
        "\(high) \(most.text) is less than \(low) \(least.text)",
        "a percentile is at least as long as the median; are they the wrong way round?"
      )
    }
    return law.fault.map { ($0, "it takes \(kind.text)") }
  }
}

extension Field<ClusterModel> {
  /// A key for how long something takes.
  static func latency(
    _ name: String, _ path: Path<LatencyLaw>, _ doc: String, in group: String = ""
  ) -> Self {
    Self(
      name: name, kind: LatencyGrammar.kind(of: "\(group).\(name)"), doc: doc,
      apply: { value, model in
        if let law = LatencyGrammar.law(value) { model[keyPath: path] = law }
      },
      render: { LatencyGrammar.value(of: $0[keyPath: path]) })
  }

  /// A key for how long something takes that is not told apart where it is not given.
  static func latency(_ name: String, _ path: Path<LatencyLaw?>, _ doc: String) -> Self {
    Self(
      name: name, kind: LatencyGrammar.kind, doc: doc,
      apply: { value, model in
        if let law = LatencyGrammar.law(value) { model[keyPath: path] = law }
      },
      render: { $0[keyPath: path].map(LatencyGrammar.value(of:)) })
  }
}
