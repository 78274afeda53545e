internal import Ledger
internal import Measure

/// The results as Markdown (GitHub's), for step summaries and pull requests.
public struct MarkdownReport: Sendable {
  /// The most bytes it may take; a step summary of GitHub holds 1 MiB, a comment 64 KiB.
  public var most: Int

  /// Chooses a budget; the default fits a comment.
  public init(most: Int = 60_000) { self.most = most }

  /// The report; findings and then rows are cut, and the cut is told, where it would not fit.
  public func render(_ input: ReportInput) -> String {
    let cases = CaseFigures.all(of: input)
    let elsewhere = "the record's report.html"
    var text = MarkdownText(most: most)
    text += "## \(MarkdownText.escaped(input.header.name))\n\n"
    if !input.header.about.isEmpty { text += MarkdownText.escaped(input.header.about) + "\n\n" }
    let header = input.header
    let isPublished = header.evidence == .published
    text +=
      isPublished
      ? "Figures `\(header.id)`, published \(header.startedAt.prefix(10)).\n\n"
      : "Run `\(header.id)`, started \(header.startedAt), Assay \(header.version), "
        + "seed \(header.seed).\n\n"
    for caveat in RunCaveats.all(of: input, cases) {
      text += "> **\(MarkdownText.escaped(caveat))**\n>\n"
    }
    text += "\n"
    if let judgement = input.judgement {
      let verdict = VerdictLines(judgement)
      text += "**Verdict: \(MarkdownText.escaped(verdict.word))**\n\n"
      let lines = verdict.lines.map { line in
        "- **\(line.word)** `\(line.limit)` \(MarkdownText.escaped(line.place)): "
          + "\(MarkdownText.escaped(line.reason))\n"
      }
      text.append(lines, of: "limits", elsewhere: elsewhere)
      text += "\n"
    }
    let counted = CountedEvents(cases)
    let table = ResultRows(cases, ascii: false)
    if !table.rows.isEmpty {
      let used = table.headers.indices.filter {
        $0 <= ResultRows.words || !table.headers[$0].isEmpty
      }
      text += MarkdownText.head(used.map { table.headers[$0] }, words: ResultRows.words)
      let rows = table.rows.map { row in MarkdownText.row(used.map { row[$0] }) }
      text.append(rows, of: "rows", elsewhere: elsewhere)
      text +=
        isPublished
        ? "\nFigures as published.\n"
        : "\n" + Self.legend(counted, table.headers)
    }
    text.append(
      ResultRows.others(cases, ascii: false).map { "- \(MarkdownText.escaped($0))\n" },
      of: "metrics", elsewhere: elsewhere)
    let findings = PlacedFinding.all(of: input).map { entry in
      "- **\(entry.finding.severity.rawValue)** \(MarkdownText.escaped(entry.place)): "
        + "\(MarkdownText.escaped(entry.finding.message)) (`\(entry.finding.code)`)\n"
    }
    if !findings.isEmpty {
      text += "\n### Findings\n\n"
      text.append(findings, of: "findings", elsewhere: elsewhere)
    }
    return text.text
  }

  /// What the columns are that the table has.
  private static func legend(_ counted: CountedEvents, _ headers: [String]) -> String {
    let medians = counted.medians(among: headers)
    let start = CountedEvents.list(medians).map {
      $0 + (medians.count == 1 ? " is the median" : " are medians") + " of n trials; latency"
    }
    return (start ?? "Latency") + " is of all \(counted.noun) of the valid trials together.\n"
  }
}
