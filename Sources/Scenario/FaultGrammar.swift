internal import ControlPlane
internal import Measure

/// What goes wrong in a simulated cluster, as a scenario file has it.
enum FaultGrammar {
  static let kind = Kind.list(
    .record([
      Member(
        name: "kind", kind: .word(ClusterFault.Kind.allCases.map(\.rawValue)),
        doc: "what goes wrong", required: true),
      Member(
        name: "at", kind: .duration(least: 0), doc: "when, counted from the end of the warm-up",
        standard: standard.at.text),
      Member(
        name: "for", kind: .duration(least: 0),
        doc: "for how long; without it, for good, or what a restart takes"),
      Member(
        name: "target", kind: .integer(0...100_000),
        doc: "which rack, zone, member or server, from 0; without it, by chance or all"),
      Member(
        name: "count", kind: .integer(1...100_000), doc: "how many nodes",
        standard: String(standard.count)),
      Member(
        name: "factor", kind: .number(above: 1, below: 1_000_000), doc: "how many times as slow",
        standard: decimalText(standard.factor)),
      Member(
        name: "mean-time-between", kind: .duration(least: 1_000_000_000),
        doc: "nodes-failing: from one failure of a node to its next, on average",
        standard: standard.meanTimeBetween.text),
    ]))

  private static let standard = ClusterFault(.leaderKilled)

  /// The fault of a checked value.
  static func fault(_ value: Value) -> ClusterFault? {
    guard let kind = value["kind"]?.word.flatMap(ClusterFault.Kind.init(rawValue:)) else {
      return nil
    }
    var fault = ClusterFault(kind)
    fault.at = value["at"]?.duration ?? fault.at
    fault.duration = value["for"]?.duration ?? fault.duration
    fault.target = value["target"]?.integer
    fault.count = value["count"]?.integer ?? fault.count
    fault.factor = value["factor"]?.number ?? fault.factor
    fault.meanTimeBetween = value["mean-time-between"]?.duration ?? fault.meanTimeBetween
    return fault
  }

  /// What a fault looks like in a scenario.
  static func value(of fault: ClusterFault) -> Value {
    var pairs = [Value.Pair("kind", .word(fault.kind.rawValue)), .init("at", .duration(fault.at))]
    if fault.duration > .zero { pairs.append(.init("for", .duration(fault.duration))) }
    if let target = fault.target { pairs.append(.init("target", .integer(target))) }
    switch fault.kind {
    case .nodesLost: pairs.append(.init("count", .integer(fault.count)))
    case .slowDisk, .imageServerSlow: pairs.append(.init("factor", .number(fault.factor)))
    case .nodesFailing:
      pairs.append(.init("mean-time-between", .duration(fault.meanTimeBetween)))
    default: break
    }
    return .record(pairs)
  }
}

/// The users' traffic, as a scenario file has it.
enum TrafficGrammar {
  static let members: [Member] = [
    Member(
      name: "peak", kind: .number(above: 0, below: 10_000),
      doc: "the largest multiple of the usual traffic", required: true),
    Member(
      name: "at", kind: .duration(least: 0), doc: "when it begins to rise",
      standard: TrafficCurve().begin.text),
    Member(
      name: "ramp", kind: .duration(least: 0), doc: "how long it takes to rise, and to fall",
      standard: TrafficCurve().ramp.text),
    Member(
      name: "for", kind: .duration(least: 0),
      doc: "how long it stays at its peak; without it, until the end"),
  ]

  /// The curve of a checked value.
  static func curve(_ value: Value) -> TrafficCurve {
    var curve = TrafficCurve()
    curve.peak = value["peak"]?.number ?? curve.peak
    curve.begin = value["at"]?.duration ?? curve.begin
    curve.ramp = value["ramp"]?.duration ?? curve.ramp
    curve.hold = value["for"]?.duration ?? curve.hold
    return curve
  }

  /// What a curve looks like in a scenario; nil for the usual traffic.
  static func value(of curve: TrafficCurve) -> Value? {
    guard curve.peak != 1 else { return nil }
    return .record([
      .init("peak", .number(curve.peak)), .init("at", .duration(curve.begin)),
      .init("ramp", .duration(curve.ramp)), .init("for", .duration(curve.hold)),
    ])
  }
}
