public import Judgement
internal import Measure

/// What became of the limits, as lines for people: those that hold in several cases as one.
public struct VerdictLines: Sendable {
  /// One line.
  public struct Line: Hashable, Sendable {
    /// `PASS`, `FAIL`, `INCONCLUSIVE`, `NOT RUN`.
    public var word: String
    /// The limit as it stands in the scenario.
    public var limit: String
    /// The case; empty for several.
    public var place: String
    /// Why, with the numbers.
    public var reason: String
  }

  /// The whole in a few words: `PASS`, or why not.
  ///
  /// A failed trial outranks limits, for what was not measured cannot be judged.
  public let word: String
  /// The limits, in the scenario's order.
  public let lines: [Line]

  /// Words a judgement.
  ///
  /// O(limits²).
  public init(_ judgement: RunJudgement) {
    if !judgement.failed.isEmpty {
      let failed = judgement.failed
      word =
        "FAILED: trial\(failed.count == 1 ? "" : "s") \(failed.joined(separator: ", ")); "
        + "the findings say why"
    } else if !judgement.invalid.isEmpty {
      word = "INVALID: the numbers of \(judgement.invalid.joined(separator: ", ")) may not be used"
    } else {
      word = VerdictWord.of(judgement.verdict)
    }
    var lines: [Line] = []
    for limit in judgement.limits {
      let verdict = VerdictWord.of(limit.verdict)
      let alike = judgement.limits.filter { $0.limit == limit.limit && $0.verdict == .pass }
      if limit.verdict == .pass && alike.count > 1 {
        let reason = "holds in \(alike.count) cases"
        let line = Line(word: verdict, limit: limit.limit, place: "", reason: reason)
        if !lines.contains(line) { lines.append(line) }
      } else {
        let place = limit.key.map(\.description) ?? ""
        lines.append(Line(word: verdict, limit: limit.limit, place: place, reason: limit.reason))
      }
    }
    self.lines = lines
  }

  /// The lines as text, the whole last.
  public var text: String {
    let rows = lines.map { line in
      let padding = String(repeating: " ", count: max(13 - line.word.count, 1))
      let place = line.place.isEmpty ? "" : " (\(line.place))"
      return "\(line.word)\(padding)\(line.limit)\(place): \(line.reason)"
    }
    return (rows + ["Verdict: \(word)"]).joined(separator: "\n")
  }
}
