internal import Judgement
internal import Ledger
internal import Measure
internal import Scenario
internal import Statistics

/// A qualification as rows of text: what terminal, Markdown and page all show.
struct QualificationRows {
  static let headers = [
    "verdict", "limit", "case", "must hold", "estimate", "interval", "margin", "n",
  ]
  /// How many columns from the left are words.
  static let words = 4
  /// What is left empty for people to fill in.
  static let signOff = ["Tester", "Reviewer", "Date", "Notes"]

  /// One row a limit and case.
  struct Row {
    var cells: [String]
    /// The verdict in a sentence.
    var reason: String
    /// Who answers for the failure, why and until when; empty without a waiver.
    var waiver: String
    var verdict: LimitJudgement.Verdict
  }

  var rows: [Row]

  init(_ qualification: Qualification, ascii: Bool) {
    let none = ascii ? "-" : "–"
    rows = qualification.lines.map { line in
      let judgement = line.judgement
      let isRatio = judgement.comparedWith != nil
      let kind = isRatio ? Quantity.Kind.ratio : Quantity.Kind(unit: judgement.unit)
      func text(_ value: Double?) -> String {
        value.map { Quantity($0, kind).text(ascii: ascii) } ?? none
      }
      let interval = judgement.interval.map { interval in
        "\(text(interval.lower)) to \(text(interval.upper))"
      }
      return Row(
        cells: [
          VerdictWord.of(judgement.verdict) + (line.waiver == nil ? "" : " (WAIVED)"), line.id,
          judgement.key?.description ?? none, judgement.limit, text(judgement.value),
          interval ?? none, line.marginPercent.map { Self.signed($0) } ?? none,
          String(judgement.n),
        ], reason: judgement.reason,
        waiver: line.waiver.map { "waived by \($0.who) until \($0.until): \($0.why)" } ?? "",
        verdict: judgement.verdict)
    }
  }

  /// The whole: its word, and what it rests on.
  static func whole(_ qualification: Qualification) -> String {
    let counts = LimitJudgement.Verdict.allCases.compactMap { verdict -> String? in
      let count = qualification.lines.count { $0.judgement.verdict == verdict }
      return count == 0 ? nil : "\(count) \(VerdictWord.of(verdict))"
    }
    let waived = qualification.lines.count { $0.waiver != nil }
    return VerdictWord.of(qualification.verdict) + ": " + counts.joined(separator: ", ")
      + (waived == 0 ? "" : ", \(waived) of them WAIVED")
  }

  /// What was held against what, by which rule: `name value` lines.
  static func facts(_ qualification: Qualification) -> [(name: String, value: String)] {
    let specification = qualification.specification
    let rule =
      switch qualification.decision {
      case .guard:
        "guard band: the whole \(qualification.confidence.text) interval (ILAC-G8:09/2019)"
      case .simple: "simple: by the estimate alone (ILAC-G8:09/2019)"
      }
    var facts = [
      ("specification", "\(specification.name), version \(specification.version)"),
      ("source", specification.source), ("SHA-256", specification.sha256),
      ("record", qualification.run.id),
      (
        qualification.run.evidence == .published ? "published" : "started",
        qualification.run.startedAt
      ), ("decision", rule),
    ]
    for (role, system) in qualification.roles.sorted(by: { $0.key < $1.key }) {
      facts.append(("as \(role)", system))
    }
    return facts.map { (name: $0.0, value: $0.1) }
  }

  /// Every waiver in a sentence, those that need a hand first.
  static func waivers(_ qualification: Qualification) -> [(isLoud: Bool, text: String)] {
    let uses = qualification.waivers.map { use in
      let waiver = use.waiver
      let system = waiver.system.map { " of \($0)" } ?? ""
      let isLoud = use.state == .expired || use.state == .unknown
      return (
        isLoud: isLoud,
        text: "waiver of \(waiver.limit)\(system) (\(waiver.place), \(waiver.who)): "
          + (isLoud ? VerdictWord.of(use.state) : use.state.rawValue) + ", \(use.message)"
      )
    }
    return uses.filter(\.isLoud) + uses.filter { !$0.isLoud }
  }

  private static func signed(_ percent: Double) -> String {
    (percent < 0 ? "-" : "+") + Quantity(percent.magnitude, .percent).text(ascii: true)
  }
}
