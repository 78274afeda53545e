internal import Ledger
internal import Measure

/// What has to be said beside a gate's rows.
struct GateCaveats {
  /// The caveats, the gravest first.
  private(set) var all: [Finding] = []

  init(
    _ baseline: Baseline, _ run: ComparisonArm, _ rows: [GateRow], _ comparison: Comparison
  ) {
    // What a comparison says of sessions and of many intervals is in the gate's own test.
    let ownWords: [FindingCode] = [.otherSession, .manyIntervals, .unmatched]
    all = comparison.caveats.filter { !ownWords.map(\.rawValue).contains($0.code) }
    if rows.contains(where: { $0.replicate == .trial }) {
      let sessions = baseline.sessions.count == 1 ? "one session" : "two sessions"
      // First: it bears on every row.
      all.insert(
        Finding(
          code: .sessionsNotCovered, severity: .warning,
          message: "the baseline is of \(sessions): what differs from session to session is not "
            + "covered and may raise false alarms; make it of \(Replicates.fewestSessions) records"),
        at: 0)
    }
    let known = Set(baseline.cases.map(\.key))
    let unknown = run.cases.map(\.key).filter { !known.contains($0) }
    if let first = unknown.first {
      let more = unknown.count > 1 ? " and \(unknown.count - 1) more" : ""
      all.append(
        Finding(
          code: .caseWithoutBaseline, severity: .warning,
          message: "not in the baseline, and so not gated: \(first)\(more)"))
    }
  }
}
