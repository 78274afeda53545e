public import Judgement
internal import Ledger
internal import Measure
internal import Statistics

/// A gate's judgement as Markdown (GitHub's), for a step summary.
public struct GateMarkdown: Sendable {
  /// The most bytes it may take.
  public var most: Int

  /// GitHub drops a step's whole summary beyond 1 MiB, and several steps' may share one file.
  public static let summaryLimit = 1 << 20

  /// Chooses a budget; the default leaves most of a step's summary to others.
  public init(most: Int = 200_000) { self.most = most }

  /// The report; failing rows come first, and where rows are cut it says how many.
  public func render(_ judgement: GateJudgement) -> String {
    let words = GateText(judgement)
    var text = MarkdownText(most: most)
    text += "## Gate: \(VerdictWord.of(judgement.verdict))\n\n"
    text += MarkdownText.escaped(words.headline) + "\n\n"
    if let run = judgement.arms.last {
      text +=
        "Run `\(run.id.replacing("`", with: ""))`, started \(MarkdownText.escaped(run.startedAt))"
      text += run.notHardware.map { "; " + MarkdownText.escaped($0) } ?? ""
      text += ".\n\n"
    }
    if let confirmation = words.confirmation {
      text += "**" + MarkdownText.escaped(confirmation) + "**\n\n"
    }
    let caveats = judgement.caveats.map {
      "- **\($0.severity.rawValue)** \(MarkdownText.escaped($0.message))\n"
    }
    text.append(caveats, of: "caveats", elsewhere: "`assay gate --json`")
    if !judgement.rows.isEmpty {
      text += "\n" + MarkdownText.head(Self.headers, words: 3)
      text.append(
        judgement.worstFirst.map { MarkdownText.row(Self.cells($0)) }, of: "rows",
        elsewhere: "`assay gate --json`")
    }
    text += "\n" + words.next.map(MarkdownText.escaped).joined(separator: "  \n") + "\n"
    return text.text
  }

  private static let headers = [
    "verdict", "case", "metric", "baseline", "run", "ratio", "interval", "tolerated", "why",
  ]

  private static func cells(_ row: GateRow) -> [String] {
    let value = { (side: ComparisonRow.Side) in
      side.median.map { Quantity($0, Quantity.Kind(unit: row.unit)).text } ?? "–"
    }
    let ratio = { (number: Double) in Quantity(number, .ratio).text }
    return [
      VerdictWord.of(row.verdict), row.key.description, row.metric, value(row.baseline),
      value(row.run), row.ratio.map(ratio) ?? "–",
      row.interval.map { "\(ratio($0.lower)) to \(ratio($0.upper))" } ?? "–",
      (row.direction == .higher ? "≥ " : "≤ ") + ratio(row.bound), row.reason,
    ]
  }
}
