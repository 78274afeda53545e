internal import Ledger
internal import Measure
internal import Scenario
internal import Statistics

/// Holds one limit against one case.
struct CaseJudge {
  let limit: Limit
  let key: CaseKey?
  let cases: TrialsByCase
  let confidence: Fraction

  private var group: TrialsByCase.Group { key.map { cases[$0] } ?? TrialsByCase.Group() }

  /// The metric's unit as the limit is written in; that of a ratio is 1.
  private var unit: MetricUnit {
    if case .ratio = limit.bound { return .count }
    return MetricCatalogue.definition(of: limit.metric)?.unit ?? .count
  }

  private var bound: Double {
    switch limit.bound {
    case .value(let value): value
    case .ratio(let factor, _): factor
    }
  }

  /// Judges the case.
  func judge() -> LimitJudgement {
    switch limit.bound {
    case .ratio(_, let other): ratio(to: other)
    case .value where unit == .count: count()
    case .value: absolute()
    }
  }

  func result(
    _ verdict: LimitJudgement.Verdict, _ reason: String, value: Double? = nil,
    interval: IntervalEstimate? = nil, n: Int = 0
  ) -> LimitJudgement {
    var other: String?
    if case .ratio(_, let system) = limit.bound { other = system }
    return LimitJudgement(
      limit: limit.text, key: key, metric: limit.metric, verdict: verdict, value: value,
      interval: interval, bound: bound, unit: unit.rawValue, comparedWith: other, n: n,
      reason: reason, severity: limit.severity)
  }

  // MARK: Counts

  /// A count is what happened in a trial, not an estimate of something behind it.
  private func count() -> LimitJudgement {
    let counted = group.valid.compactMap { trial in
      trial.value(of: limit.metric).map { (trial: trial, value: $0) }
    }
    let broken = counted.filter { !limit.comparison.holds($0.value, bound) }
    let worst = broken.isEmpty ? counted : broken
    let value = worst.max { distance($0.value) < distance($1.value) }?.value
    // A trial that broke off had an error, whether or not it lived to count it.
    if limit.metric == "errors", let first = group.failed.first {
      let why = first.findings.first { $0.severity == .error }.map { ": \($0.message)" } ?? ""
      let more = group.failed.count > 1 ? " (and \(group.failed.count - 1) more)" : ""
      return result(
        .fail, "trial \(first.id)\(more) failed\(why)", value: value, n: counted.count)
    }
    guard let value else { return nothing() }
    guard !broken.isEmpty else {
      let all = counted.count == 1 ? "in the one trial" : "in each of \(counted.count) trials"
      return result(
        .pass,
        "\(limit.metric) \(limit.comparison.rawValue) \(decimalText(bound)) \(all)" + leftOut,
        value: value, n: counted.count)
    }
    let places = broken.prefix(3).map { "\(decimalText($0.value)) in \($0.trial.id)" }
    let more = broken.count > 3 ? " and \(broken.count - 3) more" : ""
    return result(
      .fail, "\(limit.metric) was \(places.joined(separator: ", "))\(more)" + leftOut,
      value: value, n: counted.count)
  }

  /// How far a value lies towards the bad side.
  private func distance(_ value: Double) -> Double {
    switch limit.comparison {
    case .atLeast, .above: bound - value
    case .atMost, .below: value - bound
    case .equal: (value - bound).magnitude
    }
  }

  // MARK: Estimates

  private func absolute() -> LimitJudgement {
    let values = group.valid.compactMap { $0.value(of: limit.metric) }
    guard !values.isEmpty else { return nothing() }
    return estimate(median(of: values), of: "trial", suffix: leftOut)
  }

  /// Ratios of trials of one block, which drift has hit alike.
  private func ratio(to other: String) -> LimitJudgement {
    guard let key else { return nothing() }
    let reference = CaseKey(system: other, workload: key.workload, point: key.point)
    let ours = byPlace(group.valid)
    let theirs = byPlace(cases[reference].valid)
    guard !ours.isEmpty else { return nothing() }
    let pairs = ours.keys.sorted(by: <).compactMap { place -> (Double, Double)? in
      guard let mine = ours[place], let its = theirs[place] else { return nil }
      return (mine, its)
    }
    guard !pairs.isEmpty else {
      return result(
        .notRun,
        "no block has a valid trial of \(key.system) and one of \(other) with \(limit.metric)")
    }
    let zeros = pairs.count { $0.1 == 0 }
    guard zeros == 0 else {
      return result(
        .inconclusive,
        "\(limit.metric) of \(other) is 0 in \(zeros) of \(pairs.count) blocks: there is no ratio",
        n: pairs.count)
    }
    let lone = Set(ours.keys).union(theirs.keys).count - pairs.count
    let suffix = lone == 0 ? "" : "; \(counted(lone, "block")) without a valid pair left out"
    return estimate(effect(of: pairs), of: "pair", suffix: suffix)
  }

  private func byPlace(_ trials: [TrialRecord]) -> [BlockPlace: Double] {
    var turns: [Int: Int] = [:]
    var values: [BlockPlace: Double] = [:]
    for trial in trials {
      turns[trial.block, default: 0] += 1
      values[BlockPlace(block: trial.block, turn: turns[trial.block, default: 0])] =
        trial.value(of: limit.metric)
    }
    return values
  }

  /// What values come to, and by which word reasons call it.
  private struct Estimate {
    var name: String
    var value: Double
    var interval: IntervalEstimate?
    var count: Int
  }

  private func median(of values: [Double]) -> Estimate? {
    guard let median = Median.of(values) else { return nil }
    let interval = OrderStatisticInterval(medianOf: values, confidence: confidence).map {
      IntervalEstimate(
        value: median, lower: $0.lower, upper: $0.upper, level: $0.level, count: $0.count)
    }
    return Estimate(name: "median", value: median, interval: interval, count: values.count)
  }

  /// The ratio by Hodges and Lehmann; the median of the ratios where one has no logarithm.
  private func effect(of pairs: [(Double, Double)]) -> Estimate? {
    do throws(RatioProblem) {
      let effect = try RatioEffect.paired(
        reference: pairs.map(\.1), subject: pairs.map(\.0), confidence: confidence)
      return Estimate(
        name: "ratio", value: effect.ratio, interval: effect.interval, count: pairs.count)
    } catch {
      return median(of: pairs.map { $0.0 / $0.1 })
    }
  }

  private func estimate(
    _ found: Estimate?, of what: String, suffix: String
  ) -> LimitJudgement {
    guard let found else { return nothing() }
    let n = found.count
    guard let interval = found.interval else {
      let needed = OrderStatisticInterval.fewestValues(confidence: confidence)
      let give = n == 1 ? "gives" : "give"
      return result(
        .inconclusive,
        "\(counted(n, what)) \(give) no \(confidence.text) interval; "
          + "\(needed) are needed (design: {blocks: \(needed)})" + suffix,
        value: found.value, n: n)
    }
    let holds = [interval.lower, interval.upper].map { limit.comparison.holds($0, bound) }
    let verdict: LimitJudgement.Verdict
    let relation: String
    if holds == [true, true] {
      (verdict, relation) = (.pass, "lies wholly on the good side of")
    } else if isBad(interval) {
      (verdict, relation) = (.fail, "lies wholly on the bad side of")
    } else {
      (verdict, relation) = (.inconclusive, "spans")
    }
    return result(
      verdict, sentence(found, interval, relation, of: what) + suffix, value: found.value,
      interval: interval, n: n)
  }

  /// Whether no value of the interval is good.
  private func isBad(_ interval: IntervalEstimate) -> Bool {
    switch limit.comparison {
    case .atLeast, .above: !limit.comparison.holds(interval.upper, bound)
    case .atMost, .below: !limit.comparison.holds(interval.lower, bound)
    case .equal: bound < interval.lower || bound > interval.upper
    }
  }

  // MARK: Words

  private func sentence(
    _ found: Estimate, _ interval: IntervalEstimate, _ relation: String, of what: String
  ) -> String {
    let texts = MetricText.texts(
      [found.value, interval.lower, interval.upper, bound], unit, isRatio: limit.isRatio,
      apartFrom: bound)
    let level = MetricText.digits(interval.level.value * 100, 3)
    return "\(found.name) \(texts[0]) of \(counted(interval.count, what)); its \(level)% interval "
      + "\(texts[1]) to \(texts[2]) \(relation) \(texts[3])"
  }

  private func nothing() -> LimitJudgement {
    guard group.valid.isEmpty else {
      return result(.notRun, "no valid trial of this case has the metric \(limit.metric)")
    }
    return result(.notRun, "this case has no valid trial" + leftOut)
  }

  /// The trials that do not count, named apart.
  private var leftOut: String {
    let parts = [("invalid", group.invalid), ("failed", group.failed)].compactMap { word, trials in
      trials.isEmpty
        ? nil : "\(trials.map(\.id).joined(separator: ", ")) left out as \(word)"
    }
    return parts.isEmpty ? "" : "; " + parts.joined(separator: "; ")
  }

  private func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}

extension Limit {
  /// Whether it compares with another system.
  var isRatio: Bool { if case .ratio = bound { true } else { false } }
}
