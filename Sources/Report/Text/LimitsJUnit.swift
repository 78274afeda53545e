public import Judgement
public import Ledger
internal import Measure
internal import Scenario
internal import Statistics

/// A run's limits as JUnit XML: a test case a limit and case.
///
/// A violated limit is a failure, an undecided one is skipped with its reason, and one for which
/// there was nothing to judge is an error. Limits of severity warn never fail a run: what would be
/// a failure or an error is skipped, with its reason. Trials whose numbers may not be used are
/// errors of their own, as they outrank limits in the exit code.
public enum LimitsJUnit {
  /// The document of a run.
  ///
  /// O(limits + trials).
  public static func render(
    _ header: RunHeader, _ trials: [TrialRecord], _ judgement: RunJudgement
  ) -> String {
    var document = JUnitDocument(
      name: "assay run \(header.name)", timestamp: header.startedAt,
      properties: [
        ("verdict", judgement.verdict.rawValue), ("run", header.id),
        ("assay", header.version), ("seed", String(header.seed)),
        ("evidence", header.evidence.rawValue),
      ])
    if let reason = header.notHardware { document.properties.append(("not hardware", reason)) }
    document.cases = judgement.limits.map(testCase)
    let reasons = [(judgement.failed, "failed"), (judgement.invalid, "invalid")]
    for (names, type) in reasons {
      document.cases += trials.filter { names.contains($0.id) }.map { spoilt($0, type) }
    }
    if !judgement.isComplete {
      document.cases.append(
        .init(
          place: "run", name: "the plan is done to its end",
          problem: .init(
            kind: .error, type: "incomplete",
            message: "the run was cut short; `assay run --resume` goes on")))
    }
    return document.render()
  }

  private static func testCase(_ limit: LimitJudgement) -> JUnitDocument.Case {
    let unit = limit.unit == "1" ? "" : " " + limit.unit
    func text(_ value: Double) -> String { decimalText(value) + unit }
    var facts = [
      ("verdict", limit.verdict.rawValue), ("severity", limit.severity.rawValue),
      ("bound", text(limit.bound)), ("n", "\(limit.n)"),
    ]
    if let value = limit.value { facts.append(("value", text(value))) }
    if let interval = limit.interval {
      facts.append(("lower", text(interval.lower)))
      facts.append(("upper", text(interval.upper)))
    }
    return JUnitDocument.Case(
      place: limit.key?.description ?? "run", name: limit.limit, properties: facts,
      problem: kind(limit).map {
        .init(kind: $0, type: limit.verdict.rawValue, message: limit.reason)
      })
  }

  private static func kind(_ limit: LimitJudgement) -> JUnitDocument.Problem.Kind? {
    switch (limit.verdict, limit.severity) {
    case (.pass, _): nil
    case (.inconclusive, _), (_, .warn): .skipped
    case (.fail, .fail): .failure
    case (.notRun, .fail): .error
    }
  }

  private static func spoilt(_ trial: TrialRecord, _ type: String) -> JUnitDocument.Case {
    let reasons = trial.findings.filter { $0.severity == .error }.map(\.message)
    let why = reasons.isEmpty ? "its numbers may not be used" : reasons.joined(separator: "; ")
    return JUnitDocument.Case(
      place: trial.key.description, name: "trial \(trial.id) is valid",
      problem: .init(kind: .error, type: type, message: why))
  }
}
