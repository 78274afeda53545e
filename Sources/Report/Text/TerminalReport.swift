internal import Ledger
internal import Measure

/// The results for a terminal: one table, then what was noticed.
public struct TerminalReport: Sendable {
  /// Whether the terminal shows UTF-8.
  public var unicode: Bool
  /// Whether escape sequences for colour may be written.
  public var colour: Bool
  /// How many columns the terminal has; nil is no bound.
  public var width: Int?

  /// Chooses a form; plain ASCII without colour, as wide as it gets, unless told otherwise.
  public init(unicode: Bool = false, colour: Bool = false, width: Int? = nil) {
    self.unicode = unicode
    self.colour = colour
    self.width = width
  }

  /// The report as lines, ending in a new line.
  public func render(_ input: ReportInput) -> String {
    let cases = CaseFigures.all(of: input)
    let terminal = TerminalText(unicode: unicode, colour: colour, width: width)
    let table = ResultRows(cases, ascii: !unicode)
    var lines = [terminal.bold(input.header.name) + "  " + terminal.dim(input.header.id)]
    lines += RunCaveats.all(of: input, cases).map { terminal.paint("! " + $0, .yellow) }
    lines.append("")
    if !table.rows.isEmpty {
      lines += terminal.table(table.headers, table.rows, words: ResultRows.words)
      let isPublished = input.header.evidence == .published
      let legend = isPublished ? "figures as published" : legend(cases, table.headers)
      lines.append(terminal.dim(legend))
    }
    lines += ResultRows.others(cases, ascii: !unicode)
    lines += LatencyParts.all(of: cases).flatMap { $0.lines(ascii: !unicode) }
    lines += OperationFigures.all(of: input).flatMap { $0.lines(ascii: !unicode) }
    let findings = PlacedFinding.all(of: input)
    if !findings.isEmpty { lines.append("") }
    for entry in findings {
      let severity = entry.finding.severity
      let label = terminal.paint("\(severity.rawValue):", severity.tint)
      lines.append("\(label) \(entry.place): \(entry.finding.message) [\(entry.finding.code)]")
    }
    return terminal.text(lines)
  }

  /// What the columns are that the table has.
  private func legend(_ cases: [CaseFigures], _ headers: [String]) -> String {
    let open = cases.filter(\.isOpenLoop).count
    let loop =
      open == cases.count
      ? "open loop: from the intended start"
      : open == 0
        ? "closed loop: the tail is a lower bound"
        : "open loop from the intended start, closed loop from preparation"
    let counted = CountedEvents(cases)
    let medians = counted.medians(among: headers).joined(separator: ", ")
    return (medians.isEmpty ? "" : medians + ": median of n trials; ")
      + "latency: all \(counted.noun) of valid trials, " + loop
  }
}
