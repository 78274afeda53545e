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
  let decision: DecisionRule

  private var group: TrialsByCase.Group { key.map { cases[$0] } ?? TrialsByCase.Group() }

  /// The metric's unit as the limit is written in; that of a ratio is 1, that of a share percent.
  private var unit: MetricUnit {
    limit.share == nil ? valueUnit : .percent
  }

  private var valueUnit: MetricUnit {
    if case .ratio = limit.bound { return .count }
    return MetricCatalogue.definition(of: limit.metric)?.unit ?? .count
  }

  private var bound: Double {
    switch limit.bound {
    case .value(let value): value
    case .ratio(let factor, _): factor
    }
  }

  /// Which side of what is judged is good: for a share of trials, more of them.
  private var comparison: Limit.Comparison { limit.share == nil ? limit.comparison : .atLeast }

  /// Judges the case.
  func judge() -> LimitJudgement {
    switch limit.bound {
    case .ratio(_, let other): ratio(to: other)
    case .value where limit.share != nil: share(limit.share ?? Fraction(0))
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
      interval: interval, bound: limit.share.map { $0.value * 100 } ?? bound, unit: unit.rawValue,
      share: limit.share, comparison: comparison, comparedWith: other, n: n, reason: reason,
      severity: limit.severity)
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
    let values = group.valid.compactMap { $0.span(of: limit.metric) }
    guard !values.isEmpty else { return nothing() }
    return estimate(values, of: "trial", suffix: leftOut)
  }

  /// Ratios of trials of one block, which drift has hit alike.
  private func ratio(to other: String) -> LimitJudgement {
    guard let key else { return nothing() }
    let reference = CaseKey(system: other, workload: key.workload, point: key.point)
    let ours = byPlace(group.valid)
    let theirs = byPlace(cases[reference].valid)
    let isInTurn = BlockOrder.isInTurn(
      (group.valid + cases[reference].valid).map { ($0.block, cases.place(of: $0)) })
    guard !ours.isEmpty else { return nothing() }
    let pairs = ours.keys.sorted(by: <).compactMap { place -> (Span, Span)? in
      guard let mine = ours[place], let its = theirs[place] else { return nil }
      return (mine, its)
    }
    guard !pairs.isEmpty else {
      return result(
        .notRun,
        "no block has a valid trial of \(key.system) and one of \(other) with \(limit.metric)")
    }
    let zeros = pairs.count { $0.1.value == 0 }
    guard zeros == 0 else {
      return result(
        .inconclusive,
        "\(limit.metric) of \(other) is 0 in \(zeros) of \(pairs.count) blocks: there is no ratio",
        n: pairs.count)
    }
    let lone = Set(ours.keys).union(theirs.keys).count - pairs.count
    let suffix =
      (lone == 0 ? "" : "; \(counted(lone, "block")) without a valid pair left out")
      + (isInTurn ? "" : "; \(key.system) and \(other) did not run in turn: \(BlockOrder.caution)")
    if decision == .guard, let interval = effect(of: pairs) {
      return judge(interval, "ratio", of: "pair", suffix: suffix)
    }
    return estimate(pairs.map { $0.0 / $0.1 }, of: "pair", suffix: suffix)
  }

  /// The ratio by Hodges and Lehmann, which no single pair moves far.
  ///
  /// nil where a value is only a bound or has no logarithm, and with too few pairs: what is left is
  /// the median of the ratios.
  private func effect(of pairs: [(Span, Span)]) -> IntervalEstimate? {
    guard pairs.allSatisfy({ $0.low == $0.high && $1.low == $1.high }) else { return nil }
    return try? RatioEffect.paired(
      reference: pairs.map(\.1.value), subject: pairs.map(\.0.value), confidence: confidence
    ).interval
  }

  private func byPlace(_ trials: [TrialRecord]) -> [BlockPlace: Span] {
    BlockPlace.values(of: trials, block: \.block) { $0.span(of: limit.metric) }
  }

  private func estimate(_ values: [Span], of what: String, suffix: String) -> LimitJudgement {
    let n = values.count
    guard let median = Median.of(values.map(\.value)) else { return nothing() }
    if decision == .simple { return simple(values, median, of: what, suffix: suffix) }
    guard let low = OrderStatisticInterval(medianOf: values.map(\.low), confidence: confidence),
      let high = OrderStatisticInterval(medianOf: values.map(\.high), confidence: confidence)
    else {
      let needed = OrderStatisticInterval.fewestValues(confidence: confidence)
      let give = n == 1 ? "gives" : "give"
      return result(
        .inconclusive,
        "\(counted(n, what)) \(give) no \(confidence.text) interval; "
          + "\(needed) are needed (design: {blocks: \(needed)})" + suffix,
        value: median, n: n)
    }
    let interval = IntervalEstimate(
      value: median, lower: low.lower, upper: high.upper, level: low.level, count: n)
    return judge(interval, "median", of: what, suffix: suffix)
  }

  private func judge(
    _ interval: IntervalEstimate, _ name: String, of what: String, suffix: String
  ) -> LimitJudgement {
    let (verdict, relation) = place(interval, bound)
    return result(
      verdict, "\(name) " + sentence(interval, relation, of: what) + suffix,
      value: interval.value, interval: interval, n: interval.count)
  }

  /// By the median alone; where that is only a bound, by what it leaves open.
  private func simple(
    _ values: [Span], _ median: Double, of what: String, suffix: String
  ) -> LimitJudgement {
    let ends = [Median.of(values.map(\.low)), Median.of(values.map(\.high))].compactMap { $0 }
    let holds = ends.map { comparison.holds($0, bound) }
    let texts = MetricText.texts([median, bound], unit, isRatio: limit.isRatio, apartFrom: bound)
    let said = "median \(texts[0]) of \(counted(values.count, what))"
    guard Set(holds).count == 1 else {
      return result(
        .inconclusive, "\(said) is only a bound, which cannot tell (simple decision)" + suffix,
        value: median, n: values.count)
    }
    let side = holds[0] ? "good" : "bad"
    return result(
      holds[0] ? .pass : .fail,
      "\(said) lies on the \(side) side of \(texts[1]) (simple decision: no guard band)" + suffix,
      value: median, n: values.count)
  }

  /// The verdict on an interval and how it lies, in words.
  private func place(
    _ interval: IntervalEstimate, _ bound: Double
  ) -> (LimitJudgement.Verdict, String) {
    let holds = [interval.lower, interval.upper].map { comparison.holds($0, bound) }
    if holds == [true, true] { return (.pass, "lies wholly on the good side of") }
    let isBad =
      switch comparison {
      case .atLeast, .above: !comparison.holds(interval.upper, bound)
      case .atMost, .below: !comparison.holds(interval.lower, bound)
      case .equal: bound < interval.lower || bound > interval.upper
      }
    return isBad ? (.fail, "lies wholly on the bad side of") : (.inconclusive, "spans")
  }

  // MARK: Shares

  /// How many trials hold the limit, each by itself; one that failed is a miss.
  private func share(_ required: Fraction) -> LimitJudgement {
    let measured = group.valid.compactMap { $0.span(of: limit.metric) }
    let n = measured.count + group.failed.count
    guard n > 0 else { return nothing() }
    let held = measured.count {
      limit.comparison.holds($0.low, bound) && limit.comparison.holds($0.high, bound)
    }
    let percent = { (share: Fraction) in share.value * 100 }
    let share = Fraction(Double(held) / Double(n))
    let ends = ClopperPearson.interval(successes: held, of: n, confidence: confidence)
    let interval = IntervalEstimate(
      value: percent(share), lower: percent(ends.lower), upper: percent(ends.upper),
      level: confidence, count: n)
    let texts = MetricText.texts(
      [interval.value, interval.lower, interval.upper, percent(required)], .percent,
      isRatio: false, apartFrom: percent(required))
    var reason =
      "\(held) of \(counted(n, "trial")) \(n == 1 ? "holds" : "hold") it (\(texts[0]))"
    if !group.failed.isEmpty { reason += ", \(group.failed.count) of them failed" }
    if !group.invalid.isEmpty {
      reason += "; \(group.invalid.map(\.id).joined(separator: ", ")) left out as invalid"
    }
    guard decision == .guard else {
      let holds = share.value >= required.value
      return result(
        holds ? .pass : .fail,
        "\(reason), \(texts[3]) are asked for (simple decision: no guard band)",
        value: interval.value, n: n)
    }
    let (verdict, relation) = place(interval, percent(required))
    reason +=
      "; the \(confidence.text) interval of the share, \(texts[1]) to \(texts[2]), \(relation) "
      + texts[3]
    if verdict == .inconclusive, held == n {
      reason += "; without a miss \(Self.fewestTrials(required, confidence)) trials are needed"
    }
    return result(verdict, reason, value: interval.value, interval: interval, n: n)
  }

  /// The fewest trials that show a share if all of them hold: p^n <= (1 - confidence) / 2.
  static func fewestTrials(_ share: Fraction, _ confidence: Fraction) -> Int {
    var missed = 1.0
    var count = 0
    while missed > (1 - confidence.value) / 2, count < 1_000_000 {
      missed *= share.value
      count += 1
    }
    return count
  }

  // MARK: Words

  private func sentence(
    _ interval: IntervalEstimate, _ relation: String, of what: String
  ) -> String {
    let texts = MetricText.texts(
      [interval.value, interval.lower, interval.upper, bound], unit, isRatio: limit.isRatio,
      apartFrom: bound)
    let level = significant(interval.level.value * 100, 3)
    return "\(texts[0]) of \(counted(interval.count, what)); its \(level)% interval "
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
}

extension Limit {
  /// Whether it compares with another system.
  var isRatio: Bool { if case .ratio = bound { true } else { false } }
}
