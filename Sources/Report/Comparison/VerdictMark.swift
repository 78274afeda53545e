internal import Judgement
internal import Measure

/// How a row's verdict looks: a word, a symbol, a colour and the marker of the forest plot.
///
/// Each alone tells it from the others.
struct VerdictMark: Hashable {
  var word: String
  var symbol: String
  /// The page's class.
  var kind: String
  var style: Series.Style

  init(_ verdict: ComparisonRow.Verdict) {
    switch verdict {
    case .better:
      self.init(verdict, "▲", "good", Series.Style(colour: 2, marker: 3))
    case .worse:
      self.init(verdict, "▼", "bad", Series.Style(colour: 1, marker: 4))
    case .same:
      self.init(verdict, "●", "even", Series.Style(colour: 0, marker: 0))
    case .inconclusive:
      self.init(verdict, "◆", "doubtful", Series.Style(colour: 4, marker: 2))
    case .noInterval:
      self.init(verdict, "○", "open", Series.Style(colour: 7, marker: 0, isOpen: true))
    case .notComparable:
      self.init(verdict, "✕", "doubtful", Series.Style(colour: 7, marker: 5))
    }
  }

  private init(
    _ verdict: ComparisonRow.Verdict, _ symbol: String, _ kind: String, _ style: Series.Style
  ) {
    word = verdict.words
    self.symbol = symbol
    self.kind = kind
    self.style = style
  }
}

/// The texts of a row, the same in the chart and in the table.
enum RowText {
  /// `0.951 [0.930, 0.972]`, or the bare ratio without an interval.
  static func ratio(_ row: ComparisonRow) -> String {
    guard let ratio = row.ratioText else { return "–" }
    let interval = row.intervalTexts.map { " [\($0.lower), \($0.upper)]" }
    return ComparisonTable.sign(row.ratioBound, false) + ratio + (interval ?? "")
  }

  static func isBetter(_ direction: MetricDefinition.Direction) -> String {
    switch direction {
    case .higher: "higher is better"
    case .lower: "lower is better"
    }
  }
}
