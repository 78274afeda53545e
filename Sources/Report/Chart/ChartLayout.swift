/// Where everything of a chart stands on paper: all collisions are settled here.
struct ChartLayout {
  static let rowHeight = 16.0

  /// A sample of a series with its name.
  struct Entry {
    var style: Series.Style
    var mark: Series.Mark
    var x: Double
    var middle: Double
    /// Which name it is a sample of.
    var key: Int
  }

  /// A thin line from a line's end to its name.
  struct Leader {
    var from: (x: Double, y: Double)
    var to: (x: Double, y: Double)
    var key: Int
  }

  let chart: Chart
  var width: Double { chart.width }
  /// Names of series, each once: a series' place here is its key on the page.
  let names: [String]
  private(set) var height = 0.0
  private(set) var plot = Box(left: 0, top: 0, right: 0, bottom: 0)
  private(set) var x: AxisMap
  private(set) var y: AxisMap
  private(set) var texts: [PlacedText] = []
  private(set) var entries: [Entry] = []
  private(set) var leaders: [Leader] = []

  /// Settles a chart.
  ///
  /// O(points + names²).
  init(_ chart: Chart, showsTitle: Bool) {
    self.chart = chart
    names = chart.series.reduce(into: []) {
      if !$1.name.isEmpty, !$0.contains($1.name) { $0.append($1.name) }
    }
    let (alongX, alongY) = Self.values(of: chart)
    let top = (showsTitle ? 24.0 : 4) + 18
    // A first fit tells how wide the names of the vertical axis are.
    var y = AxisMap(chart.y, values: alongY, start: chart.plotHeight, end: 0, most: 6)
    if chart.y.scale.runsDown {
      y = AxisMap(chart.y, values: alongY, start: 0, end: chart.plotHeight, most: 6)
    }
    let left = Self.left(chart, y.ticks)
    let rough = AxisMap(chart.x, values: alongX, start: 0, end: 1, most: 8)
    let direct = Self.directNames(chart, rough, y)
    let widest = direct.map { min(TextMetrics.width($0.name, size: 11), 170) }.max() ?? 0
    let margin = max(direct.isEmpty ? 20 : widest + 26, Self.rowTexts(chart))
    let right = chart.width - margin
    x = AxisMap(chart.x, values: alongX, start: left, end: right, most: direct.isEmpty ? 8 : 7)
    self.y = y
    var rows = 0
    if direct.isEmpty, chart.names != .hidden {
      rows = placeLegend(left: left, right: chart.width - 8, top: top)
    }
    let plotTop = top + Double(rows) * Self.rowHeight + (rows > 0 ? 8 : 2)
    plot = Box(left: left, top: plotTop, right: right, bottom: plotTop + chart.plotHeight)
    let ends = chart.y.scale.runsDown ? (plot.top, plot.bottom) : (plot.bottom, plot.top)
    self.y = AxisMap(chart.y, values: alongY, start: ends.0, end: ends.1, most: 6)
    height = plot.bottom + 40
    if showsTitle {
      texts.append(
        .init(
          TextMetrics.cut(chart.title, size: 14, to: chart.width - 16), x: 8, baseline: 18,
          size: 14, role: "title"))
    }
    texts.append(.init(chart.y.title, x: 8, baseline: top - 6))
    texts.append(.init(chart.x.title, x: right, baseline: height - 6, anchor: .end))
    placeTicks()
    placeDirectNames(direct)
    placeLimits()
    placeNotes()
  }

  /// Whether `box` is free of other texts.
  private func isFree(_ box: Box) -> Bool { !texts.contains { $0.box.overlaps(box) } }

  private mutating func placeTicks() {
    for tick in x.ticks {
      guard let at = x.place(tick.value) else { continue }
      var text = PlacedText(tick.label, x: at, baseline: plot.bottom + 16, anchor: .middle)
      if text.box.right > chart.width - 2 {
        text.anchor = .end
        text.x = chart.width - 2
      }
      let box = text.box
      if isFree(Box(left: box.left - 6, top: box.top, right: box.right + 6, bottom: box.bottom)) {
        texts.append(text)
      }
    }
    if case .rows(let rows) = chart.y.scale { return placeRows(rows) }
    for tick in y.ticks {
      guard let at = y.place(tick.value) else { continue }
      let name = TextMetrics.cut(tick.label, size: 11, to: plot.left - 8)
      let text = PlacedText(name, x: plot.left - 6, baseline: at + 4, anchor: .end)
      if isFree(text.box) { texts.append(text) }
    }
  }

  /// Names of rows at the left, headings over the whole width, texts at the right.
  private mutating func placeRows(_ rows: [Row]) {
    for (index, row) in rows.enumerated() {
      guard let at = y.place(Double(index)) else { continue }
      let room = row.isHeading ? chart.width - 16 : plot.left - 22
      let name = TextMetrics.cut(row.name, size: 11, to: room)
      texts.append(
        .init(
          name, x: row.isHeading ? 8 : 16, baseline: at + 4, role: row.isHeading ? "head" : "name"))
      guard !row.text.isEmpty else { continue }
      texts.append(.init(row.text, x: plot.right + 12, baseline: at + 4))
    }
  }

  /// The legend in rows above the plot; gives the number of rows.
  private mutating func placeLegend(left: Double, right: Double, top: Double) -> Int {
    // A line tells more of its name than the band around it does.
    let named = names.compactMap { name in
      chart.series.first { $0.name == name && !$0.mark.isBand }
        ?? chart.series.first { $0.name == name }
    }
    guard named.count > 1 || (chart.names == .legend && !named.isEmpty) else { return 0 }
    var at = left
    var row = 0
    for (key, series) in named.enumerated() {
      let name = TextMetrics.cut(series.name, size: 11, to: right - left - 34)
      let room = 30 + TextMetrics.width(name, size: 11)
      if at > left, at + room > right {
        at = left
        row += 1
      }
      let middle = top + 4 + Double(row) * Self.rowHeight
      entries.append(
        Entry(style: series.style, mark: series.mark, x: at, middle: middle, key: key))
      texts.append(.init(name, x: at + 28, baseline: middle + 4, role: "name", key: key))
      at += room + 14
    }
    return row + 1
  }

  private mutating func placeDirectNames(_ direct: [(name: String, at: Point)]) {
    var places = direct.compactMap { entry -> (name: String, x: Double, y: Double)? in
      guard let x = x.place(entry.at.x), let y = y.place(entry.at.y) else { return nil }
      return (entry.name, x, y)
    }
    places.sort { ($0.y, $0.name) < ($1.y, $1.name) }
    let rows = Self.spread(places.map(\.y), to: plot.bottom)
    for (place, row) in zip(places, rows) {
      let key = names.firstIndex(of: place.name) ?? 0
      let name = TextMetrics.cut(place.name, size: 11, to: chart.width - plot.right - 22)
      texts.append(.init(name, x: plot.right + 16, baseline: row + 4, role: "name", key: key))
      leaders.append(
        Leader(from: (place.x + 2, place.y), to: (plot.right + 13, row), key: key))
    }
  }

  private mutating func placeLimits() {
    for limit in chart.limits where !limit.label.isEmpty {
      let name = TextMetrics.cut(limit.label, size: 11, to: (plot.right - plot.left) / 2)
      var tries: [PlacedText] = []
      switch limit.on {
      case .y:
        guard let at = y.place(limit.at) else { continue }
        tries = [(plot.right - 4, PlacedText.Anchor.end), (plot.left + 4, .start)].flatMap { edge in
          [at - 4, at + 12].map { .init(name, x: edge.0, baseline: $0, anchor: edge.1) }
        }
      case .x:
        guard let at = x.place(limit.at) else { continue }
        tries = [(at + 4, PlacedText.Anchor.start), (at - 4, .end)].flatMap { edge in
          [plot.top + 12, plot.bottom - 5].map {
            .init(name, x: edge.0, baseline: $0, anchor: edge.1)
          }
        }
      }
      for index in tries.indices { tries[index].role = limit.isBinding ? "limit-name" : "" }
      // A label that another line strikes out is better than none.
      placeFirst(of: tries.filter { !isStruck($0.box) } + tries.filter { isStruck($0.box) })
    }
  }

  /// Whether the line of a limit runs through `box`.
  private func isStruck(_ box: Box) -> Bool {
    chart.limits.contains { limit in
      switch limit.on {
      case .x: x.place(limit.at).map { box.left < $0 && $0 < box.right } == true
      case .y: y.place(limit.at).map { box.top < $0 && $0 < box.bottom } == true
      }
    }
  }

  private mutating func placeNotes() {
    for note in chart.notes {
      guard let x = x.place(note.at.x), let y = y.place(note.at.y) else { continue }
      placeFirst(of: [
        .init(note.text, x: x, baseline: y - 7, anchor: .middle),
        .init(note.text, x: x, baseline: y + 15, anchor: .middle),
        .init(note.text, x: x + 7, baseline: y + 4),
        .init(note.text, x: x - 7, baseline: y + 4, anchor: .end),
      ])
    }
  }

  /// Keeps the first text that lies within the plot and on no other text; drops it if none does.
  private mutating func placeFirst(of tries: [PlacedText]) {
    if let text = tries.first(where: { plot.contains($0.box) && isFree($0.box) }) {
      texts.append(text)
    }
  }
}

extension ChartLayout {
  /// All numbers along both axes that must fit.
  private static func values(of chart: Chart) -> (x: [Double], y: [Double]) {
    var x: [Double] = []
    var y: [Double] = []
    for series in chart.series {
      switch series.mark {
      case .line(let points), .step(let points), .scatter(let points), .path(let points):
        x += points.map(\.x)
        y += points.map(\.y)
      case .band(let spans):
        x += spans.map(\.x)
        y += spans.flatMap { [$0.low, $0.high] }
      case .intervalsAlongY(let intervals):
        x += intervals.map(\.at)
        y += intervals.flatMap { [$0.low, $0.estimate, $0.high] }
      case .intervalsAlongX(let intervals):
        x += intervals.flatMap { [$0.low, $0.estimate, $0.high] }
        y += intervals.map(\.at)
      case .cells(let cells):
        x += cells.map(\.at.x)
        y += cells.map(\.at.y)
      }
    }
    for limit in chart.limits {
      if limit.on == .x { x.append(limit.at) } else { y.append(limit.at) }
    }
    return (x, y)
  }

  /// Room for the names of the vertical axis.
  private static func left(_ chart: Chart, _ ticks: [AxisMap.Tick]) -> Double {
    var names = ticks.map(\.label)
    var indent = 10.0
    if case .rows(let rows) = chart.y.scale {
      names = rows.filter { !$0.isHeading }.map(\.name)
      indent = 34
    }
    let widest = names.map { TextMetrics.width($0, size: 11) }.max() ?? 0
    return min(max(widest + indent, 44), chart.width * 0.4)
  }

  /// Room for the texts at the right of rows.
  private static func rowTexts(_ chart: Chart) -> Double {
    guard case .rows(let rows) = chart.y.scale else { return 0 }
    let widest = rows.map { TextMetrics.width($0.text, size: 11) }.max() ?? 0
    return widest == 0 ? 0 : widest + 16
  }

  private static let nameGap = 13.0
  /// How far a name may stand from the end of its line before a legend reads better.
  private static let farthestName = 22.0

  /// Moves sorted places apart so that names fit, none below `floor`.
  private static func spread(_ places: [Double], to floor: Double) -> [Double] {
    var rows = places
    for index in rows.indices.dropFirst() {
      rows[index] = max(rows[index], rows[index - 1] + nameGap)
    }
    var floor = floor
    for index in rows.indices.reversed() {
      rows[index] = min(rows[index], floor)
      floor = rows[index] - nameGap
    }
    return rows
  }

  /// Names with the ends of their lines, where all ends lie at the right edge and have room.
  private static func directNames(
    _ chart: Chart, _ x: AxisMap, _ y: AxisMap
  ) -> [(name: String, at: Point)] {
    guard chart.names == .automatic else { return [] }
    var result: [(name: String, at: Point)] = []
    for series in chart.series where !series.name.isEmpty {
      if series.mark.isBand { continue }
      guard let points = series.mark.points,
        let end = points.last(where: {
          x.share($0.x) != nil && AxisMap.scaled($0.y, chart.y.scale) != nil
        }),
        let share = x.share(end.x), share > 0.93,
        !result.contains(where: { $0.name == series.name })
      else { return [] }
      result.append((series.name, end))
    }
    guard result.count > 1, Double(result.count) * nameGap < chart.plotHeight else { return [] }
    let places = result.compactMap { y.place($0.at.y) }.sorted()
    let rows = spread(places, to: chart.plotHeight)
    return zip(places, rows).allSatisfy { abs($0 - $1) <= farthestName } ? result : []
  }
}

extension Series.Mark {
  /// The points of lines; nil for what has no line.
  var points: [Point]? {
    switch self {
    case .line(let points), .step(let points), .path(let points): points
    case .scatter, .band, .intervalsAlongX, .intervalsAlongY, .cells: nil
    }
  }

  var isBand: Bool {
    if case .band = self { true } else { false }
  }

  var isCells: Bool {
    if case .cells = self { true } else { false }
  }
}

extension Axis.Scale {
  /// Whether its first place lies at the top.
  var runsDown: Bool {
    switch self {
    case .categories, .rows: true
    case .linear, .linearAroundData, .log10, .percentile: false
    }
  }
}
