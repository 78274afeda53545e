public import Ledger
public import Measure
internal import Statistics

/// Holds a run against its baseline.
///
/// A row fails where the hypothesis that its loss is within the tolerance is rejected, one-sided,
/// with Holm's correction over all rows: so the chance of any false alarm is at most one minus the
/// confidence. It passes where the opposite hypothesis is rejected, each row by itself, since a gate
/// that passes only where every row does keeps that level (Berger, Multiparameter hypothesis testing
/// and acceptance sampling, Technometrics 24, 1982). Otherwise the trials cannot tell. Pure.
public enum GateJudge {
  /// Judges a run; `cases` limits the judgement to some of the baseline's.
  ///
  /// `source` is the baseline's file. O(rows x trials²) at most.
  public static func judge(
    _ run: ComparisonArm, against baseline: Baseline, source: String, rules: ComparisonRules,
    cases: Set<CaseKey>? = nil
  ) -> GateJudgement {
    var held = baseline
    var run = run
    if let cases {
      held.cases.removeAll { !cases.contains($0.key) }
      run.cases.removeAll { !cases.contains($0.key) }
    }
    let reference = arm(of: held, source: source)
    var judgement = GateJudgement(
      verdict: .notComparable, arms: [reference.kept, run.kept],
      baseline: .init(
        name: baseline.name, kind: baseline.kind, fingerprint: baseline.fingerprint,
        sessions: baseline.sessions.count),
      tolerance: rules.tolerance, confidence: rules.confidence, rows: [],
      invalid: run.cases.flatMap(\.invalid), failed: run.cases.flatMap(\.failed),
      isComplete: run.isComplete, caveats: [], differences: [])
    do throws(ComparisonRefusal) {
      let comparison = try ComparisonJudge.compare([reference, run], rules: rules)
      judgement.differences = comparison.differences
      let part = ArmDifferences(rules: rules, reference: reference, subject: run, arm: 1)
      let gates = held.cases.flatMap { samples in
        let its = run.cases.first { $0.key == samples.key }
        return CaseGate(baseline: held, samples: samples, run: its, part: part, rules: rules).rows()
      }
      judgement.rows = decided(gates, rules)
      judgement.caveats = GateCaveats(held, run, judgement.rows, comparison).all
      judgement.conclude()
    } catch {
      judgement.differences = error.differences
      judgement.reason = error.description
    }
    return judgement
  }

  /// A baseline as one side of a comparison.
  static func arm(of baseline: Baseline, source: String) -> ComparisonArm {
    ComparisonArm(
      label: "the baseline", source: source, id: "baseline \(baseline.name)",
      startedAt: baseline.sessions.map(\.startedAt).max() ?? "",
      evidence: baseline.sessions.first?.evidence ?? .measured,
      notHardware: baseline.sessions.lazy.compactMap(\.notHardware).first,
      facts: baseline.facts, cases: baseline.cases)
  }

  /// Gives every row that has evidence its verdict.
  private static func decided(_ gates: [WeighedRow], _ rules: ComparisonRules) -> [GateRow] {
    let alpha = 1 - rules.confidence.value
    let judged = gates.indices.filter { gates[$0].evidence != nil }
    let adjusted = Holm.adjusted(judged.compactMap { gates[$0].evidence?.pWithin })
    var rows = gates.map(\.row)
    for (place, index) in judged.enumerated() {
      guard let evidence = gates[index].evidence else { continue }
      rows[index].adjustedP = adjusted[place]
      rows[index].verdict =
        adjusted[place] <= alpha ? .fail : evidence.pBeyond <= alpha ? .pass : .inconclusive
      // What fewer trials than that can never decide is no matter of luck.
      let isHopeless = evidence.smallestP > alpha
      rows[index].reason =
        GateReason(
          row: rows[index], rules: rules, rows: judged.count, isHopeless: isHopeless
        ).text
    }
    return rows
  }
}

extension GateJudgement {
  /// The whole, from the rows and from what the run lacks.
  ///
  /// A failed trial outranks all, for what was not measured cannot be judged; nothing that is
  /// missing passes in silence.
  mutating func conclude() {
    reason = nil
    let missing = rows.filter { [.notRun, .invalid, .failed].contains($0.verdict) }
    if !failed.isEmpty {
      verdict = .failed
      reason = "trials that did not run to their end: \(failed.joined(separator: ", "))"
    } else if rows.contains(where: { $0.verdict == .fail }) {
      verdict = .fail
    } else if rows.contains(where: { $0.verdict == .notComparable }) {
      verdict = .notComparable
    } else if !invalid.isEmpty {
      verdict = .invalid
      reason = "trials whose numbers may not be used: \(invalid.joined(separator: ", "))"
    } else if let first = missing.first {
      verdict = .invalid
      reason = "\(first.key), \(first.metric): \(first.reason)"
    } else if !isComplete {
      verdict = .invalid
      reason = "the run was cut short"
    } else if rows.isEmpty {
      verdict = .invalid
      reason = "no case of the baseline has a metric that was asked for"
    } else {
      verdict = rows.allSatisfy { $0.verdict == .pass } ? .pass : .inconclusive
    }
  }
}
