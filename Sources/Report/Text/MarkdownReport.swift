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
    var text = "## \(Self.escaped(input.header.name))\n\n"
    if !input.header.about.isEmpty { text += Self.escaped(input.header.about) + "\n\n" }
    let header = input.header
    let isPublished = header.evidence == .published
    text +=
      isPublished
      ? "Figures `\(header.id)`, published \(header.startedAt.prefix(10)).\n\n"
      : "Run `\(header.id)`, started \(header.startedAt), Assay \(header.version), "
        + "seed \(header.seed).\n\n"
    for caveat in RunCaveats.all(of: input, cases) { text += "> **\(Self.escaped(caveat))**\n>\n" }
    text += "\n"
    if let judgement = input.judgement {
      let verdict = VerdictLines(judgement)
      text += "**Verdict: \(Self.escaped(verdict.word))**\n\n"
      let lines = verdict.lines.map { line in
        "- **\(line.word)** `\(line.limit)` \(Self.escaped(line.place)): "
          + "\(Self.escaped(line.reason))\n"
      }
      append(lines, of: "limits", to: &text)
      text += "\n"
    }
    let rows = ResultRows(cases, ascii: false).rows.map(Self.row)
    if !rows.isEmpty {
      text += Self.row(ResultRows.headers)
      text += "|"
      for column in ResultRows.headers.indices {
        text += column < ResultRows.words ? ":--|" : "--:|"
      }
      text += "\n"
      append(rows, of: "rows", to: &text)
      text +=
        isPublished
        ? "\nFigures as published.\n"
        : "\nIOPS, bandwidth and CPU/IO are medians of n trials; latency is of all I/Os of the "
          + "valid trials together.\n"
    }
    append(
      ResultRows.others(cases, ascii: false).map { "- \(Self.escaped($0))\n" }, of: "metrics",
      to: &text)
    let findings = PlacedFinding.all(of: input).map { entry in
      "- **\(entry.finding.severity.rawValue)** \(Self.escaped(entry.place)): "
        + "\(Self.escaped(entry.finding.message)) (`\(entry.finding.code)`)\n"
    }
    if !findings.isEmpty {
      text += "\n### Findings\n\n"
      append(findings, of: "findings", to: &text)
    }
    return text
  }

  private func append(_ lines: [String], of what: String, to text: inout String) {
    // Room for the sentence that tells the cut, and for what follows a table.
    var room = most - text.utf8.count - 400
    for (index, line) in lines.enumerated() {
      room -= line.utf8.count
      if room < 0 {
        text += "\n\(lines.count - index) more \(what) are in the record's report.html.\n"
        return
      }
      text += line
    }
  }

  private static func row(_ cells: [String]) -> String {
    "| " + cells.map(escaped).joined(separator: " | ") + " |\n"
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "|", "*", "_", "`", "<", ">", "[", "]", "\\", "#": result += "\\" + String(character)
      case "\n", "\r": result += " "
      default: result.append(character)
      }
    }
    return result
  }
}
