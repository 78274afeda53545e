public import Judgement
internal import Ledger
internal import Measure

/// A comparison for a terminal: who, what must be said, the rows, and why.
public struct ComparisonTerminal: Sendable {
  private let terminal: TerminalText

  /// Chooses a form; plain ASCII without colour, as wide as it gets, unless told otherwise.
  public init(unicode: Bool = false, colour: Bool = false, width: Int? = nil) {
    terminal = TerminalText(unicode: unicode, colour: colour, width: width)
  }

  /// The comparison as lines, ending in a new line.
  public func render(_ comparison: Comparison) -> String {
    let tables = ComparisonTable.all(of: comparison)
    var lines = comparison.arms.enumerated().map { index, arm in
      let role = index == 0 ? "reference  " : "subject    "
      let isSame = index > 0 && arm.id == comparison.arms[0].id
      let origin = isSame ? "of the same record" : arm.origin
      return terminal.dim(role) + terminal.bold(arm.label) + "  " + terminal.dim(origin)
    }
    lines.append("")
    for caveat in comparison.caveats {
      let line = (caveat.severity == .note ? "  note: " : "! ") + caveat.message
      lines.append(terminal.paint(line, caveat.severity.tint))
    }
    if !comparison.caveats.isEmpty { lines.append("") }
    for table in tables { lines += self.lines(of: table) + [""] }
    lines += differences(comparison)
    lines.append(terminal.dim(ComparisonLegend.text(comparison)))
    return terminal.text(lines)
  }

  private func lines(of table: ComparisonTable) -> [String] {
    var lines = [terminal.bold(table.title) + ": " + table.summary]
    guard !table.rows.isEmpty else { return lines }
    let cells = table.rows.map { table.cells($0, ascii: !terminal.unicode) }
    lines += terminal.table(
      table.headers, cells, words: ComparisonTable.words,
      tints: table.rows.map { Self.tint(of: $0.verdict) })
    return lines + table.reasons.map { "  " + $0 }
  }

  private func differences(_ comparison: Comparison) -> [String] {
    let found = DifferenceRows(comparison)
    var lines: [String] = []
    if !found.rows.isEmpty {
      lines += terminal.table(
        DifferenceRows.headers, found.rows.map { $0.map(Self.shortened) }, words: 5)
    }
    lines += found.oneSided
    return lines.isEmpty ? [] : lines + [""]
  }

  /// Enough of a value to tell it; all of it is in the JSON.
  private static func shortened(_ text: String) -> String {
    text.count <= 48 ? text : text.prefix(47) + "…"
  }

  private static func tint(of verdict: ComparisonRow.Verdict) -> TerminalText.Tint {
    switch verdict {
    case .worse: .red
    case .better: .green
    case .inconclusive, .noInterval, .notComparable: .yellow
    case .same: .plain
    }
  }
}

extension Comparison.Arm {
  /// Where it comes from, in a line: `measured 2026-11-21T02:00:00Z, results/runs/ID`.
  var origin: String {
    let when = startedAt.isEmpty ? "" : " " + startedAt
    let which = system == nil || system == label ? "" : ", system \(system ?? "")"
    return evidence.rawValue + when + which + ", " + (source.isEmpty ? id : source)
  }
}

/// What the columns mean.
enum ComparisonLegend {
  static func text(_ comparison: Comparison) -> String {
    let tolerance = Quantity.short(comparison.tolerance.value * 100, 3)
    let confidence = Quantity.short(comparison.confidence.value * 100, 3)
    let needed =
      comparison.rows.contains { $0.verdict == .inconclusive }
      ? " inconclusive: the interval lies on both sides of an end of the tolerance; more blocks or "
        + "longer trials narrow it." : ""
    return "ratio: by \(comparison.arms[0].label), of all trials (Hodges-Lehmann), with its "
      + "\(confidence) % interval. verdict: the whole interval against \(tolerance) %. "
      + "detects: the smallest change that four of five such runs would show." + needed
  }
}
