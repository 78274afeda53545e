internal import Judgement
internal import Ledger
internal import Measure

/// In which facts the arms differ, by what a difference means.
enum DifferencesSection {
  private static let classes: [(EnvironmentFact.Class, name: String, about: String)] = [
    (
      .mustMatch, "Decides figures",
      "Figures on its two sides are not comparable, unless it is what is compared."
    ),
    (.shouldMatch, "May shift figures", "Named because a part of a ratio may be due to it."),
    (.identity, "Which machine it is", "Tells machines apart; says nothing of figures."),
    (.informational, "For the reader", "Differs from run to run."),
  ]

  static func model(_ comparison: Comparison) -> [String: Any] {
    let subjects = comparison.arms.indices.dropFirst()
    let groups = classes.compactMap { group -> [String: Any]? in
      let found = comparison.differences.filter { $0.class == group.0 }
      guard !found.isEmpty else { return nil }
      let facts = found.map(\.key).uniqued().sorted().map { key -> [String: Any] in
        let ofKey = found.filter { $0.key == key }
        let references = ofKey.map { $0.reference ?? "not told" }.uniqued()
        return [
          "key": key, "reference": references.joined(separator: " | "),
          "subjects": subjects.map { arm in
            let values = ofKey.filter { $0.arm == arm }.map { $0.subject ?? "not told" }.uniqued()
            return values.isEmpty ? "the same" : values.joined(separator: " | ")
          }, "meaning": meaning(ofKey),
        ]
      }
      return [
        "name": group.name, "about": group.about, "facts": facts,
        "reference": comparison.arms.first?.label ?? "reference",
        "subjects": subjects.map { comparison.arms[$0].label },
      ]
    }
    return ["hasDifferences": !groups.isEmpty, "differences": groups]
  }

  private static func meaning(_ differences: [Comparison.Difference]) -> String {
    if differences.allSatisfy(\.isMeant) { return "what is compared" }
    if differences.contains(where: { $0.reference == nil || $0.subject == nil }) {
      return "not known of both"
    }
    return differences[0].class == .mustMatch ? "not comparable" : "named"
  }

  static func sentence(_ difference: Comparison.Difference, _ comparison: Comparison) -> String {
    "\(difference.key): \(difference.reference ?? "not told") in "
      + "\(ComparisonRows.arm(0, comparison)), \(difference.subject ?? "not told") in "
      + "\(ComparisonRows.arm(difference.arm, comparison))."
  }
}

/// Where the numbers come from and how they were set against each other.
enum SourcesSection {
  static func model(_ comparison: Comparison, _ inputs: [ReportInput?]) -> [String: Any] {
    func input(_ arm: Int) -> ReportInput? { inputs.indices.contains(arm) ? inputs[arm] : nil }
    let arms = comparison.arms.enumerated().map { index, arm in
      [
        "label": arm.label, "evidence": arm.evidence.rawValue, "startedAt": arm.startedAt,
        "id": arm.id, "system": arm.system ?? "all", "source": arm.source,
        "trials": input(index).map { input in
          let trials = input.trials.filter {
            arm.system == nil || $0.record.key.system == arm.system
          }
          return String(trials.filter { $0.record.block > 0 }.count)
        } ?? "none",
      ]
    }
    var seen: Set<String> = []
    let hashes = comparison.arms.enumerated().compactMap { index, arm -> [String: Any]? in
      guard let hashes = input(index)?.hashes, !hashes.isEmpty, seen.insert(arm.id).inserted
      else { return nil }
      return [
        "label": arm.id,
        "files": hashes.sorted { $0.key < $1.key }.map { ["name": $0.key, "value": $0.value] },
      ]
    }
    return [
      "arms": arms, "hashes": hashes,
      "methods": methods(comparison, hasCurves: inputs.contains { $0 != nil }),
    ]
  }

  private static func methods(_ comparison: Comparison, hasCurves: Bool) -> [String] {
    var sentences = [
      "The unit of replication is the trial: one execution of a case with the target freshly "
        + "opened. Intervals and verdicts rest on trials, never on seconds or single I/Os.",
      "A verdict goes by the whole interval: better or worse where it lies beyond the tolerance, "
        + "same where it lies within, inconclusive where it spans an end of it.",
    ]
    let methods = Set(comparison.rows.map(\.method))
    if methods.contains(.paired) {
      sentences.append(
        "Paired: trials of one block are set against each other, so that drift hits both alike.")
    }
    if methods.contains(.unpaired) {
      sentences.append(
        "Unpaired: all trials of one side against all of the other; a drift between the sides "
          + "counts as a difference.")
    }
    guard hasCurves else { return sentences }
    return sentences + [
      "Curves are of all I/Os of an arm's valid trials together (merged histograms, buckets at "
        + "most 1.6 % wide, so ratios of single percentiles move in steps of that size). They end "
        + "where fewer than \(PercentileCurve.least) observations lie beyond.",
      "Bands span the trials' own curves, or the pairs' own differences, from three on; they end "
        + "where that is so of a single trial.",
      "Lines through trials are the drift: the median of the slopes of all pairs (Theil-Sen).",
    ]
  }
}
