internal import Ledger
internal import Measure
internal import Statistics

/// Collects what has to be said before the rows of a comparison.
struct ComparisonCaveats {
  let arms: [ComparisonArm]
  let rules: ComparisonRules
  private var found: [Finding] = []
  /// Cases whose trials of one record were not run in turn, by arm.
  private var sequential: [Int: [CaseKey]] = [:]
  private var undisclosed: [Int: Set<String>] = [:]
  private var drift = DriftWatch()
  private var shape = ShapeWatch()

  init(arms: [ComparisonArm], rules: ComparisonRules) {
    self.arms = arms
    self.rules = rules
    for arm in arms where !arm.isComplete {
      say(.armIncomplete, .warning, "\(arm.label) did not finish its plan: later cases lack trials")
    }
  }

  private mutating func say(_ code: FindingCode, _ severity: Finding.Severity, _ message: String) {
    let finding = Finding(code: code, severity: severity, message: message)
    if !found.contains(finding) { found.append(finding) }
  }

  /// Says what is to be said of an arm as a whole.
  mutating func add(_ part: ArmDifferences, facts: [Comparison.Difference]) {
    origin(part)
    guard !part.isOneRecord, !part.isSimulated else { return }
    let (ours, theirs) = (part.reference.label, part.subject.label)
    for arm in [part.reference, part.subject] where arm.facts.isEmpty {
      say(
        .environmentUnknown, .warning,
        "environment not known of \(arm.label): whether the machines are alike cannot be checked")
    }
    let both = facts.filter { $0.reference != nil && $0.subject != nil }
    if let other = both.first(where: { $0.class == .identity }) {
      say(
        .otherMachine, .warning,
        "\(theirs) was measured on another machine than \(ours) (\(other.key): "
          + "\(other.subject ?? ""), not \(other.reference ?? "")): a difference may be of the "
          + "machines"
      )
    }
    let meant = both.filter { $0.class == .mustMatch && $0.isMeant }
    if !meant.isEmpty {
      say(
        .despite, .warning,
        "compared despite \(Self.list(meant)): differences count as meant")
    }
    let shifting = both.filter { $0.class == .shouldMatch && !$0.isMeant }
    if !shifting.isEmpty {
      say(
        .environmentDiffers, .warning,
        "what can shift figures differs between \(ours) and \(theirs): \(Self.list(shifting))")
    }
    let unknown = facts.filter {
      $0.class != .identity && !$0.isMeant && ($0.reference == nil) != ($0.subject == nil)
    }
    if !unknown.isEmpty {
      say(.factUnknown, .note, "known of one machine only: \(Self.list(unknown))")
    }
    say(
      .otherSession, .warning,
      "\(ours) and \(theirs) are of different sessions: what differs from session to session "
        + "(placement, temperature, neighbours) is not in the intervals; to tell a small "
        + "difference, run both as systems of one scenario")
  }

  private mutating func origin(_ part: ArmDifferences) {
    let (ours, theirs) = (part.reference, part.subject)
    if ours.evidence != theirs.evidence {
      say(
        .evidenceDiffers, .warning,
        "\(theirs.label) is \(theirs.evidence.rawValue), \(ours.label) is "
          + "\(ours.evidence.rawValue): figures of different origin stand beside each other")
    }
    switch (ours.notHardware, theirs.notHardware) {
    case (nil, nil): break
    case (let reason?, nil), (nil, let reason?):
      let label = ours.notHardware == nil ? theirs.label : ours.label
      say(
        .notHardware, .warning,
        "the figures of \(label) are not hardware figures (\(reason)), those beside them are")
    case (let reason?, let other?):
      say(
        .notHardware, .warning,
        "not hardware figures: " + (reason == other ? reason : "\(reason); \(other)"))
    }
  }

  /// Says what is to be said of two cases.
  mutating func add(_ part: ArmDifferences, pair: CaseMatch.Pair, rows: [ComparisonRow]) {
    let samples = [pair.reference, pair.subject]
    if part.isOneRecord, samples.contains(where: { $0.samples.count > 1 }), !pair.isInterleaved {
      sequential[part.arm, default: []].append(pair.subject.key)
    }
    for row in rows where row.interval != nil {
      for side in samples {
        drift.add(side, metric: row.metric, isPaired: row.method == .paired)
      }
      shape.add(row, pair, zone: rules.zone(row.direction))
    }
    for side in samples where !side.invalid.isEmpty || !side.failed.isEmpty {
      let left = (side.invalid + side.failed).joined(separator: ", ")
      let count = side.invalid.count + side.failed.count
      say(
        .trialsLeftOut, .warning,
        "\(side.key): \(left) \(count == 1 ? "is" : "are") invalid or failed and left out")
    }
    if part.isOneRecord, part.reference.evidence == .published {
      undisclosed[part.arm, default: []].formUnion(samples.flatMap { Undisclosed.of($0) })
    }
  }

  /// All caveats, the gravest first.
  func all(of comparison: Comparison) -> [Finding] {
    var all = self
    for (arm, keys) in sequential.sorted(by: { $0.key < $1.key }) {
      all.say(
        .orderSequential, .warning,
        "\(arms[arm].label) ran after all of \(arms[0].label) or before it "
          + "(\(Self.some(keys.map(\.description)))): \(BlockOrder.caution)")
    }
    let drifting = drift.found(confidence: rules.confidence)
    if !drifting.unpaired.isEmpty {
      all.say(
        .driftSeen, .warning,
        "drift is in these ratios: \(Self.some(drifting.unpaired))")
    }
    if !drifting.paired.isEmpty {
      all.say(
        .driftSeen, .note,
        "drift hit both sides of each pair alike: \(Self.some(drifting.paired))")
    }
    let reshaped = shape.found(confidence: rules.confidence)
    if !reshaped.isEmpty {
      all.say(
        .shapeDiffers, .note,
        "the same in the middle, but the trials scatter in another shape: \(Self.some(reshaped))")
    }
    for (arm, names) in undisclosed.sorted(by: { $0.key < $1.key }) where !names.isEmpty {
      all.say(
        .undisclosed, .warning,
        "the source does not tell \(names.sorted().joined(separator: ", ")) for "
          + "\(arms[0].label) and \(arms[arm].label): their ratio holds for what it measured, and "
          + "neither may stand beside figures of others")
    }
    let judged = comparison.rows.count { $0.interval != nil }
    let missed = Double(judged) * (1 - rules.confidence.value)
    if missed >= 1 {
      all.say(
        .manyIntervals, .note,
        "\(judged) intervals at \(ComparisonText.percent(rules.confidence.value)) each: about "
          + "\(Int(missed.rounded())) of them miss their truth by chance")
    }
    if !comparison.unmatched.isEmpty {
      let places = comparison.unmatched.map { "\($0.key) of \(arms[$0.arm].label)" }
      all.say(
        .unmatched, .warning, "without a counterpart: \(Self.some(places))")
    }
    return [Finding.Severity.error, .warning, .note].flatMap { severity in
      all.found.filter { $0.severity == severity }
    }
  }

  /// `cpu.governor (performance, powersave)`, a few and how many more.
  private static func list(_ differences: [Comparison.Difference]) -> String {
    some(
      differences.map {
        "\($0.key) (\($0.reference ?? "not known"), \($0.subject ?? "not known"))"
      })
  }

  private static func some(_ texts: [String]) -> String {
    let shown = texts.prefix(5).joined(separator: ", ")
    return texts.count > 5 ? "\(shown) and \(texts.count - 5) more" : shown
  }
}
