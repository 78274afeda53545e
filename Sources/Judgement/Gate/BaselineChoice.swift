public import Ledger
public import Measure

/// Which of a name's baselines a run is held against.
public struct BaselineChoice: Sendable {
  /// The one of the run's kind of machine, or the nearest.
  public let baseline: Baseline
  /// Why the run may not stand beside it; nil where it may.
  public let refusal: String?

  /// Chooses the baseline with the machine's fingerprint, else the one that differs in the fewest
  /// facts that must match; differences of `rules.despite` are meant and do not refuse.
  ///
  /// nil without any baseline. O(baselines x facts).
  public init?(of baselines: [Baseline], for facts: [EnvironmentFact], rules: ComparisonRules) {
    let found = baselines.map { (baseline: $0, differing: Baseline.differing(facts, $0.facts)) }
    guard let nearest = found.min(by: { $0.differing.count < $1.differing.count }) else {
      return nil
    }
    baseline = nearest.baseline
    let open = nearest.differing.filter { !rules.means($0.key) }
    guard !open.isEmpty else {
      refusal = nil
      return
    }
    let print = Baseline.fingerprint(of: facts) ?? "unknown"
    let list = open.map(\.sentence).joined(separator: "; ")
    refusal =
      "there is no baseline \(baseline.name) of this kind of machine (\(print)); the nearest, "
      + "\(baseline.fingerprint), differs in \(list)"
  }
}

extension GateJudgement {
  /// A judgement that was not made, with the reason.
  public func refused(_ refusal: String) -> GateJudgement {
    var whole = self
    whole.verdict = .notComparable
    whole.reason = refusal
    whole.rows = []
    return whole
  }
}
