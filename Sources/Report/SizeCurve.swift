internal import Measure

/// Latency and bandwidth against the size of a message: where latency stops being per message and
/// begins to be per byte.
extension WorkloadFigures {
  private static let sizeKey = "message-size"

  /// Two charts where messages of several sizes were tried and nothing else was; else none, for
  /// then there is a map of both.
  var againstSize: [Chart] {
    let key = Self.sizeKey
    let sizes = points.compactMap { Self.value(of: key, in: $0) }.uniqued()
    let others = points.map { $0.filter { !$0.hasPrefix(key + "=") } }.uniqued()
    guard sizes.count > 1, others.count == 1 else { return [] }
    func series(
      _ suffix: String, dash: Int, _ value: (CaseFigures) -> Double?
    ) -> [Series] {
      systems.prefix(Self.linesPerChart / 2).enumerated().compactMap { index, system in
        let path = measured.filter { $0.key.system == system }.compactMap { figures -> Point? in
          guard let size = Self.value(of: key, in: figures.key.point),
            let place = sizes.firstIndex(of: size), let number = value(figures), number > 0
          else { return nil }
          return Point(Double(place), number)
        }
        guard path.count > 1 else { return nil }
        let name = [systems.count > 1 ? system : "", suffix].filter { !$0.isEmpty }
        return Series(
          name.joined(separator: " "), .path(path),
          Series.Style(colour: index, dash: dash, marker: index))
      }
    }
    let latency = [LatencyColumn.p50, .p99].enumerated().flatMap { dash, column in
      series(column.rawValue, dash: dash) { column.value(of: $0.lines[0].latency) }
    }
    let bandwidth = series("", dash: 0) { $0.lines[0].bandwidth?.median }
    let x = Axis(key, .categories(sizes), .count)
    var charts: [Chart] = []
    if !latency.isEmpty {
      charts.append(
        Chart(
          id: id("size-latency", 0), title: "Latency against message size",
          about: "p50 and p99 latency of \(name) at each size, all valid trials together.",
          x: x, y: Axis("latency", .log10, .time), series: latency))
    }
    if !bandwidth.isEmpty {
      charts.append(
        Chart(
          id: id("size-bandwidth", 0), title: "Bandwidth against message size",
          about: "Bandwidth of \(name) at each size, median of trials.", x: x,
          y: Axis("bandwidth", Self.scale(for: bandwidth), .bandwidth), series: bandwidth))
    }
    return charts
  }
}
