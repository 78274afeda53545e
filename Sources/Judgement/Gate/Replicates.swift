internal import Ledger
internal import Measure
internal import Statistics

/// A baseline's values of one metric of one case, by what they vary over.
struct Replicates {
  /// The values, in the metric's unit.
  var values: [Double]
  /// What each value is of.
  var unit: GateRow.Replicate
  /// How many trials a value rests on, the middle one of them.
  var trialsEach: Double

  /// A fleet's replicate is the machine, that of three or more sessions the session: what differs
  /// from one to the next is then in the spread. Of one or two sessions it is the trial.
  ///
  /// Medians of the trials of a session or machine. O(trials log trials).
  init(_ samples: [CaseSamples.Sample], _ metric: String, of baseline: Baseline) {
    let machines = Dictionary(
      baseline.sessions.map { ($0.id, $0.machine) }, uniquingKeysWith: { $1 })
    var order: [String] = []
    var groups: [String: [Double]] = [:]
    for sample in samples {
      guard let value = sample.metrics[metric]?.value, value.isFinite else { continue }
      let group =
        baseline.kind == .fleet ? machines[sample.session] ?? sample.session : sample.session
      if groups[group] == nil { order.append(group) }
      groups[group, default: []].append(value)
    }
    let grouped = order.compactMap { groups[$0] }
    guard baseline.kind == .fleet || grouped.count >= Self.fewestSessions else {
      (values, unit, trialsEach) = (grouped.flatMap(\.self), .trial, 1)
      return
    }
    values = grouped.compactMap(Median.of)
    unit = baseline.kind == .fleet ? .machine : .session
    trialsEach = Median.of(grouped.map { Double($0.count) }) ?? 1
  }

  /// From so many sessions on their own spread is known well enough to be used.
  static let fewestSessions = 3
}
