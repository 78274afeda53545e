extension Chart {
  /// How a chart is drawn.
  enum Form: Hashable, Sendable {
    /// Within a page that carries ``Palette/css(root:)`` and shows the title itself.
    case inline
    /// A file of its own, with title and style.
    case file
  }

  /// The chart as SVG; the same chart gives the same bytes.
  ///
  /// O(points).
  func svg(as form: Form) -> String {
    let layout = ChartLayout(self, showsTitle: form == .file)
    var writer = SVGWriter()
    writer.open(layout, form)
    writer.ground(layout)
    for series in series { writer.group(series, layout) }
    writer.names(layout)
    writer.out += "</svg>\n"
    return writer.out
  }
}

extension SVGWriter {
  fileprivate mutating func open(_ layout: ChartLayout, _ form: Chart.Form) {
    let chart = layout.chart
    let size = "\(Self.number(layout.width)) \(Self.number(layout.height))"
    // The name space is an identifier, nothing is fetched; HTML needs none.
    let space = form == .file ? " xmlns=\"http://www.w3.org/2000/svg\"" : ""
    out += "<svg\(space) class=\"chart\" viewBox=\"0 0 \(size)\" role=\"img\" "
    out += "aria-labelledby=\"\(chart.id)-t \(chart.id)-d\""
    if form == .inline { out += Self.axes(layout) }
    out += ">\n"
    out += "<title id=\"\(chart.id)-t\">\(Self.escaped(chart.title))</title>\n"
    out += "<desc id=\"\(chart.id)-d\">\(Self.escaped(chart.about))</desc>\n"
    if form == .file {
      out += "<style>\n\(Palette.css(root: "svg"))svg{background:var(--ground)}\n</style>\n"
    }
  }

  /// What a script needs to read numbers back from places: scale, kind and ends of both axes.
  private static func axes(_ layout: ChartLayout) -> String {
    func axis(_ name: String, _ map: AxisMap) -> String {
      let (scale, names): (String, [String]) =
        switch map.axis.scale {
        case .linear, .linearAroundData: ("linear", [])
        case .log10: ("log", [])
        case .percentile: ("percentile", [])
        case .categories(let names): ("names", names)
        case .rows(let rows): ("names", rows.map(\.name))
        }
      func attribute(_ suffix: String, _ texts: [String]) -> String {
        if texts.allSatisfy(\.isEmpty) { return "" }
        let list = texts.map { $0.replacing("|", with: "/") }.joined(separator: "|")
        return " data-\(name)-\(suffix)=\"\(escaped(list))\""
      }
      var texts: [String] = []
      if case .rows(let rows) = map.axis.scale { texts = rows.map(\.text) }
      let ends = "\(map.low) \(map.high) \(number(map.start)) \(number(map.end))"
      return " data-\(name)=\"\(scale) \(map.axis.kind.rawValue) \(ends)\""
        + attribute("names", names) + attribute("texts", texts)
    }
    return axis("x", layout.x) + axis("y", layout.y)
  }

  /// One series in a group of its own, so that it can be found and hidden as one.
  fileprivate mutating func group(_ series: Series, _ layout: ChartLayout) {
    let key = layout.names.firstIndex(of: series.name)
    let name = key.map { " data-k=\"\($0)\" data-n=\"\(Self.escaped(series.name))\"" } ?? ""
    out += "<g class=\"s\"\(name)\(Self.places(series.mark, layout))>\n"
    draw(series, layout)
    out += "</g>\n"
  }

  /// The places of what has no line to be read back from.
  private static func places(_ mark: Series.Mark, _ layout: ChartLayout) -> String {
    func fine(_ values: [Double?]) -> String? {
      let places = values.compactMap { $0.map(Self.fine) }
      return places.count == values.count ? places.joined(separator: " ") : nil
    }
    let places: [String?]
    var along = ""
    switch mark {
    case .line, .step, .path, .band, .cells: return ""
    case .scatter(let points):
      places = points.map { fine([layout.x.place($0.x), layout.y.place($0.y)]) }
    case .intervalsAlongX(let intervals):
      along = " data-i=\"x\""
      places = intervals.map {
        fine(
          [$0.estimate].map(layout.x.place) + [layout.y.place($0.at)]
            + [$0.low, $0.high].map(layout.x.place))
      }
    case .intervalsAlongY(let intervals):
      along = " data-i=\"y\""
      places = intervals.map {
        fine([layout.x.place($0.at)] + [$0.estimate, $0.low, $0.high].map(layout.y.place))
      }
    }
    return " data-p=\"" + places.compactMap(\.self).joined(separator: ";") + "\"" + along
  }

  fileprivate mutating func ground(_ layout: ChartLayout) {
    let plot = layout.plot
    for zone in layout.chart.zones {
      let axis = zone.on == .x ? layout.x : layout.y
      let ends = (
        zone.from.flatMap(axis.place) ?? axis.start, zone.to.flatMap(axis.place) ?? axis.end
      )
      let (low, high) = (min(ends.0, ends.1), max(ends.0, ends.1))
      let other = zone.on == .x ? layout.y : layout.x
      let sides = zone.along.flatMap { range -> (Double, Double)? in
        guard let one = other.place(range.lowerBound), let two = other.place(range.upperBound)
        else { return nil }
        return (min(one, two), max(one, two))
      }
      var box = plot
      if zone.on == .x {
        (box.left, box.right) = (max(low, plot.left), min(high, plot.right))
        if let sides { (box.top, box.bottom) = sides }
      } else {
        (box.top, box.bottom) = (max(low, plot.top), min(high, plot.bottom))
        if let sides { (box.left, box.right) = sides }
      }
      if box.left < box.right, box.top < box.bottom { rectangle(box, zone.meaning.rawValue) }
    }
    grid(layout)
    line(plot.left, plot.bottom, plot.right, plot.bottom, "axis")
    for limit in layout.chart.limits {
      let role = limit.isBinding ? "limit" : "ref"
      switch limit.on {
      case .x:
        if let at = layout.x.place(limit.at) { line(at, plot.top, at, plot.bottom, role) }
      case .y:
        if let at = layout.y.place(limit.at) { line(plot.left, at, plot.right, at, role) }
      }
    }
  }

  private mutating func grid(_ layout: ChartLayout) {
    // Fields are their own grid, and lines would strike out their numbers.
    if layout.chart.series.contains(where: \.mark.isCells) { return }
    let plot = layout.plot
    func rows(_ values: [Double]) -> String {
      values.compactMap(layout.y.place).map {
        "M\(Self.number(plot.left)) \(Self.number($0))H\(Self.number(plot.right))"
      }.joined()
    }
    func columns(_ values: [Double]) -> String {
      values.compactMap(layout.x.place).map {
        "M\(Self.number($0)) \(Self.number(plot.top))V\(Self.number(plot.bottom))"
      }.joined()
    }
    path(rows(layout.y.minor) + columns(layout.x.minor), "grid minor")
    path(rows(layout.y.ticks.map(\.value)) + columns(layout.x.ticks.map(\.value)), "grid")
  }

  private mutating func draw(_ series: Series, _ layout: ChartLayout) {
    func place(_ point: Point) -> (x: Double, y: Double)? {
      guard let x = layout.x.place(point.x), let y = layout.y.place(point.y) else { return nil }
      return (x, y)
    }
    let stroke = series.style.strokeClasses
    switch series.mark {
    case .line(let points): path(Self.polyline(points.map(place)), stroke)
    case .step(let points): path(Self.polyline(Self.stairs(points).map(place)), stroke)
    case .scatter(let points): markers(points.compactMap(place), series.style)
    case .path(let points):
      path(Self.polyline(points.map(place)), stroke)
      markers(points.compactMap(place), series.style)
    case .band(let spans):
      let high = spans.map { place(Point($0.x, $0.high)) }
      let low = spans.reversed().map { place(Point($0.x, $0.low)) }
      let outline = Self.polyline((high + low).filter { $0 != nil })
      path(outline.isEmpty ? "" : outline + "z", "b c\(series.style.colour)")
    case .intervalsAlongY(let intervals):
      for interval in intervals {
        let ends = [interval.low, interval.high].map { place(Point(interval.at, $0)) }
        whisker(ends, place(Point(interval.at, interval.estimate)), series.style, along: .y)
      }
    case .intervalsAlongX(let intervals):
      for interval in intervals {
        let ends = [interval.low, interval.high].map { place(Point($0, interval.at)) }
        whisker(ends, place(Point(interval.estimate, interval.at)), series.style, along: .x)
      }
    case .cells(let cells): for cell in cells { field(cell, layout) }
    }
  }

  private mutating func field(_ cell: Cell, _ layout: ChartLayout) {
    guard let left = layout.x.place(cell.at.x - 0.5), let right = layout.x.place(cell.at.x + 0.5),
      let top = layout.y.place(cell.at.y - 0.5), let bottom = layout.y.place(cell.at.y + 0.5)
    else { return }
    let box = Box(left: left + 1, top: top + 1, right: right - 1, bottom: bottom - 1)
    // At most 60 %: the number must stay readable on it, on light and on dark ground.
    let shade = Self.fine(0.04 + 0.56 * min(max(cell.share, 0), 1))
    rectangle(box, "cell", " fill-opacity=\"\(shade)\"")
    text(
      .init(
        TextMetrics.cut(cell.text, size: 11, to: right - left - 4), x: (left + right) / 2,
        baseline: (top + bottom) / 2 + 4, anchor: .middle, role: "name"))
  }

  private mutating func whisker(
    _ ends: [(x: Double, y: Double)?], _ middle: (x: Double, y: Double)?, _ style: Series.Style,
    along: Direction
  ) {
    let cap = along == .x ? (0.0, 4.0) : (4.0, 0.0)
    var places = ends
    for end in ends {
      guard let end else { continue }
      places += [nil, (end.x - cap.0, end.y - cap.1), (end.x + cap.0, end.y + cap.1)]
    }
    path(Self.polyline(places), "l c\(style.colour)")
    if let middle { markers([middle], style, size: 4) }
  }

  private mutating func markers(
    _ places: [(x: Double, y: Double)], _ style: Series.Style, size: Double = 3.2
  ) {
    let data = places.map { Self.marker(style.marker, $0.x, $0.y, size: size) }.joined()
    path(data, (style.marker == 5 ? "x" : style.isOpen ? "o" : "p") + " c\(style.colour)")
  }

  fileprivate mutating func names(_ layout: ChartLayout) {
    for placed in layout.texts where placed.key == nil { text(placed) }
    for key in layout.names.indices {
      let entries = layout.entries.filter { $0.key == key }
      let texts = layout.texts.filter { $0.key == key }
      guard !texts.isEmpty else { continue }
      out += "<g class=\"key\" data-k=\"\(key)\">\n"
      for leader in layout.leaders where leader.key == key {
        line(leader.from.x, leader.from.y, leader.to.x, leader.to.y, "lead")
      }
      for entry in entries { sample(entry) }
      for placed in texts { text(placed) }
      out += "</g>\n"
    }
  }

  private mutating func sample(_ entry: ChartLayout.Entry) {
    let (left, right) = (entry.x, entry.x + 22)
    switch entry.mark {
    case .line, .step, .path:
      line(left, entry.middle, right, entry.middle, entry.style.sampleClasses)
    case .band:
      rectangle(
        Box(left: left, top: entry.middle - 5, right: right, bottom: entry.middle + 5),
        "b c\(entry.style.colour)")
    case .scatter, .intervalsAlongX, .intervalsAlongY, .cells: break
    }
    switch entry.mark {
    case .line, .step, .band, .cells: break
    case .path, .scatter, .intervalsAlongX, .intervalsAlongY:
      markers([(left + 11, entry.middle)], entry.style)
    }
  }

  /// The corners of a stair through points.
  private static func stairs(_ points: [Point]) -> [Point] {
    var result: [Point] = []
    for point in points {
      if let last = result.last, last.y.isFinite, point.x.isFinite {
        result.append(Point(point.x, last.y))
      }
      result.append(point)
    }
    return result
  }
}

extension Series.Style {
  var sampleClasses: String { "l c\(colour)" + (dash == 0 ? "" : " d\(dash)") }
  var strokeClasses: String { sampleClasses + (isThin ? " thin" : "") }
}
