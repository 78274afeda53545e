public import Judgement
internal import Ledger
internal import Measure
internal import Statistics

/// A gate's judgement as JUnit XML: a test case a row.
///
/// A lost row is a failure, an undecided one is skipped with its reason, and one that could not be
/// judged is an error.
public enum GateJUnit {
  /// The document.
  ///
  /// O(rows).
  public static func render(_ judgement: GateJudgement) -> String {
    var document = JUnitDocument(
      name: "assay gate \(judgement.baseline.name)",
      timestamp: judgement.arms.last?.startedAt ?? "",
      properties: [
        ("verdict", judgement.verdict.rawValue),
        ("baseline fingerprint", judgement.baseline.fingerprint),
        ("baseline sessions", "\(judgement.baseline.sessions)"),
        ("tolerance", decimalText(judgement.tolerance.value)),
        ("confidence", decimalText(judgement.confidence.value)),
        ("run", judgement.arms.last?.source ?? ""),
        ("confirmation", GateText(judgement).confirmation ?? "none was due"),
      ])
    document.cases = judgement.rows.map(testCase)
    // What the rows do not tell must not look like a suite in which all is well.
    if let reason = judgement.reason {
      document.cases.append(
        .init(
          place: "gate", name: "the run as a whole",
          problem: .init(kind: .error, type: judgement.verdict.rawValue, message: reason)))
    }
    return document.render()
  }

  private static func testCase(_ row: GateRow) -> JUnitDocument.Case {
    var facts = [("verdict", row.verdict.rawValue), ("tolerated ratio", decimalText(row.bound))]
    if let value = row.baseline.median {
      facts.append(("baseline median", "\(decimalText(value)) \(row.unit)"))
    }
    if let value = row.run.median {
      facts.append(("run median", "\(decimalText(value)) \(row.unit)"))
    }
    if let ratio = row.ratio { facts.append(("ratio", decimalText(ratio))) }
    if let interval = row.interval {
      facts.append(("ratio lower", decimalText(interval.lower)))
      facts.append(("ratio upper", decimalText(interval.upper)))
    }
    if let p = row.adjustedP { facts.append(("p, adjusted", decimalText(p))) }
    return JUnitDocument.Case(
      place: row.key.description, name: row.metric, properties: facts,
      problem: kind(row.verdict).map {
        .init(kind: $0, type: row.verdict.rawValue, message: row.reason)
      })
  }

  private static func kind(_ verdict: GateRow.Verdict) -> JUnitDocument.Problem.Kind? {
    switch verdict {
    case .pass: nil
    case .fail: .failure
    case .inconclusive: .skipped
    case .failed, .invalid, .notRun, .notComparable: .error
    }
  }
}
