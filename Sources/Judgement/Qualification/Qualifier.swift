public import Ledger
internal import Measure
public import Scenario

/// Holds a record against a specification: a function of what it is given.
public enum Qualifier {
  /// What surrounds a qualification.
  public struct Terms: Sendable {
    /// How a number and a limit become a verdict.
    public var decision: DecisionRule
    /// Known failures that somebody answers for.
    public var waivers: [Waiver]
    /// The run's system for each role of the specification.
    public var roles: [String: String]
    /// The day on which waivers are looked at, `2026-11-21`.
    public var day: String
    /// SHA-256 of the specification's file in hex.
    public var sha256: String

    /// States the terms.
    public init(
      decision: DecisionRule, waivers: [Waiver] = [], roles: [String: String] = [:], day: String,
      sha256: String
    ) {
      self.decision = decision
      self.waivers = waivers
      self.roles = roles
      self.day = day
      self.sha256 = sha256
    }
  }

  /// Judges every limit; `specification` has the run's names already.
  ///
  /// O(limits x trials log trials).
  public static func qualify(
    _ record: RunRecord, by specification: Specification, _ terms: Terms
  ) -> Qualification {
    var lines = specification.limits.flatMap { entry in
      LimitJudge.judge(
        limits: [entry.limit], record: record, confidence: specification.confidence,
        decision: terms.decision
      ).limits.map { judgement in
        Qualification.Line(
          id: entry.id, about: entry.about, source: entry.source, judgement: judgement,
          marginPercent: margin(of: judgement))
      }
    }
    let waivers = terms.waivers.map { apply($0, to: &lines, specification, on: terms.day) }
    let trials = counting(record.trials, lines)
    return Qualification(
      specification: .init(specification, sha256: terms.sha256), run: record.header,
      decision: terms.decision, confidence: specification.confidence, roles: terms.roles,
      day: terms.day, lines: lines, waivers: waivers,
      caveats: caveats(record, trials, lines, terms),
      verdict: verdict(lines, trials, isComplete: record.isComplete))
  }

  /// How far the estimate lies on the good side, in percent of the bound.
  static func margin(of judgement: LimitJudgement) -> Double? {
    guard let value = judgement.value, judgement.bound != 0 else { return nil }
    let away = (value - judgement.bound) / judgement.bound * 100
    switch judgement.comparison {
    case .atLeast, .above: return away
    // 0 - x: what lies just at the bound has a margin of 0, not of -0.
    case .atMost, .below: return 0 - away
    case .equal: return 0 - away.magnitude
    }
  }

  // MARK: Waivers

  private static func apply(
    _ waiver: Waiver, to lines: inout [Qualification.Line], _ specification: Specification,
    on day: String
  ) -> Qualification.WaiverUse {
    func use(
      _ state: Qualification.WaiverUse.State, _ message: String
    ) -> Qualification.WaiverUse {
      .init(waiver: waiver, state: state, message: message)
    }
    let ids = specification.limits.map(\.id)
    guard ids.contains(waiver.limit) else {
      let near = NearestWord.of(waiver.limit, in: ids).map { ": did you mean \"\($0)\"?" } ?? ""
      return use(.unknown, "the specification has no limit \"\(waiver.limit)\"\(near)")
    }
    let about = lines.indices.filter { index in
      lines[index].id == waiver.limit
        && (waiver.system == nil || lines[index].judgement.key?.system == waiver.system)
    }
    if about.isEmpty, let system = waiver.system {
      let systems = lines.compactMap { $0.judgement.key?.system }
      let near = NearestWord.of(system, in: systems).map { ": did you mean \"\($0)\"?" } ?? ""
      return use(.unknown, "\"\(waiver.limit)\" is not about a system \"\(system)\"\(near)")
    }
    // Days in this form sort as text.
    guard day <= waiver.until else {
      return use(.expired, "it ended on \(waiver.until): what it was for fails the whole again")
    }
    let failing = about.filter { lines[$0].judgement.verdict == .fail }
    guard !failing.isEmpty else { return use(.idle, "nothing that it is for fails: delete it") }
    for index in failing { lines[index].waiver = waiver }
    return use(.used, "\(counted(failing.count, "failing line")) waived by it")
  }

  // MARK: The whole

  /// Trials of the cases that some line is about or compares with.
  private static func counting(
    _ trials: [TrialRecord], _ lines: [Qualification.Line]
  ) -> [TrialRecord] {
    var keys: Set<CaseKey> = []
    for line in lines {
      guard var key = line.judgement.key else { continue }
      keys.insert(key)
      if let other = line.judgement.comparedWith {
        key.system = other
        keys.insert(key)
      }
    }
    return trials.filter { $0.block > 0 && keys.contains($0.key) }
  }

  private static func verdict(
    _ lines: [Qualification.Line], _ trials: [TrialRecord], isComplete: Bool
  ) -> Qualification.Verdict {
    // A limit on a share of trials counts failures as misses: to it they are results.
    let others = Set(lines.filter { !$0.judgement.isShare }.compactMap(\.judgement.key))
    let shares = Set(lines.filter(\.judgement.isShare).compactMap(\.judgement.key))
    if trials.contains(where: {
      $0.status == .failed && (others.contains($0.key) || !shares.contains($0.key))
    }) {
      return .failed
    }
    let binding = lines.filter { $0.judgement.severity == .fail && $0.waiver == nil }
    if binding.contains(where: { $0.judgement.verdict == .fail }) { return .fail }
    if trials.contains(where: { $0.status == .invalid }) { return .invalid }
    return isComplete && binding.allSatisfy { $0.judgement.verdict == .pass }
      ? .pass : .inconclusive
  }

  private static func caveats(
    _ record: RunRecord, _ counting: [TrialRecord], _ lines: [Qualification.Line], _ terms: Terms
  ) -> [String] {
    var caveats: [String] = []
    if record.header.evidence == .published {
      let sources = Set(record.trials.compactMap { $0.disclosure["source"] }).sorted()
      caveats.append(
        "PUBLISHED, NO RAW DATA: somebody else's figures, one number a case. Source: "
          + sources.joined(separator: "; ") + ".")
    }
    if let reason = record.header.notHardware {
      caveats.append("Not hardware figures: \(reason). They qualify no hardware.")
    }
    if !record.isComplete { caveats.append("The run did not finish its plan.") }
    if terms.decision == .simple {
      caveats.append(
        "Simple decision (ILAC-G8:09/2019): by the estimate alone, without a guard band; close to "
          + "a limit it accepts wrongly about half of the time.")
    }
    let excluded = counting.filter { $0.status != .valid }
    if !excluded.isEmpty {
      caveats.append(
        "Trials that are invalid or failed: \(excluded.map(\.id).joined(separator: ", ")).")
    }
    let elsewhere = record.trials.filter { trial in
      trial.block > 0 && trial.status != .valid && !counting.contains { $0.id == trial.id }
    }
    if !elsewhere.isEmpty {
      caveats.append(
        "Invalid or failed in cases that no limit is about: "
          + "\(elsewhere.map(\.id).joined(separator: ", ")).")
    }
    return caveats
  }
}

extension LimitJudgement {
  /// Whether the limit is about a share of trials.
  var isShare: Bool { share != nil }
}
