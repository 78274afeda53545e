internal import Ledger
internal import Measure
internal import Statistics

/// Judges the metrics of two cases that belong together.
struct CaseComparer {
  let part: ArmDifferences
  let pair: CaseMatch.Pair
  /// What the two disclose differently.
  let disclosed: [Comparison.Difference]
  let isPaired: Bool

  private var rules: ComparisonRules { part.rules }

  init(part: ArmDifferences, pair: CaseMatch.Pair, disclosed: [Comparison.Difference]) {
    self.part = part
    self.pair = pair
    self.disclosed = disclosed
    isPaired = pair.isInterleaved
  }

  /// One row a metric, in the catalogue's order.
  func rows() -> [ComparisonRow] {
    let names = { (of: CaseSamples) in Set(of.samples.flatMap(\.metrics.keys)) }
    let ours = names(pair.reference)
    let theirs = names(pair.subject)
    // A side without a valid trial is shown by what the other has: it must not vanish.
    let whole = ours.isEmpty ? theirs : ours
    let measured = [part.reference, part.subject].allSatisfy {
      $0.evidence == .measured || $0.evidence == .simulated
    }
    let chosen = rules.metrics.metrics(
      of: whole, and: theirs.isEmpty ? whole : theirs, measured: measured)
    let reason = incomparable
    return chosen.map { row(of: $0, incomparable: reason) }
  }

  /// Why no metric of the two may be compared; nil where they may.
  var incomparable: String? {
    for (arm, samples) in [(part.reference, pair.reference), (part.subject, pair.subject)]
    where samples.samples.isEmpty {
      let spoilt = [("invalid", samples.invalid), ("failed", samples.failed)]
        .filter { !$0.1.isEmpty }.map { "\($0.1.joined(separator: ", ")) \($0.0)" }
      return "\(arm.label) has no valid trial of this case"
        + (spoilt.isEmpty ? "" : " (\(spoilt.joined(separator: "; ")))")
    }
    let reasons = differently + undisclosed
    return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
  }

  /// The workloads are not the same.
  private var differently: [String] {
    disclosed.filter(\.forbids).map { difference in
      let name = difference.key.dropFirst("disclosure.".count).replacing("-", with: " ")
      return "the \(name) is \(difference.subject ?? ""), of \(part.reference.label) "
        + "\(difference.reference ?? ""): compare all the same with --despite \(difference.key)"
    }
  }

  /// What must be told and is not.
  ///
  /// One publication that sets figures beside each other and leaves it out stands as it is, with
  /// a caveat: what it measured is its word; see ``ComparisonCaveats``.
  private var undisclosed: [String] {
    if part.isOneRecord && part.reference.evidence == .published { return [] }
    let missing = [pair.reference, pair.subject].map { Undisclosed.of($0) }
    return zip([part.reference.label, part.subject.label], missing).compactMap { label, names in
      let open = names.filter { !rules.means(ArmDifferences.key($0)) }
      guard !open.isEmpty else { return nil }
      return "\(label) does not disclose \(open.joined(separator: ", "))"
    }
  }

  // MARK: One metric

  private func row(of metric: String, incomparable: String?) -> ComparisonRow {
    let definition = MetricCatalogue.definition(of: metric)
    let samples = pair.reference.samples + pair.subject.samples
    let unit = samples.lazy.compactMap { $0.metrics[metric]?.unit }.first
    var row = ComparisonRow(
      arm: part.arm, key: pair.subject.key, referenceKey: pair.reference.key, metric: metric,
      unit: unit ?? definition?.unit.rawValue ?? "1", direction: definition?.direction ?? .lower,
      reference: side(pair.reference, metric), subject: side(pair.subject, metric),
      method: isPaired ? .paired : .unpaired, verdict: .notComparable, reason: "")
    if let reason = incomparable ?? hindrance(metric) {
      row.reason = "not comparable: " + reason
      return row
    }
    if row.reference.bound != nil || row.subject.bound != nil {
      setBound(&row)
    } else {
      setEffect(&row)
    }
    return row
  }

  private func side(_ samples: CaseSamples, _ metric: String) -> ComparisonRow.Side {
    let values = samples.samples.compactMap { $0.metrics[metric] }
    let bound = values.lazy.compactMap(\.bound).first
    return ComparisonRow.Side(
      median: Median.of(values.map(\.value).filter(\.isFinite)), n: values.count, bound: bound)
  }

  /// Why this metric of the two has no ratio; nil where it has one.
  private func hindrance(_ metric: String) -> String? {
    var units: Set<String> = []
    var zeros: [String] = []
    for (arm, samples) in [(part.reference, pair.reference), (part.subject, pair.subject)] {
      let name = "\(metric) of \(arm.label)"
      let found = samples.samples.compactMap { sample in
        sample.metrics[metric].map { (id: sample.id, value: $0) }
      }
      guard !found.isEmpty else { return "\(arm.label) has no \(metric)" }
      units.formUnion(found.map(\.value.unit))
      if let odd = found.first(where: { !$0.value.value.isFinite }) {
        return "\(name) is not a number in \(odd.id)"
      }
      if let odd = found.first(where: { $0.value.value < 0 }) {
        return "\(name) is negative in \(odd.id)"
      }
      if Set(found.map(\.value.bound)).count > 1 {
        return "\(name) is a bound in some trials and a value in others"
      }
      let none = found.count { $0.value.value == 0 }
      if none == found.count {
        zeros.append("\(name) is 0")
      } else if none > 0 {
        zeros.append("\(name) is 0 in \(none) of \(found.count) trials")
      }
    }
    if units.count > 1 { return "\(metric) is in \(units.sorted().joined(separator: " and "))" }
    return zeros.isEmpty ? nil : zeros.joined(separator: ", ") + ": there is no ratio"
  }

  /// A ratio of which one side is known as a bound only.
  private func setBound(_ row: inout ComparisonRow) {
    guard let ours = row.reference.median, let its = row.subject.median else { return }
    // A larger reference makes the ratio smaller.
    let turned = row.reference.bound.map { $0 == .atLeast ? MetricValue.Bound.atMost : .atLeast }
    if let bound = row.subject.bound, let turned, bound != turned {
      row.reason =
        "not comparable: both are known as bounds only, and nothing bounds their ratio"
      return
    }
    row.ratio = its / ours
    row.ratioBound = row.subject.bound ?? turned
    row.verdict = .noInterval
    row.reason = ComparisonReason(row: row, part: part).text
  }

  private func setEffect(_ row: inout ComparisonRow) {
    let (ours, theirs) = values(row.metric)
    guard !ours.isEmpty else {
      row.reason = "not comparable: no block has a valid trial of each"
      return
    }
    let effect: RatioEffect
    do {
      effect =
        isPaired
        ? try .paired(reference: ours, subject: theirs, confidence: rules.confidence)
        : try .unpaired(reference: ours, subject: theirs, confidence: rules.confidence)
    } catch {
      row.reason = "not comparable: the values of \(row.metric) are too far apart for a ratio"
      return
    }
    row.ratio = effect.ratio
    row.pairs = isPaired ? ours.count : nil
    row.interval = effect.interval
    row.smallestDetectable = effect.smallestDetectable
    row.verdict = verdict(effect.interval, row.direction)
    row.reason = ComparisonReason(row: row, part: part, rules: rules).text
  }

  /// Values in the order of blocks and turns; of pairs only where both sides have one.
  private func values(_ metric: String) -> (reference: [Double], subject: [Double]) {
    guard isPaired else {
      return (pair.reference.values(of: metric), pair.subject.values(of: metric))
    }
    let ours = pair.reference.byPlace(metric)
    let theirs = pair.subject.byPlace(metric)
    let common = ours.keys.filter { theirs[$0] != nil }.sorted()
    return (common.compactMap { ours[$0] }, common.compactMap { theirs[$0] })
  }

  private func verdict(
    _ interval: IntervalEstimate?, _ direction: MetricDefinition.Direction
  ) -> ComparisonRow.Verdict {
    guard let interval else { return .noInterval }
    let zone = rules.zone(direction)
    if interval.lower > zone.upperBound { return direction == .higher ? .better : .worse }
    if interval.upper < zone.lowerBound { return direction == .higher ? .worse : .better }
    return zone.contains(interval.lower) && zone.contains(interval.upper) ? .same : .inconclusive
  }
}

extension CaseSamples {
  /// A metric's values by block, and by which valid trial of the case it is there.
  func byPlace(_ metric: String) -> [BlockPlace: Double] {
    BlockPlace.values(of: samples, block: \.block) { $0.metrics[metric]?.value }
  }
}

/// What a case must disclose and does not.
enum Undisclosed {
  static func of(_ samples: CaseSamples) -> [String] {
    let kind = DisclosureRules.Kind(metrics: samples.samples.flatMap(\.metrics.keys))
    return DisclosureRules.missing(in: samples.disclosure, for: kind)
  }
}
