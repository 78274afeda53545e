internal import Measure

/// Charts of a fabric against the size of a message: where latency stops being per message and
/// begins to be per byte, and from which size on bandwidth is the link's.
///
/// Send, write and read stand in one chart each, for they are compared with each other.
struct SizeCurves {
  /// One line: a workload on a system, at all its sizes.
  private struct Curve {
    var workload: String
    var system: String
    var measuresLatency: Bool
    var points: [(bytes: Int64, figures: CaseFigures)]
  }

  private static let key = "message-size"
  private let curves: [Curve]

  /// Takes the workloads that try several sizes of messages and nothing else; where more is swept,
  /// there is a map of both.
  init(_ workloads: [WorkloadFigures]) {
    curves = workloads.flatMap { workload -> [Curve] in
      let others = workload.points.map { $0.filter { !$0.hasPrefix(Self.key + "=") } }.uniqued()
      guard others.count == 1 else { return [] }
      return workload.systems.compactMap { system in
        let cases = workload.measured.filter { $0.key.system == system }
        let points = cases.compactMap { figures -> (bytes: Int64, figures: CaseFigures)? in
          guard let size = WorkloadFigures.value(of: Self.key, in: figures.key.point),
            let bytes = try? QuantityText.size(size).count, bytes > 0
          else { return nil }
          return (bytes, figures)
        }
        guard points.count > 1 else { return nil }
        let measuresLatency = points.contains { $0.figures.disclosure["measure"] == "latency" }
        return Curve(
          workload: workload.name, system: system, measuresLatency: measuresLatency,
          points: points.sorted { $0.bytes < $1.bytes })
      }
    }
  }

  /// Latency of what measures latency, bandwidth and message rate of what measures bandwidth.
  var charts: [Chart] {
    let latency = curves.filter(\.measuresLatency)
    let bandwidth = curves.filter { !$0.measuresLatency }
    var lines: [Series] = []
    for (dash, column) in [LatencyColumn.p50, .p99].enumerated() {
      lines += series(latency, suffix: " " + column.rawValue, dash: dash) {
        column.value(of: $0.lines[0].latency)
      }
    }
    let all = [
      chart(
        "latency", "Latency", "p50 and p99 latency, all valid trials together,", .time, lines,
        .log10),
      chart(
        "bandwidth", "Bandwidth", "Bandwidth, median of trials,", .bandwidth,
        series(bandwidth) { $0.lines[0].bandwidth?.median }),
      chart(
        "rate", "Messages/s", "Messages in a second, median of trials,", .rate,
        series(bandwidth) { $0.lines[0].iops?.median }),
    ]
    return all.compactMap { $0 }
  }

  private func series(
    _ curves: [Curve], suffix: String = "", dash: Int = 0, _ value: (CaseFigures) -> Double?
  ) -> [Series] {
    let systems = curves.map(\.system).uniqued()
    let workloads = curves.map(\.workload).uniqued()
    return curves.prefix(WorkloadFigures.linesPerChart).enumerated().compactMap { index, curve in
      let path = curve.points.compactMap { point -> Point? in
        guard let number = value(point.figures), number > 0 else { return nil }
        return Point(Double(point.bytes), number)
      }
      guard !path.isEmpty else { return nil }
      let name =
        systems.count < 2
        ? curve.workload
        : workloads.count < 2 ? curve.system : "\(curve.system) · \(curve.workload)"
      return Series(
        name + suffix, .path(path),
        Series.Style(colour: index, dash: dash, marker: index))
    }
  }

  private func chart(
    _ id: String, _ title: String, _ what: String, _ kind: Quantity.Kind, _ series: [Series],
    _ scale: Axis.Scale? = nil
  ) -> Chart? {
    guard series.contains(where: { ($0.mark.points?.count ?? 0) > 1 }) else { return nil }
    let numbers = series.flatMap { $0.mark.points?.map(\.y) ?? [] }
    let isWide = (numbers.max() ?? 1) > 30 * (numbers.min() ?? 1)
    return Chart(
      id: "message-size-" + id, title: "\(title) against message size",
      about: "\(what) of each workload at each size.",
      x: Axis("message size", .log10, .bytes),
      y: Axis(title.lowercased(), scale ?? (isWide ? .log10 : .linear), kind), series: series)
  }
}
