public import Judgement
internal import Measure

/// A qualification as text: for a terminal, and as Markdown.
public enum QualificationText {
  /// For a terminal of `width` columns, nil being no bound; ends in a new line.
  public static func terminal(
    _ qualification: Qualification, unicode: Bool, width: Int? = nil
  ) -> String {
    let table = QualificationRows(qualification, ascii: !unicode).rows
    let terminal = TerminalText(unicode: unicode, colour: false, width: width)
    var lines = [
      "\(qualification.specification.name) \(qualification.specification.version): "
        + qualification.specification.about
    ]
    lines += qualification.caveats.map { "! " + $0 }
    lines += QualificationRows.facts(qualification).map { "\($0.name): \($0.value)" }
    lines.append("")
    lines += terminal.table(
      QualificationRows.headers, table.map(\.cells), words: QualificationRows.words)
    let doubts = table.filter { $0.verdict != .pass }
    if !doubts.isEmpty { lines.append("") }
    for row in doubts {
      let place = row.cells[2].count > 1 ? " \(row.cells[2])" : ""
      lines.append("\(row.cells[0]) \(row.cells[1])\(place): \(row.reason)")
      if !row.waiver.isEmpty { lines.append("  " + row.waiver) }
    }
    let waivers = QualificationRows.waivers(qualification)
    if !waivers.isEmpty { lines.append("") }
    lines += waivers.map { ($0.isLoud ? "! " : "") + $0.text }
    lines += ["", "Qualification: " + QualificationRows.whole(qualification), ""]
    lines += QualificationRows.signOff.map { name in
      name + ":" + String(repeating: " ", count: 10 - name.count)
        + String(repeating: "_", count: 40)
    }
    return terminal.text(lines)
  }

  /// As Markdown (GitHub's).
  public static func markdown(_ qualification: Qualification) -> String {
    let table = QualificationRows(qualification, ascii: false).rows
    let escaped = MarkdownText.escaped
    var text = "## Qualification: \(escaped(qualification.specification.name))\n\n"
    if !qualification.specification.about.isEmpty {
      text += escaped(qualification.specification.about) + "\n\n"
    }
    for caveat in qualification.caveats { text += "> **\(escaped(caveat))**\n>\n" }
    text += "\n**\(escaped(QualificationRows.whole(qualification)))**\n\n"
    for fact in QualificationRows.facts(qualification) {
      text += "- \(fact.name): \(escaped(fact.value))\n"
    }
    text += "\n" + MarkdownText.head(QualificationRows.headers, words: QualificationRows.words)
    for row in table { text += MarkdownText.row(row.cells) }
    text += "\n"
    for row in table where row.verdict != .pass {
      let waiver = row.waiver.isEmpty ? "" : " *\(escaped(row.waiver))*"
      text +=
        "- **\(row.cells[0])** `\(row.cells[1])` \(escaped(row.cells[2])): "
        + "\(escaped(row.reason))\(waiver)\n"
    }
    let waivers = QualificationRows.waivers(qualification)
    if !waivers.isEmpty { text += "\n### Waivers\n\n" }
    for waiver in waivers {
      text += waiver.isLoud ? "- **\(escaped(waiver.text))**\n" : "- \(escaped(waiver.text))\n"
    }
    text += "\n### Sign-off\n\n| | |\n|:--|:--|\n"
    for name in QualificationRows.signOff { text += "| \(name) | \(blank) |\n" }
    return text
  }

  /// A cell that is to be filled in keeps its width.
  private static let blank = String(repeating: "&nbsp;", count: 40)
}
