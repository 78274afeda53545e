internal import Judgement
internal import Ledger
internal import Measure
internal import Scenario

/// Takes the planned looks of a run: judges the limits so far, and says whether to go on.
struct LookTaking {
  let plan: Plan
  /// When this process began to run trials.
  let began: Nanoseconds
  /// What the run had taken before this process: the trials of one that was cut short.
  let before: Nanoseconds
  /// The looks that were taken before.
  private(set) var taken: [LookRecord]

  init(plan: Plan, finished: [TrialRecord], taken: [LookRecord]) {
    self.plan = plan
    self.taken = taken
    began = MonotonicClock.now()
    before = finished.reduce(.zero) { $0 + $1.tookNs }
  }

  /// How many looks there are; a plan without any is one batch of trials.
  var count: Int { plan.looks?.count ?? 1 }

  /// Whether the run was ended by a look that was taken already.
  var hasEnded: Bool { taken.contains { $0.end != nil } }

  /// Judges the limits after a look's trials; nil where there is none to take.
  mutating func look(_ number: Int, after trials: [TrialRecord]) -> LookRecord? {
    guard let looks = plan.looks, !taken.contains(where: { $0.number == number }) else {
      return nil
    }
    let judged = LimitJudge.judge(
      limits: plan.limits.filter { $0.severity == .fail }, trials: trials,
      confidence: looks.nominal)
    let decisions = judged.map {
      LookRecord.Decision(
        limit: $0.limit, key: $0.key, verdict: $0.verdict.rawValue,
        isDecided: $0.verdict == .pass || $0.verdict == .fail)
    }
    let took = before + (MonotonicClock.now() - began)
    let record = LookRecord(
      number: number, most: looks.count, confidence: looks.nominal,
      trials: trials.count { $0.block > 0 }, tookNs: took, limits: decisions,
      end: end(number, decisions, took: took, trials))
    taken.append(record)
    return record
  }

  private func end(
    _ number: Int, _ decisions: [LookRecord.Decision], took: Nanoseconds, _ trials: [TrialRecord]
  ) -> LookRecord.End? {
    if decisions.allSatisfy(\.isDecided) { return .decided }
    if number == count { return .last }
    guard let budget = plan.looks?.budget else { return nil }
    // The next look is a design like this one; its timed part is known, the rest was just seen.
    let blocks = plan.looks?.blocks(of: number) ?? 1...1
    let seen = trials.filter { blocks.contains($0.block) }
      .reduce(Nanoseconds.zero) { $0 + $1.tookNs }
    return took + max(seen, plan.estimate(of: number + 1).knownNs) > budget ? .budget : nil
  }
}

extension LookRecord {
  /// One line for people: what is decided, and why the run ends here.
  var sentence: String {
    let open = limits.filter { !$0.isDecided }
    let decided =
      "look \(number) of \(most): \(limits.count - open.count) of \(limits.count) "
      + "judgements decided"
    let first = open.first.map { decision in
      let place = decision.key.map { " (\($0))" } ?? ""
      return "; \(decision.verdict): \(decision.limit)\(place)"
    }
    switch end {
    case .decided: return decided + "; the run ends here"
    case .budget: return decided + (first ?? "") + "; the budget does not hold another look"
    case .last: return decided + (first ?? "") + "; it was the last one"
    case nil: return decided + (first ?? "")
    }
  }
}
