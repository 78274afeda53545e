public import Judgement
internal import Ledger
internal import Measure

/// A gate's judgement for a terminal or a log: ten lines at most.
public struct GateText: Sendable {
  private let judgement: GateJudgement
  /// How many rows are shown.
  private static let mostRows = 5

  /// Words a judgement.
  public init(_ judgement: GateJudgement) { self.judgement = judgement }

  /// The verdict, the worst rows, what has to be said beside them, and what to do next.
  public var lines: [String] {
    let shown = judgement.worstFirst.prefix(Self.mostRows)
    var lines = [headline]
    lines += shown.map { row in
      let word = VerdictWord.of(row.verdict)
      let padding = String(repeating: " ", count: max(14 - word.count, 1))
      return "  \(word)\(padding)\(row.key) \(row.metric): \(row.reason)"
    }
    let rest = judgement.rows.count - shown.count
    if let confirmation { lines.append(confirmation) }
    if let caveat = judgement.caveats.first {
      let more = judgement.caveats.count > 1 ? " (and \(judgement.caveats.count - 1) more)" : ""
      lines.append("\(caveat.severity.rawValue): \(caveat.message)\(more)")
    }
    lines += next
    if rest > 0 { lines[lines.count - 1] += "; all \(judgement.rows.count) rows: --json" }
    return lines.map { $0.replacing("\n", with: " ") }
  }

  /// `FAIL: 2 of 12 rows lost more than 5 % against baseline main (3 sessions)`.
  var headline: String {
    let word = VerdictWord.of(judgement.verdict)
    let origin = judgement.baseline
    let count =
      origin.kind == .fleet
      ? "fleet of \(origin.sessions) records"
      : counted(origin.sessions, "session")
    let against = "against baseline \(origin.name) (\(count))"
    if let reason = judgement.reason { return "\(word) \(against): \(reason)" }
    let tolerance = judgement.tolerance.text
    let counts = GateRow.Verdict.allCases.compactMap { verdict -> String? in
      let count = judgement.rows(verdict).count
      return count == 0 ? nil : "\(count) \(verdict.rawValue)"
    }
    return "\(word) \(against): \(counted(judgement.rows.count, "row")): "
      + "\(counts.joined(separator: ", ")); "
      + "tolerance \(tolerance)"
  }

  /// What fresh data said of a failure; nil where nothing failed.
  var confirmation: String? {
    guard let confirmation = judgement.confirmation else { return nil }
    guard let record = confirmation.record else {
      return "not confirmed by fresh data: \(confirmation.hindrance ?? "none were taken")"
    }
    if let hindrance = confirmation.hindrance {
      return "not confirmed: \(hindrance) (\(record))"
    }
    return judgement.verdict == .fail
      ? "confirmed by fresh data: \(record)"
      : "failed at first; fresh data did not confirm it: \(record)"
  }

  /// What to do about it.
  var next: [String] {
    let record = judgement.arms.last?.source ?? "RECORD"
    switch judgement.verdict {
    case .pass: return ["run: \(record)"]
    case .fail:
      return [
        "next: assay report \(record); if the loss is meant, make a new baseline: "
          + "assay baseline set \(judgement.baseline.name) \(record) --replace"
      ]
    case .inconclusive:
      return [
        "next: run more blocks (--set design.blocks=20) or longer trials, or tolerate more"
      ]
    case .invalid, .failed:
      return ["next: assay report \(record) says why; run it again"]
    case .notComparable:
      return [
        "next: measure under the baseline's conditions, or make a baseline of these: "
          + "assay baseline set NAME \(record)"
      ]
    }
  }
}
