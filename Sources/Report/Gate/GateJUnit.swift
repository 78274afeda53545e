public import Judgement
internal import Ledger
internal import Measure
internal import Statistics

/// A gate's judgement as JUnit XML: a test case a row.
///
/// A lost row is a failure, an undecided one is skipped with its reason, and one that could not be
/// judged is an error. The form is the one that Jenkins, GitLab and GitHub's actions read (there is
/// no standard; llg.cubic.org/docs/junit describes the common ground).
public enum GateJUnit {
  /// The document. O(rows).
  public static func render(_ judgement: GateJudgement) -> String {
    var cases = judgement.rows.map(testCase)
    // What the rows do not tell must not look like a suite in which all is well.
    if let reason = judgement.reason {
      cases.append(
        element("testcase", ["classname": "gate", "name": "the run as a whole"]) {
          element("error", ["type": judgement.verdict.rawValue, "message": reason]) { "" }
        })
    }
    let rows = judgement.rows
    let errors = rows.count { kind($0.verdict) == "error" } + (judgement.reason == nil ? 0 : 1)
    let counts = [
      "tests": "\(cases.count)", "failures": "\(rows.count { $0.verdict == .fail })",
      "errors": "\(errors)", "skipped": "\(rows.count { $0.verdict == .inconclusive })",
    ]
    let name = "assay gate \(judgement.baseline.name)"
    let suite = element(
      "testsuite",
      counts.merging([
        "name": name, "timestamp": String((judgement.arms.last?.startedAt ?? "").prefix(19)),
      ]) { $1 }
    ) {
      properties([
        ("verdict", judgement.verdict.rawValue),
        ("baseline fingerprint", judgement.baseline.fingerprint),
        ("baseline sessions", "\(judgement.baseline.sessions)"),
        ("tolerance", decimalText(judgement.tolerance.value)),
        ("confidence", decimalText(judgement.confidence.value)),
        ("run", judgement.arms.last?.source ?? ""),
        ("confirmation", GateText(judgement).confirmation ?? "none was due"),
      ]) + cases.joined()
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      + element("testsuites", counts.merging(["name": name]) { $1 }) { suite }
  }

  private static func testCase(_ row: GateRow) -> String {
    element("testcase", ["classname": row.key.description, "name": row.metric]) {
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
      let verdict = kind(row.verdict).map {
        element($0, ["type": row.verdict.rawValue, "message": row.reason]) { "" }
      }
      return properties(facts) + (verdict ?? "")
    }
  }

  private static func kind(_ verdict: GateRow.Verdict) -> String? {
    switch verdict {
    case .pass: nil
    case .fail: "failure"
    case .inconclusive: "skipped"
    case .failed, .invalid, .notRun, .notComparable: "error"
    }
  }

  private static func properties(_ entries: [(String, String)]) -> String {
    element("properties", [:]) {
      entries.map { element("property", ["name": $0.0, "value": $0.1]) { "" } }.joined()
    }
  }

  /// An element with its attributes in order of their names.
  private static func element(
    _ name: String, _ attributes: [String: String], _ content: () -> String
  ) -> String {
    let list = attributes.sorted { $0.key < $1.key }
      .map { " \($0.key)=\"\(XMLText.escaped($0.value))\"" }.joined()
    let inner = content()
    return inner.isEmpty ? "<\(name)\(list)/>\n" : "<\(name)\(list)>\n\(inner)</\(name)>\n"
  }
}
