internal import Ledger
internal import Measure

/// One workload: its cases side by side, with the charts that show them.
struct WorkloadFigures: Sendable {
  /// The workload's name in the scenario.
  var name: String
  /// Its cases in order of their first trial.
  var cases: [CaseFigures]
  /// Most points of one line over time.
  var pointsPerLine: Int
  /// The cases of the design: all but searches of a maximum.
  let measured: [CaseFigures]
  /// What they count.
  let counted: CountedEvents
  /// Systems in order of their first trial.
  let systems: [String]
  /// Points of the sweep in order of their first trial.
  let points: [[String]]

  /// The most lines of one chart; beyond it people cannot tell them apart.
  static let linesPerChart = 8
  /// Points of a band between two nines: two edges take twice the room of a line.
  private static let bandPointsPerNine = 12
  /// Points of all lines over time on a page: about 11 bytes each, so that it stays below 1 MB.
  private static let pointsPerPage = 20_000

  /// Groups cases by workload in order of their first trial.
  static func all(of cases: [CaseFigures]) -> [WorkloadFigures] {
    var order: [String] = []
    for figures in cases where !order.contains(figures.key.workload) {
      order.append(figures.key.workload)
    }
    let points = min(1000, max(60, pointsPerPage / max(2 * cases.count, 1)))
    return order.map { name in
      WorkloadFigures(name, cases.filter { $0.key.workload == name }, pointsPerLine: points)
    }
  }

  private init(_ name: String, _ cases: [CaseFigures], pointsPerLine: Int) {
    self.name = name
    self.cases = cases
    self.pointsPerLine = pointsPerLine
    measured = cases.filter { !$0.findsMaximum }
    counted = CountedEvents(cases)
    systems = cases.map(\.key.system).uniqued()
    points = measured.map(\.key.point).uniqued()
  }

  /// What tells a case from the others of its workload.
  func label(_ key: CaseKey) -> String {
    let point = key.point.joined(separator: ", ")
    if points.count < 2 { return key.system }
    return systems.count < 2 ? point : key.system + " · " + point
  }

  /// The label of a case in a table.
  func name(of figures: CaseFigures) -> String {
    guard figures.findsMaximum else { return label(figures.key) }
    return systems.count < 2 ? "maximum" : figures.key.system + " · maximum"
  }

  /// Points of the sweep that share a chart.
  private var groups: [[CaseFigures]] {
    let perGroup = max(1, Self.linesPerChart / max(systems.count, 1))
    var order = measured
    order.sort { left, right in
      (points.firstIndex(of: left.key.point) ?? 0) < (points.firstIndex(of: right.key.point) ?? 0)
    }
    let groups = stride(from: 0, to: points.count, by: perGroup).map { start in
      let shown = points[start..<min(start + perGroup, points.count)]
      return order.filter { shown.contains($0.key.point) }
    }
    // More systems than lines: cut those too.
    return groups.flatMap { group in
      stride(from: 0, to: group.count, by: Self.linesPerChart).map {
        Array(group[$0..<min($0 + Self.linesPerChart, group.count)])
      }
    }
  }

  /// Colour by the point of the sweep and dash by system, or colour alone where one varies.
  func style(_ key: CaseKey, in group: [CaseFigures]) -> Series.Style {
    let system = systems.firstIndex(of: key.system) ?? 0
    let shown = group.map(\.key.point).uniqued()
    let point = shown.firstIndex(of: key.point) ?? 0
    if shown.count < 2 { return Series.Style(colour: system, marker: system) }
    if systems.count < 2 { return Series.Style(colour: point, marker: point) }
    return Series.Style(colour: point, dash: system, marker: system)
  }

  /// The name of a chart that no other on the page has.
  func id(_ kind: String, _ number: Int) -> String {
    let safe = "\(name)-\(kind)".map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    return String(safe) + (number == 0 ? "" : "-\(number + 1)")
  }
}

// MARK: - Charts

extension WorkloadFigures {
  /// All charts of the workload.
  var charts: [Chart] {
    var charts: [Chart] = []
    if let chart = latencyAgainstLoad { charts.append(chart) }
    charts += heatMaps + steadyStates
    for (number, group) in groups.enumerated() {
      let directions = Self.directions(of: group)
      for direction in directions {
        let chart = percentiles(
          group, direction, alone: directions.filter { $0 != "sync" }.count == 1, number)
        if let chart { charts.append(chart) }
      }
      charts += overTime(group, number) + simulatedSeries(group, number)
    }
    if let chart = trialsInOrder { charts.append(chart) }
    return charts
  }

  private static func directions(of group: [CaseFigures]) -> [String] {
    (CaseFigures.directions + CaseFigures.simulated + ["sync"]).filter { direction in
      group.contains { figures in
        figures.valid.contains { ($0.distributions[direction + " latency"]?.count ?? 0) > 0 }
      }
    }
  }

  private func percentiles(
    _ group: [CaseFigures], _ direction: String, alone: Bool, _ number: Int
  ) -> Chart? {
    var bands: [Series] = []
    var lines: [Series] = []
    for figures in group {
      let trials = figures.valid.compactMap { $0.distributions[direction + " latency"] }
      let merged = trials.reduce(into: LatencyDistribution()) { $0.merge($1) }
      let points = PercentileCurve.points(of: merged)
      guard points.count > 1 else { continue }
      let (name, style) = (label(figures.key), style(figures.key, in: group))
      lines.append(Series(name, .line(points), style))
      let band = PercentileCurve.band(of: trials, perNine: Self.bandPointsPerNine)
      if !band.isEmpty { bands.append(Series(name, .band(band), style)) }
    }
    guard !lines.isEmpty else { return nil }
    let spans = bands.isEmpty ? "" : " Bands span the curves of single trials."
    let what = alone && direction != "sync" ? "Latency" : direction.capitalised + " latency"
    return Chart(
      id: id("percentiles-" + direction, number), title: "\(what) by percentile",
      about: "\(what) of \(name) at each percentile, all valid trials of a case together. "
        + "Curves end where fewer than \(PercentileCurve.least) observations lie beyond." + spans,
      x: Axis("percentile of \(counted.noun)", .percentile, .count),
      y: Axis(what.lowercased(), .log10, .time),
      series: bands + lines)
  }

  /// I/Os per second and the longest latency of each second, trials end to end.
  private func overTime(_ group: [CaseFigures], _ number: Int) -> [Chart] {
    func lines(
      withRemnant: Bool, _ value: (ReportInput.Trial, Int) -> Double
    ) -> [Series] {
      group.compactMap { figures in
        var points: [Point] = []
        var start = 0.0
        for trial in figures.trials where !trial.series.isEmpty {
          if !points.isEmpty { points.append(.gap) }
          let count = trial.series.count - (!withRemnant && Self.endsInRemnant(trial) ? 1 : 0)
          for (index, row) in trial.series.prefix(count).enumerated() {
            points.append(Point(start + Double(row.second), value(trial, index)))
          }
          start += Double((trial.series.last?.second ?? 0) + 1)
        }
        // Trials of a second are points without a line; the chart of trials has them.
        let hasLine = zip(points, points.dropFirst()).contains { $0.y.isFinite && $1.y.isFinite }
        guard hasLine else { return nil }
        return Series(
          label(figures.key), .line(Downsample.envelope(points, most: pointsPerLine)),
          style(figures.key, in: group).thinner)
      }
    }
    let rates = lines(withRemnant: false) { trial, index in Self.ios(trial.series[index]) }
    let longest = lines(withRemnant: true) { trial, index in
      Double(trial.series[index].maxLatencyNs)
    }
    guard !rates.isEmpty else { return [] }
    let x = Axis("measured time of the case, trials end to end", .linear, .elapsed)
    var completed = Chart(
      id: id("iops", number), title: "\(counted.noun.capitalised) completed in each second",
      about:
        "\(counted.rate.capitalised) of \(name) over measured time; the trials of a case "
        + "follow each other.",
      x: x, y: Axis(counted.rate, Self.scale(for: rates), .rate), series: rates)
    addCeilings(of: group, on: .y, to: &completed)
    return [
      completed,
      Chart(
        id: id("longest", number), title: "Longest latency of each second",
        about: "The longest latency of each second of \(name), all trials of a case in order.",
        x: x, y: Axis("longest latency", .log10, .time), series: longest),
    ]
  }

  private static func ios(_ row: SeriesRow) -> Double {
    Double(row.readIOs + row.writeIOs + row.trimIOs)
  }

  /// Whether the last row is less than a second long: as a rate it would look like a fall.
  private static func endsInRemnant(_ trial: ReportInput.Trial) -> Bool {
    guard trial.series.count > 1, let last = trial.series.last,
      let elapsed = trial.record.detail["elapsed"]?.number
    else { return false }
    let end = elapsed / 1e9
    return end > Double(last.second) && end < Double(last.second) + 0.95
  }

  /// In proportion; logarithmic where cases lie more than a factor of 30 apart.
  static func scale(for series: [Series]) -> Axis.Scale {
    let tops = series.compactMap { $0.mark.points?.map(\.y).filter(\.isFinite).max() }
    guard let least = tops.min(), let largest = tops.max(), least > 0, largest > 30 * least
    else { return .linear }
    return .log10
  }

  /// One marker a trial in executed order: drift shows as a slope, an outlier as itself.
  private var trialsInOrder: Chart? {
    let cases = measured
    guard cases.contains(where: { $0.valid.count > 1 }), cases.count <= 16 else { return nil }
    let order = cases.flatMap(\.trials).map(\.record).sorted {
      ($0.startedAt, $0.id) < ($1.startedAt, $1.id)
    }
    var places: [String: Double] = [:]
    for (index, trial) in order.enumerated() { places[trial.id] = Double(index + 1) }
    let series = cases.enumerated().compactMap { index, figures -> Series? in
      let points = figures.valid.compactMap { trial -> Point? in
        guard let place = places[trial.record.id],
          let value = trial.record.metric("iops") ?? trial.record.metric("message rate")
            ?? trial.record.metric("api request rate")
        else { return nil }
        return Point(place, value.value)
      }
      let style =
        cases.count <= Self.linesPerChart ? style(figures.key, in: cases) : .number(index)
      return points.isEmpty ? nil : Series(label(figures.key), .path(points), style)
    }
    guard !series.isEmpty else { return nil }
    var chart = Chart(
      id: id("trials", 0), title: "\(counted.rate.capitalised) of each trial in executed order",
      about: "One marker a valid trial of \(name), in the order in which they ran.",
      x: Axis("trial of this workload", .linearAroundData, .count),
      y: Axis(counted.rate, Self.scale(for: series), .rate), series: series)
    addCeilings(of: cases, on: .y, to: &chart)
    return chart
  }
}

extension Series.Style {
  fileprivate var thinner: Series.Style {
    var style = self
    style.isThin = true
    return style
  }
}

extension String {
  /// With a capital first letter.
  var capitalised: String { prefix(1).uppercased() + dropFirst() }
}
