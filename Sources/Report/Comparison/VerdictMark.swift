internal import Judgement
internal import Ledger
internal import Measure
internal import Statistics

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
      self.init("better", "▲", "good", Series.Style(colour: 2, marker: 3))
    case .worse:
      self.init("worse", "▼", "bad", Series.Style(colour: 1, marker: 4))
    case .same:
      self.init("same", "●", "even", Series.Style(colour: 0, marker: 0))
    case .inconclusive:
      self.init("inconclusive", "◆", "doubtful", Series.Style(colour: 4, marker: 2))
    case .noInterval:
      self.init("no interval", "○", "open", Series.Style(colour: 7, marker: 0, isOpen: true))
    case .notComparable:
      self.init("not comparable", "✕", "doubtful", Series.Style(colour: 7, marker: 5))
    }
  }

  private init(_ word: String, _ symbol: String, _ kind: String, _ style: Series.Style) {
    self.word = word
    self.symbol = symbol
    self.kind = kind
    self.style = style
  }
}

/// The texts of a row, the same in the chart and in the table.
enum RowText {
  /// `0.951 [0.930, 0.972]`, or the bare ratio without an interval.
  static func ratio(_ row: ComparisonRow) -> String {
    guard let ratio = row.interval?.value ?? row.ratio else { return "–" }
    let interval = row.interval.map {
      " [\(Self.ratio($0.lower)), \(Self.ratio($0.upper))]"
    }
    return Self.ratio(ratio) + (interval ?? "")
  }

  /// Three digits after the point, and no more digits than that for large ratios.
  static func ratio(_ value: Double) -> String {
    value < 10 ? Quantity(value, .ratio).text : Quantity.digits(value)
  }

  static func value(_ side: ComparisonRow.Side, unit: String) -> String {
    guard let median = side.median else { return "–" }
    let sign =
      switch side.bound {
      case .atLeast: "≥ "
      case .atMost: "≤ "
      case nil: ""
      }
    return sign + Quantity(median, Quantity.Kind(unit: unit)).text
  }

  /// `5 pairs`, or the two sides' trials.
  static func trials(_ row: ComparisonRow) -> String {
    row.method == .paired && row.reference.n == row.subject.n
      ? "\(row.subject.n) pairs" : "\(row.reference.n), \(row.subject.n)"
  }

  static func isBetter(_ direction: MetricDefinition.Direction) -> String {
    switch direction {
    case .higher: "higher is better"
    case .lower: "lower is better"
    }
  }
}
