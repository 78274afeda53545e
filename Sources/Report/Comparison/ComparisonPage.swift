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
      "sources": ComparisonTemplate.sources,
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
    page["hasCounts"] = !comparison.rows.isEmpty
    page["counts"] = Self.counts(comparison)
    if let block = ComparabilitySection.model(comparison) { page["comparability"] = block }
    if let forest = ForestPlot.chart(comparison) {
      page["forest"] =
        ["title": "Ratios with their intervals", "svg": forest.svg(as: .inline)]
        as [String: Any]
    }
    page.merge(ComparisonRows.model(comparison)) { $1 }
    let cases = ComparedCase.all(of: comparison, inputs: inputs)
    page["cases"] = cases.compactMap { found -> [String: Any]? in
      let charts = found.charts
      guard !charts.isEmpty else { return nil }
      return [
        "name": found.label, "isSingle": charts.count == 1,
        "charts": charts.map { ["title": $0.title, "svg": $0.svg(as: .inline)] },
      ]
    }
    page.merge(DifferencesSection.model(comparison)) { $1 }
    page.merge(SourcesSection.model(comparison, inputs)) { $1 }
    return library.render(page, withTemplate: "page") ?? ""
  }

  private static func about(_ comparison: Comparison) -> String {
    let arms = comparison.arms.map { arm in
      let system = arm.system.map { " (system \($0))" } ?? ""
      let name = arm.id == arm.label ? arm.label : "\(arm.label) = \(arm.id)"
      return "\(name)\(system), \(arm.evidence.rawValue)"
    }
    return arms.joined(separator: "; ") + ". Tolerance "
      + Quantity(comparison.tolerance.value * 100, .percent).text + "."
  }

  private static func counts(_ comparison: Comparison) -> [[String: String]] {
    ComparisonRow.Verdict.allCases.compactMap { verdict in
      let count = comparison.rows.filter { $0.verdict == verdict }.count
      guard count > 0 else { return nil }
      let mark = VerdictMark(verdict)
      return [
        "kind": mark.kind, "symbol": mark.symbol, "word": mark.word, "count": String(count),
      ]
    }
  }
}

/// What has to be known before any row is believed.
enum ComparabilitySection {
  static func model(_ comparison: Comparison) -> [String: Any]? {
    var lines = comparison.caveats.map { caveat in
      line(caveat.severity == .note ? "" : caveat.severity.rawValue, caveat.message)
    }
    let evidences = Set(comparison.arms.map(\.evidence.rawValue))
    if evidences.count > 1, !comparison.caveats.contains(where: { $0.code.contains("evidence") }) {
      let arms = comparison.arms.map { "\($0.label) is \($0.evidence.rawValue)" }
      lines.append(line("origin", arms.joined(separator: ", ") + "."))
    }
    for arm in comparison.arms {
      guard let reason = arm.notHardware else { continue }
      let isSaid = comparison.caveats.contains { $0.message.contains(reason) }
      if !isSaid { lines.append(line("not hardware", "\(arm.label): \(reason).")) }
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
        ("verdict", true), ("smallest seen", false), ("n", false), ("why", true),
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
      "reference": RowText.value(row.reference, unit: row.unit),
      "subject": RowText.value(row.subject, unit: row.unit), "ratio": RowText.ratio(row),
      "smallest": smallest ?? "–", "n": RowText.trials(row), "reason": row.reason,
    ]
  }

  static func arm(_ index: Int, _ comparison: Comparison) -> String {
    comparison.arms.indices.contains(index) ? comparison.arms[index].label : String(index)
  }

  private static func foot(_ comparison: Comparison) -> String {
    let confidence = Quantity.short(comparison.confidence.value * 100, 2)
    return "Values: medians of the valid trials. Ratio: subject by reference, with its interval of "
      + "\(confidence) % confidence where there are trials enough. Smallest seen: the smallest "
      + "change that this design would have seen with a power of 80 %. n: pairs of trials of one "
      + "block, or the trials of both sides."
  }
}
