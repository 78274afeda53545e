internal import Ledger
internal import Measure
internal import Statistics

/// A row with what it is decided by; nil where it is decided already.
struct WeighedRow {
  var row: GateRow
  var evidence: GateEvidence?
}

/// Weighs the metrics of one case of a baseline.
struct CaseGate {
  let baseline: Baseline
  let samples: CaseSamples
  /// The run's trials of the case; nil where it has none.
  let run: CaseSamples?
  let part: ArmDifferences
  let rules: ComparisonRules

  /// One row a metric, in the catalogue's order.
  ///
  /// A metric that was asked for and that neither side has makes no row.
  func rows() -> [WeighedRow] {
    let names = { (of: CaseSamples?) in Set((of?.samples ?? []).flatMap(\.metrics.keys)) }
    let ours = names(samples)
    let either = ours.union(names(run))
    let incomparable = incomparable
    // What the baseline has decides, so that what the run lacks is seen.
    return rules.metrics.metrics(of: ours, and: ours, measured: true).filter(either.contains)
      .map { weighed($0, incomparable) }
  }

  /// Why the two cases may not stand beside each other; nil where they may.
  private var incomparable: String? {
    guard let run, !run.samples.isEmpty else { return nil }
    return CaseComparer(
      part: part, pair: .init(reference: samples, subject: run),
      disclosed: part.disclosure(samples, run)
    ).incomparable
  }

  private func weighed(_ metric: String, _ incomparable: String?) -> WeighedRow {
    let definition = MetricCatalogue.definition(of: metric)
    let direction = definition?.direction ?? .lower
    let replicates = Replicates(samples.samples, metric, of: baseline)
    let found = (run?.samples ?? []).compactMap { $0.metrics[metric] }
    let known = samples.samples.compactMap { $0.metrics[metric] }
    let values = found.map(\.value).filter(\.isFinite)
    var row = GateRow(
      key: samples.key, metric: metric,
      unit: known.first?.unit ?? found.first?.unit ?? definition?.unit.rawValue ?? "1",
      direction: direction, baseline: side(replicates.values, known),
      replicate: replicates.unit, run: side(values, found), bound: rules.worst(direction),
      verdict: .inconclusive, reason: "")
    if let (verdict, reason) = missing(metric, replicates, values) {
      (row.verdict, row.reason) = (verdict, reason)
      return WeighedRow(row: row)
    }
    if let reason = incomparable ?? bounded(row) {
      (row.verdict, row.reason) = (.notComparable, "not comparable: " + reason)
      return WeighedRow(row: row)
    }
    if (replicates.values + values).allSatisfy({ $0 == 0 }) {
      (row.verdict, row.reason) = (.pass, "0 in every trial of both")
      return WeighedRow(row: row)
    }
    do {
      let evidence = try GateEvidence(replicates, values, direction, rules)
      row.ratio = evidence.ratio
      row.interval = evidence.interval
      row.p = evidence.pWithin
      row.smallestDetectable = evidence.smallestDetectable
      return WeighedRow(row: row, evidence: evidence)
    } catch {
      row.reason = Self.text(error)
      return WeighedRow(row: row)
    }
  }

  private func side(_ values: [Double], _ metrics: [MetricValue]) -> ComparisonRow.Side {
    ComparisonRow.Side(
      median: Median.of(values), n: values.count, bound: metrics.lazy.compactMap(\.bound).first)
  }

  /// What keeps the row from being judged, for want of values.
  private func missing(
    _ metric: String, _ replicates: Replicates, _ values: [Double]
  ) -> (GateRow.Verdict, String)? {
    guard let run else { return (.notRun, "the run has no such case") }
    if values.isEmpty {
      if !run.failed.isEmpty { return (.failed, "failed: " + run.failed.joined(separator: ", ")) }
      if run.samples.isEmpty {
        return (.invalid, "invalid: " + run.invalid.joined(separator: ", "))
      }
      return (.notRun, "no trial of the run has the metric")
    }
    guard replicates.values.isEmpty else { return nil }
    return (.notRun, "the baseline has no value of it: make a new one")
  }

  private func bounded(_ row: GateRow) -> String? {
    row.baseline.bound == nil && row.run.bound == nil
      ? nil : "one of the two is known as a bound only"
  }

  private static func text(_ problem: RatioProblem) -> String {
    switch problem {
    case .notPositive(let zeros, let negatives):
      "\(zeros + negatives) values are not above 0: there is no ratio"
    case .notFinite(let count): "\(count) values are not numbers: there is no ratio"
    case .empty, .unequalCounts: "there are too few values for a ratio"
    }
  }
}
