public import Judgement
internal import Ledger
internal import Measure

/// A comparison as Markdown (GitHub's), with the same numbers as on the terminal.
public struct ComparisonMarkdown: Sendable {
  /// The most bytes it may take; a step summary of GitHub holds 1 MiB, a comment 64 KiB.
  public var most: Int

  /// Chooses a budget; the default fits a comment.
  public init(most: Int = 60_000) { self.most = most }

  /// The comparison; rows and then differences are cut, and the cut is told, where it would not
  /// fit.
  public func render(_ comparison: Comparison) -> String {
    let tables = ComparisonTable.all(of: comparison)
    let elsewhere = "the JSON of this comparison"
    var text = MarkdownText(most: most)
    let names = comparison.arms.map { MarkdownText.escaped($0.label) }
    text += "## \(names.dropFirst().joined(separator: ", ")) against \(names[0])\n\n"
    for arm in comparison.arms {
      text += "- **\(MarkdownText.escaped(arm.label))**: \(MarkdownText.escaped(arm.origin))\n"
    }
    text += "\n"
    for caveat in comparison.caveats {
      let message = MarkdownText.escaped(caveat.message)
      text += caveat.severity == .note ? "> note: \(message)\n>\n" : "> **\(message)**\n>\n"
    }
    for table in tables {
      text += "\n### \(MarkdownText.escaped(table.title))\n\n**\(table.summary)**\n\n"
      guard !table.rows.isEmpty else { continue }
      text += MarkdownText.head(table.headers, words: ComparisonTable.words)
      let rows = table.rows.map { MarkdownText.row(table.cells($0, ascii: false)) }
      text.append(rows, of: "rows", elsewhere: elsewhere)
      let reasons = table.reasons.map { "- \(MarkdownText.escaped($0))\n" }
      if !reasons.isEmpty { text += "\n" }
      text.append(reasons, of: "reasons", elsewhere: elsewhere)
    }
    let differences = comparison.differences.map { difference in
      MarkdownText.row([
        comparison.arms[difference.arm].label, difference.key,
        difference.reference ?? "not known", difference.subject ?? "not known",
        difference.isMeant ? "meant" : difference.class.rawValue,
      ])
    }
    if !differences.isEmpty {
      text += "\n### What differs\n\n"
      text += MarkdownText.head(
        ["of", "what", comparison.arms[0].label, "there", "class"], words: 5)
      text.append(differences, of: "differences", elsewhere: elsewhere)
    }
    text += "\n" + MarkdownText.escaped(ComparisonLegend.text(comparison)) + "\n"
    return text.text
  }
}
