public import Ledger
public import Measure
public import Scenario
internal import Statistics

/// How a number and a limit become a verdict (ILAC-G8:09/2019, section 4).
public enum DecisionRule: String, CaseIterable, Codable, Sendable {
  /// The whole confidence interval must lie on the good side: the guard band is the interval.
  case `guard`
  /// The estimate decides (simple acceptance): at the limit it is wrong half of the time.
  case simple
}

/// Holds a run's trials against its limits.
///
/// Three values, never a guess: a limit passes when the whole confidence interval of the median
/// lies on the good side of the bound, fails when all of it lies on the bad side, and is
/// inconclusive otherwise (decision rule with guard band, ILAC-G8:09/2019; the guard band is the
/// interval). Counts are facts of each trial and need no interval. Pure.
public enum LimitJudge {
  /// Judges a record: its limits, and what they say together.
  public static func judge(
    limits: [Limit], record: RunRecord, confidence: Fraction, decision: DecisionRule = .guard
  ) -> RunJudgement {
    let found = judge(
      limits: limits, trials: record.trials, planned: plannedCases(record.plan),
      confidence: confidence, decision: decision)
    let trials = record.trials.filter { $0.block > 0 }
    return RunJudgement(
      verdict: overall(found, isComplete: record.isComplete, trials: trials), limits: found,
      invalid: trials.filter { $0.status == .invalid }.map(\.id),
      failed: trials.filter { $0.status == .failed }.map(\.id), isComplete: record.isComplete)
  }

  /// Judges trials: one judgement a limit and case that it is about.
  ///
  /// `planned` names cases that should have run, so that one without any trial is not passed over
  /// in silence. O(limits x trials log trials).
  public static func judge(
    limits: [Limit], trials: [TrialRecord], planned: [CaseKey] = [], confidence: Fraction,
    decision: DecisionRule = .guard
  ) -> [LimitJudgement] {
    let cases = TrialsByCase(trials)
    var keys = cases.order
    var seen = Set(keys)
    for key in planned where seen.insert(key).inserted { keys.append(key) }
    return limits.flatMap { limit -> [LimitJudgement] in
      func judge(_ key: CaseKey?) -> CaseJudge {
        CaseJudge(
          limit: limit, key: key, cases: cases, confidence: confidence, decision: decision)
      }
      let named = keys.filter { limit.applies(to: $0) && !isReference($0, limit) }
      guard !named.isEmpty else {
        return [judge(nil).result(.notRun, "the run has no case that this limit is about")]
      }
      let about = named.filter { !isOfOtherMetrics($0, limit, cases) }
      guard !about.isEmpty else {
        return [judge(nil).result(.notRun, "no case of the run has the metric \(limit.metric)")]
      }
      return about.map { judge($0).judge() }
    }
  }

  /// Whether a case that the limit does not name was measured, and never has the metric: a limit on
  /// the sync latency says nothing of reads.
  private static func isOfOtherMetrics(
    _ key: CaseKey, _ limit: Limit, _ cases: TrialsByCase
  ) -> Bool {
    guard limit.workload == nil, limit.conditions.isEmpty else { return false }
    let valid = cases[key].valid
    return !valid.isEmpty && valid.allSatisfy { $0.value(of: limit.metric) == nil }
  }

  /// Whether the case is what a ratio compares with: it is not compared with itself.
  private static func isReference(_ key: CaseKey, _ limit: Limit) -> Bool {
    if case .ratio(_, let other) = limit.bound { key.system == other } else { false }
  }

  private static func overall(
    _ judgements: [LimitJudgement], isComplete: Bool, trials: [TrialRecord]
  ) -> RunJudgement.Verdict {
    let binding = judgements.filter { $0.severity == .fail }
    guard !binding.isEmpty else { return .notJudged }
    if binding.contains(where: { $0.verdict == .fail }) { return .fail }
    let spoilt = binding.contains { judgement in
      guard judgement.verdict == .notRun, let key = judgement.key else { return false }
      let reference = judgement.comparedWith.map {
        CaseKey(system: $0, workload: key.workload, point: key.point)
      }
      return isSpoilt(key, trials) || reference.map { isSpoilt($0, trials) } == true
    }
    if spoilt { return .invalid }
    return isComplete && binding.allSatisfy { $0.verdict == .pass } ? .pass : .inconclusive
  }

  /// Whether the case ran and no trial of it may be used.
  private static func isSpoilt(_ key: CaseKey, _ trials: [TrialRecord]) -> Bool {
    let ran = trials.filter { $0.key == key }
    return !ran.isEmpty && ran.allSatisfy { $0.status != .valid }
  }

  /// The cases that were run, in order of their first trial, and those that should have been.
  public static func cases(of record: RunRecord) -> [CaseKey] {
    var seen: Set<CaseKey> = []
    return (TrialsByCase(record.trials).order + plannedCases(record.plan))
      .filter { seen.insert($0).inserted }
  }

  /// The cases of `plan.json` in its order, without trials that only find a maximum.
  private static func plannedCases(_ plan: JSONValue) -> [CaseKey] {
    guard case .array(let trials) = plan["trials"] else { return [] }
    return trials.compactMap { trial in
      guard case .string(let system) = trial["key"]?["system"],
        case .string(let workload) = trial["key"]?["workload"], trial["block"] != .integer(0)
      else { return nil }
      var key = CaseKey(system: system, workload: workload)
      if case .array(let labels) = trial["key"]?["point"] {
        key.point = labels.compactMap { label in
          if case .string(let text) = label { text } else { nil }
        }
      }
      return key
    }
  }
}
