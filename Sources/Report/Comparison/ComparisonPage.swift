public import Judgement
internal import Ledger
internal import Measure
internal import Mustache

/// The page of a comparison: one file of HTML that fetches nothing and needs no script.
public struct ComparisonPage: Sendable {
  private let library: MustacheLibrary

  /// Parses the templates.
  ///
  /// Throws where one is broken, which a test rules out.
  public init() throws {
    library = try PageFrame.library([
      "page": ComparisonTemplate.page, "comparability": ComparisonTemplate.comparability,
      "rows": ComparisonTemplate.rows, "differences": ComparisonTemplate.differences,
      "sources": ComparisonTemplate.sources, "counts": PageTemplate.counts,
    ])
  }

  /// The page; the same input gives the same bytes.
  ///
  /// `inputs` holds the record behind each arm, in the arms' order; nil where there is none, as of
  /// published figures, and then there are no curves. `version` is the program's.
  /// O(trials x (buckets + trials)).
  public func render(
    _ comparison: Comparison, inputs: [ReportInput?], version: String
  ) -> String {
    var page = PageFrame.model(title: ForestPlot.title(comparison), version: version)
    page["about"] = Self.about(comparison)
    if !comparison.rows.isEmpty { page["counts"] = ComparisonRows.counts(comparison) }
    if let block = ComparabilitySection.model(comparison) { page["comparability"] = block }
    if let forest = ForestPlot.chart(comparison) {
      page["forest"] =
        ["title": ForestPlot.caption(comparison), "svg": forest.svg(as: .inline)]
        as [String: Any]
    }
    page.merge(ComparisonRows.model(comparison)) { $1 }
    let (cases, left) = Self.charts(ComparedCase.all(of: comparison, inputs: inputs))
    page["cases"] = cases
    if left > 0 {
      page["left"] = [
        "\(left) more cases have curves for which this page has no room: those with a difference "
          + "come first. Their numbers are in the table above."
      ]
    }
    page.merge(DifferencesSection.model(comparison)) { $1 }
    page.merge(SourcesSection.model(comparison, inputs, hasCurves: !cases.isEmpty)) { $1 }
    return library.render(page, withTemplate: "page") ?? ""
  }

  /// Bytes of charts: with the table of some hundred rows a page stays below 1 MB.
  private static let roomForCharts = 600_000

  /// Sections of the cases with charts, and how many found no room.
  ///
  /// Cases that differ, or might, come first to the room; the page keeps the comparison's order.
  private static func charts(
    _ cases: [ComparedCase]
  ) -> (sections: [[String: Any]], left: Int) {
    var sections: [Int: [String: Any]] = [:]
    var (used, left) = (0, 0)
    let order =
      cases.indices.filter { !cases[$0].isSame } + cases.indices.filter { cases[$0].isSame }
    for index in order {
      let charts = cases[index].charts
      guard !charts.isEmpty else { continue }
      let drawn = charts.map { ["title": $0.title, "svg": $0.svg(as: .inline)] }
      let size = drawn.reduce(0) { $0 + ($1["svg"]?.utf8.count ?? 0) }
      guard used + size <= roomForCharts else {
        left += 1
        continue
      }
      used += size
      sections[index] = [
        "name": cases[index].label, "isSingle": charts.count == 1, "charts": drawn,
      ]
    }
    return (cases.indices.compactMap { sections[$0] }, left)
  }

  private static func about(_ comparison: Comparison) -> String {
    let arms = comparison.arms.map { arm in
      let system = arm.system.map { " (system \($0))" } ?? ""
      let name = arm.id == arm.label ? arm.label : "\(arm.label) = \(arm.id)"
      return "\(name)\(system), \(arm.evidence.rawValue)"
    }
    return arms.joined(separator: "; ") + ". Tolerance "
      + Quantity.short(comparison.tolerance.value * 100, 2) + " %."
  }
}

/// The systems of a run against its first one, at the front of the run's page.
enum SystemsSection {
  static func model(_ comparison: Comparison) -> [String: Any]? {
    guard let forest = ForestPlot.chart(comparison) else { return nil }
    let refused = comparison.rows.filter { $0.verdict == .notComparable }
    let left =
      refused.isEmpty
      ? [] : ["Not drawn, for they may not be compared: \(refused.count) rows."]
    return [
      "title": forest.title, "counts": ComparisonRows.counts(comparison),
      "caption": ForestPlot.caption(comparison), "svg": forest.svg(as: .inline),
      "notes": comparison.caveats.map(\.message) + left,
    ]
  }
}

/// What has to be known before any row is believed.
enum ComparabilitySection {
  static func model(_ comparison: Comparison) -> [String: Any]? {
    var lines = comparison.caveats.map { caveat in
      line(caveat.severity == .note ? "" : caveat.severity.rawValue, caveat.message)
    }
    let forbidden = comparison.differences.filter { $0.class == .mustMatch && !$0.isMeant }
    for difference in forbidden where difference.reference != nil && difference.subject != nil {
      lines.append(line("differs", DifferencesSection.sentence(difference, comparison)))
    }
    let refused = comparison.rows.filter { $0.verdict == .notComparable }.count
    guard !lines.isEmpty else { return nil }
    let isGrave =
      refused == comparison.rows.count || comparison.caveats.contains { $0.severity == .error }
    let all = comparison.rows.count
    let heading =
      refused == 0
      ? "Before the numbers" : "\(refused) of \(all) rows may not be compared"
    return [
      "severity": isGrave ? "error" : "warning", "heading": heading, "lines": lines,
    ]
  }

  private static func line(_ word: String, _ text: String) -> [String: Any] {
    ["word": word.isEmpty ? [] : [word], "text": text]
  }
}

/// The table of rows, metric by metric as in the forest plot.
enum ComparisonRows {
  /// How many rows have each verdict.
  static func counts(_ comparison: Comparison) -> [String: Any] {
    let verdicts = ComparisonRow.Verdict.allCases.compactMap { verdict -> [String: String]? in
      let count = comparison.rows.count { $0.verdict == verdict }
      guard count > 0 else { return nil }
      let mark = VerdictMark(verdict)
      return [
        "kind": mark.kind, "symbol": mark.symbol, "word": mark.word, "count": String(count),
      ]
    }
    return ["verdicts": verdicts]
  }

  static func model(_ comparison: Comparison) -> [String: Any] {
    let labels = CaseLabels(comparison)
    let hasArms = comparison.arms.count > 2
    let metrics = comparison.rows.map(\.metric).uniqued()
    let ordered = metrics.flatMap { metric in comparison.rows.filter { $0.metric == metric } }
    let lone = ordered.filter { $0.verdict == .notComparable }
    let reference = comparison.arms.first?.label ?? "reference"
    let subject = hasArms || comparison.arms.count < 2 ? "subject" : comparison.arms[1].label
    let columns =
      [("case", true)] + (hasArms ? [("arm", true)] : []) + [
        ("metric", true), (reference, false), (subject, false), ("ratio", false),
        ("verdict", true), ("detects", false), ("n", false), ("why", true),
      ]
    return [
      "hasRows": !ordered.isEmpty,
      "columns": columns.map { ["name": $0.0, "isWord": $0.1] as [String: Any] },
      "rows": ordered.map { row($0, comparison, labels, hasArms) },
      "hasLone": !lone.isEmpty,
      "lone": lone.map {
        ["name": labels.label($0), "metric": $0.metric, "reason": $0.reason]
      },
      "hasUnmatched": !comparison.unmatched.isEmpty,
      "unmatched": comparison.unmatched.map {
        ["key": $0.key.description, "arm": arm($0.arm, comparison)]
      },
      "foot": foot(comparison),
    ]
  }

  private static func row(
    _ row: ComparisonRow, _ comparison: Comparison, _ labels: CaseLabels, _ hasArms: Bool
  ) -> [String: Any] {
    let mark = VerdictMark(row.verdict)
    let smallest = row.smallestDetectable.map {
      "± " + Quantity($0.value * 100, .percent).text
    }
    return [
      "kind": mark.kind, "symbol": mark.symbol, "word": mark.word,
      "name": labels.label(row.referenceKey),
      "arm": hasArms ? [arm(row.arm, comparison)] : [], "metric": row.metric,
      "reference": ComparisonTable.text(row.reference, row, ascii: false),
      "subject": ComparisonTable.text(row.subject, row, ascii: false), "ratio": RowText.ratio(row),
      "smallest": smallest ?? "–", "n": ComparisonTable.number(row), "reason": row.reason,
    ]
  }

  static func arm(_ index: Int, _ comparison: Comparison) -> String {
    comparison.arms.indices.contains(index) ? comparison.arms[index].label : String(index)
  }

  private static func foot(_ comparison: Comparison) -> String {
    if comparison.arms.allSatisfy({ $0.evidence == .published }) {
      return "Figures as published; ≥ and ≤ mark what a source gives as a bound only."
    }
    let confidence = Quantity.short(comparison.confidence.value * 100, 2)
    return "Values: medians of the valid trials. Ratio: subject by reference, with its interval of "
      + "\(confidence) % confidence where there are trials enough. Detects: the smallest "
      + "change that this design would have seen with a power of 80 %. n: pairs of trials of one "
      + "block; unpaired the trials of both sides."
  }
}
