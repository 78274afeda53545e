internal import Ledger
internal import Measure

/// The results for a terminal: one table, then what was noticed.
public struct TerminalReport: Sendable {
  /// Whether the terminal shows UTF-8.
  public var unicode: Bool
  /// Whether escape sequences for colour may be written.
  public var colour: Bool

  /// Chooses a form; plain ASCII without colour unless told otherwise.
  public init(unicode: Bool = false, colour: Bool = false) {
    self.unicode = unicode
    self.colour = colour
  }

  /// The report as lines, ending in a new line.
  public func render(_ input: ReportInput) -> String {
    let cases = CaseFigures.all(of: input)
    let table = ResultRows(cases, ascii: !unicode)
    var lines = [bold(input.header.name) + "  " + dim(input.header.id)]
    lines += RunCaveats.all(of: input, cases).map { paint("! " + $0, "33") }
    lines.append("")
    if !table.rows.isEmpty {
      lines += aligned(table.rows)
      let isPublished = input.header.evidence == .published
      lines.append(dim(isPublished ? "figures as published" : legend(cases)))
    }
    lines += ResultRows.others(cases, ascii: !unicode)
    let findings = PlacedFinding.all(of: input)
    if !findings.isEmpty { lines.append("") }
    for entry in findings {
      let code =
        switch entry.finding.severity {
        case .error: "31"
        case .warning: "33"
        case .note: "2"
        }
      let label = paint("\(entry.finding.severity.rawValue):", code)
      lines.append("\(label) \(entry.place): \(entry.finding.message) [\(entry.finding.code)]")
    }
    let text = lines.joined(separator: "\n") + "\n"
    return unicode ? text : Self.ascii(text)
  }

  private func aligned(_ rows: [[String]]) -> [String] {
    let all = [ResultRows.headers] + rows
    let used = ResultRows.headers.indices.filter { column in
      !ResultRows.headers[column].isEmpty || rows.contains { !$0[column].isEmpty }
    }
    let widths = used.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.enumerated().map { index, row in
      let cells = zip(used, widths).map { column, width in
        let space = String(repeating: " ", count: width - row[column].count)
        return column < ResultRows.words ? row[column] + space : space + row[column]
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return index == 0 ? bold(line) : line
    }
  }

  private func legend(_ cases: [CaseFigures]) -> String {
    let open = cases.filter(\.isOpenLoop).count
    let loop =
      open == cases.count
      ? "open loop: from the intended start"
      : open == 0
        ? "closed loop: the tail is a lower bound"
        : "open loop from the intended start, closed loop from preparation"
    return "IOPS, bandwidth, CPU/IO: median of n trials; latency: all I/Os of valid trials, " + loop
  }

  private func bold(_ text: String) -> String { paint(text, "1") }
  private func dim(_ text: String) -> String { paint(text, "2") }
  private func paint(_ text: String, _ code: String) -> String {
    colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  /// Other characters of findings and names become `?`; the common ones their ASCII kin.
  private static func ascii(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "µ": result += "u"
      case "–", "—": result += "-"
      case "…": result += "..."
      case "≤": result += "<="
      case "≥": result += ">="
      case "×": result += "x"
      default: result += character.isASCII ? String(character) : "?"
      }
    }
    return result
  }
}
