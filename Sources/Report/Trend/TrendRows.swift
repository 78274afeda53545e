public import Judgement
internal import Ledger
internal import Measure
internal import Statistics

/// A history in words: what every form of it shows.
struct TrendRows {
  let series: Trend.Series
  let ascii: Bool

  /// `scenario: case`.
  var title: String { "\(series.scenario): \(series.key)" }

  /// `84.1k`, in the metric's unit.
  func text(_ value: Double) -> String {
    Quantity(MetricValue(value, series.unit)).text(ascii: ascii)
  }

  /// How many records there are, and when.
  var span: String {
    let days = [series.points.first, series.points.last].map { $0?.startedAt.prefix(10) ?? "" }
    let when = days[0] == days[1] ? "\(days[0])" : "\(days[0]) to \(days[1])"
    return "\(counted(series.points.count, "record")), \(when)"
  }

  /// The last value.
  var last: String { series.points.last.map { text($0.value) } ?? "-" }

  /// A change, or the start of a stretch that cannot be compared with what came before.
  struct Event: Hashable {
    var startedAt: String
    /// `WORSE`, `better`, `acknowledged`, `break`.
    var word: String
    var relative: String
    var levels: String
    /// The first record of the new level.
    var record: String
    var about: String
  }

  /// Changes and breaks, in order of time.
  var events: [Event] {
    let arrow = ascii ? " -> " : " → "
    let changes = series.changes.map { change in
      let word =
        change.acknowledged != nil ? "acknowledged" : change.isBetter ? "better" : "WORSE"
      let seen = change.voters.map(\.rawValue).joined(separator: ", ")
      let about =
        change.acknowledged.map { "\($0.reason) (\($0.by), \($0.at.prefix(10)))" }
        ?? "seen by \(seen); before it \(change.before)"
      return Event(
        startedAt: change.startedAt, word: word,
        relative: change.relative.map { Self.percent($0) } ?? "",
        levels: text(change.from) + arrow + text(change.to), record: change.after, about: about)
    }
    let acknowledged = Set(series.changes.filter { $0.acknowledged != nil }.map(\.segment))
    let breaks = series.segments.indices.compactMap { segment -> Event? in
      guard let reason = series.segments[segment].reason, !acknowledged.contains(segment),
        let first = series.points.first(where: { $0.segment == segment })
      else { return nil }
      return Event(
        startedAt: first.startedAt, word: "break", relative: "", levels: "",
        record: first.record, about: ascii ? reason : reason.replacing(" -> ", with: " → "))
    }
    return (changes + breaks).sorted { $0.startedAt < $1.startedAt }
  }

  private static func percent(_ change: Fraction) -> String {
    let hundredths = change.value * 100
    return (hundredths > 0 ? "+" : "") + Quantity.fixed(hundredths, 1) + " %"
  }
}

/// A history as text.
public enum TrendText {
  /// For a terminal: a line a series, below it its changes.
  public static func terminal(_ trend: Trend, unicode: Bool) -> String {
    var lines: [String] = []
    var title = ""
    for series in trend.series {
      let rows = TrendRows(series: series, ascii: !unicode)
      if rows.title != title { lines.append(rows.title) }
      title = rows.title
      lines.append("  \(padded(series.metric, 18)) \(padded(rows.last, 12)) \(rows.span)")
      for event in rows.events {
        let what = [event.relative, event.levels].filter { !$0.isEmpty }.joined(separator: ", ")
        lines.append(
          "    \(event.startedAt.prefix(10))  \(padded(event.word, 12)) "
            + (what.isEmpty ? "" : what + "; ") + "since \(event.record)")
        lines.append("    " + String(repeating: " ", count: 25) + event.about)
      }
    }
    let open = trend.series.flatMap(\.changes).filter { $0.acknowledged == nil }
    let worse = open.count { !$0.isBetter }
    lines.append(
      "\(trend.records) records, \(trend.series.count) series: \(worse) worse, "
        + "\(open.count - worse) better, not acknowledged")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }

  /// As a table of changes in Markdown (GitHub's), of at most `most` bytes.
  public static func markdown(_ trend: Trend, most: Int = 60_000) -> String {
    var text = MarkdownText(most: most)
    let changed = trend.series.map { TrendRows(series: $0, ascii: false) }
      .filter { !$0.events.isEmpty }
    text += "## Trend\n\n\(trend.records) records, \(trend.series.count) series, "
    text += "\(changed.count) with events.\n"
    guard !changed.isEmpty else { return text.text }
    text += "\n"
    text += MarkdownText.head(
      ["case", "metric", "when", "what", "change", "levels", "since", "about"], words: 8)
    let rows = changed.flatMap { rows in
      rows.events.map { event in
        MarkdownText.row([
          rows.title, rows.series.metric, String(event.startedAt.prefix(10)), event.word,
          event.relative, event.levels, event.record, event.about,
        ])
      }
    }
    text.append(rows, of: "changes", elsewhere: "`assay trend --format html`")
    return text.text
  }

  /// Every point as CSV (RFC 4180), in base units.
  public static func csv(_ trend: Trend) -> String {
    var text =
      "scenario,system,workload,point,metric,unit,record,started_at,value,trials,segment,change\r\n"
    for series in trend.series {
      let changes = Dictionary(
        series.changes.map { ($0.after, $0.isBetter ? "better" : "worse") },
        uniquingKeysWith: { first, _ in first })
      for point in series.points {
        let cells = [
          series.scenario, series.key.system, series.key.workload,
          series.key.point.joined(separator: " "), series.metric, series.unit, point.record,
          point.startedAt, CSVText.number(point.value), "\(point.trials)", "\(point.segment + 1)",
          changes[point.record] ?? "",
        ]
        text += CSVText.row(cells)
      }
    }
    return text
  }
}
