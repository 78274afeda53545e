public import Judgement
internal import Ledger
internal import Measure
internal import Mustache

/// The page of a history: a chart a series with its changes and breaks, and a table of these.
public struct TrendPage: Sendable {
  private let library: MustacheLibrary

  /// The most series that are drawn, those with events first; the table has all.
  static let charts = 60
  /// The last points of a series that are drawn.
  static let points = 400

  /// Parses the templates; throws where one is broken, which a test rules out.
  public init() throws { library = try PageFrame.library(["trend": Self.template]) }

  /// The page; the same history gives the same bytes.
  public func render(_ trend: Trend, results: String, version: String) -> String {
    let rows = trend.series.map { TrendRows(series: $0, ascii: false) }
    let drawn = rows.filter { !$0.events.isEmpty } + rows.filter { $0.events.isEmpty }
    let events = rows.flatMap { row in
      row.events.map { event in
        [
          "case": row.title, "metric": row.series.metric,
          "when": String(event.startedAt.prefix(10)),
          "word": event.word, "relative": event.relative, "levels": event.levels,
          "record": event.record, "about": event.about,
        ]
      }
    }
    var model = PageFrame.model(title: "Trend", version: version)
    model["results"] = results
    model["count"] = "\(trend.records) records, \(trend.series.count) series"
    model["hasEvents"] = !events.isEmpty
    model["events"] = events
    model["charts"] = drawn.prefix(Self.charts).enumerated().map { index, row in
      let chart = TrendChart.of(row, id: "trend-\(index)")
      return ["title": chart.title, "svg": chart.svg(as: .inline)]
    }
    model["series"] = rows.map {
      ["case": $0.title, "metric": $0.series.metric, "last": $0.last, "span": $0.span]
    }
    return library.render(model, withTemplate: "trend") ?? ""
  }

  private static let template = """
    {{>head}}
    <header>
    <p class="kind">History</p>
    <h1>Trend</h1>
    <dl class="facts"><div><dt>results</dt><dd>{{results}}</dd></div>\
    <div><dt>found</dt><dd>{{count}}</dd></div></dl>
    </header>
    <main>
    <section id="changes"><h2>Changes and breaks</h2>
    {{^hasEvents}}<p>None.</p>{{/hasEvents}}
    {{#hasEvents}}<div class="wide"><table class="plain words"><thead><tr><th>case</th>\
    <th>metric</th><th>when</th><th>what</th><th>change</th><th>levels</th><th>since</th>\
    <th>about</th></tr></thead><tbody>
    {{#events}}<tr><th>{{case}}</th><td class="line">{{metric}}</td>\
    <td class="line">{{when}}</td><td class="line">{{word}}</td>\
    <td class="line">{{relative}}</td><td class="line">{{levels}}</td><td>{{record}}</td>\
    <td>{{about}}</td></tr>
    {{/events}}</tbody></table></div>{{/hasEvents}}
    <p class="foot">A point is the median over the valid trials of a record. A change is one that \
    two of three methods see (E-divisive means, optimal partitioning by medians, rank test); \
    stretches of another machine or disclosure are never compared.</p>
    </section>
    <section class="workload"><h2>Histories</h2><div class="charts">
    {{#charts}}<figure><figcaption>{{title}}</figcaption>
    {{{svg}}}</figure>
    {{/charts}}</div></section>
    <section id="series"><h2>Series</h2><div class="wide"><table class="plain words"><thead><tr>\
    <th>case</th><th>metric</th><th>last</th><th>records</th></tr></thead><tbody>
    {{#series}}<tr><th>{{case}}</th><td class="line">{{metric}}</td><td>{{last}}</td>\
    <td>{{span}}</td></tr>
    {{/series}}</tbody></table></div></section>
    </main>
    {{>foot}}
    """
}

/// A history as a chart: a line a segment, a vertical line a change.
enum TrendChart {
  static func of(_ rows: TrendRows, id: String) -> Chart {
    let series = rows.series
    let first = max(series.points.count - TrendPage.points, 0)
    let shown = series.points.indices.dropFirst(first)
    let used = Set(shown.map { series.points[$0].segment }).sorted()
    let lines = used.map { segment in
      let points = shown.filter { series.points[$0].segment == segment }
        .map { Point(Double($0 + 1), series.points[$0].value) }
      let name = series.segments[segment].fingerprint ?? "unknown machine"
      return Series(used.count == 1 ? series.metric : name, .path(points), .number(segment))
    }
    let title = "\(rows.title), \(series.metric)"
    let changes = series.changes.count
    var chart = Chart(
      id: id, title: title,
      about: "\(series.metric) of \(rows.title) over \(rows.span); "
        + "\(counted(changes, "change")) of level",
      x: Axis("record, by start", .linearAroundData, .count),
      y: Axis(series.metric, .linearAroundData, Quantity.Kind(unit: series.unit)), series: lines)
    let places = Dictionary(
      series.points.enumerated().map { ($0.element.record, $0.offset) },
      uniquingKeysWith: { _, later in later })
    chart.limits = rows.events.compactMap { event in
      guard let place = places[event.record], place >= first else { return nil }
      let label = [event.word, event.relative].filter { !$0.isEmpty }.joined(separator: " ")
      return LimitLine(on: .x, at: Double(place) + 0.5, label: label)
    }
    return chart
  }
}
