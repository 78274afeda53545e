internal import Measure

/// Latency against achieved load: where a system's queue begins to grow.
extension WorkloadFigures {
  /// Parameters of a sweep that say how much load is put on.
  private static let loadKeys = ["queue-depth", "jobs", "queue-pairs", "rate"]

  /// One curve: the points of a sweep over load of one system, all else alike.
  private struct Curve {
    var system: String
    /// What else is swept, such as `block-size=4KiB`.
    var others: [String]
    var points: [(figures: CaseFigures, rate: Double, mean: Double)]
  }

  /// Latency of each point of a sweep over load against what was achieved.
  ///
  /// With the knee of each curve and, where it was sought, the maximum of the closed loop.
  var latencyAgainstLoad: Chart? {
    guard let key = loadKey, points.count > 1 else { return nil }
    let curves = curves(over: key)
    guard !curves.isEmpty else { return nil }
    // Two lines a curve while people can tell them apart.
    let columns: [LatencyColumn] = curves.count > Self.linesPerChart / 2 ? [.p99] : [.p50, .p99]
    var series: [Series] = []
    var notes: [Note] = []
    for (index, curve) in curves.prefix(Self.linesPerChart).enumerated() {
      let name = name(of: curve)
      for (dash, column) in columns.enumerated() {
        let path = curve.points.compactMap { point -> Point? in
          guard let latency = column.value(of: point.figures.lines[0].latency), latency > 0
          else { return nil }
          if column == columns[0] {
            let value = Self.value(of: key, in: point.figures.key.point) ?? ""
            notes.append(Note(at: Point(point.rate, latency), value))
          }
          return Point(point.rate, latency)
        }
        guard path.count > 1 else { continue }
        series.append(
          Series(
            "\(name) \(column.rawValue)", .path(path),
            Series.Style(colour: index, dash: dash, marker: index)))
      }
    }
    guard !series.isEmpty else { return nil }
    var chart = Chart(
      id: id("load", 0), title: "Latency against load",
      about: "\(columns.map(\.rawValue).joined(separator: " and ")) latency of \(name) against "
        + "achieved \(counted.rate); numbers are \(key). A knee is the point of a curve with the "
        + "most \(counted.rate) for its mean latency.",
      x: Axis("achieved \(counted.rate), median of trials; numbers: \(key)", .linear, .rate),
      y: Axis("latency", .log10, .time), series: series)
    chart.notes = notes
    chart.limits = knees(curves)
    addCeilings(of: measured, on: .x, to: &chart)
    return chart
  }

  private var loadKey: String? {
    Self.loadKeys.first { key in
      Set(points.compactMap { Self.value(of: key, in: $0) }).count > 1
    }
  }

  static func value(of key: String, in point: [String]) -> String? {
    point.first { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) }
  }

  private func curves(over key: String) -> [Curve] {
    let others = points.map { $0.filter { !$0.hasPrefix(key + "=") } }.uniqued()
    return systems.flatMap { system in
      others.compactMap { other in
        let found = measured.filter {
          $0.key.system == system && $0.key.point.filter { !$0.hasPrefix(key + "=") } == other
        }
        let points = found.compactMap { figures -> (CaseFigures, Double, Double)? in
          guard let rate = figures.lines[0].iops?.median,
            let mean = LatencyColumn.mean.value(of: figures.lines[0].latency)
          else { return nil }
          return (figures, rate, mean)
        }
        return points.count > 1 ? Curve(system: system, others: other, points: points) : nil
      }
    }
  }

  private func name(of curve: Curve) -> String {
    let others = curve.others.joined(separator: ", ")
    if others.isEmpty { return curve.system }
    return systems.count < 2 ? others : curve.system + " · " + others
  }

  /// The knee of each curve that has one.
  private func knees(_ curves: [Curve]) -> [LimitLine] {
    guard curves.count <= 3 else { return [] }
    return curves.compactMap { curve in
      Knee.place(rates: curve.points.map(\.rate), latencies: curve.points.map(\.mean)).map {
        let label = "knee" + (curves.count > 1 ? " " + name(of: curve) : "")
        return LimitLine(on: .x, at: curve.points[$0].rate, label: label, isBinding: false)
      }
    }
  }
}

/// Where more load buys latency only.
enum Knee {
  /// The place of the largest power: throughput by mean response time.
  ///
  /// Kleinrock, Power and deterministic rules of thumb for probabilistic problems in computer
  /// communications (ICC 1979). nil for fewer than three points, and where it is the least or the
  /// largest load: then the knee lies outside of what was measured. O(n log n).
  static func place(rates: [Double], latencies: [Double]) -> Int? {
    let all = zip(rates, latencies).enumerated().map { (place: $0, rate: $1.0, latency: $1.1) }
      .filter { $0.latency > 0 && $0.rate > 0 }.sorted { ($0.rate, $0.place) < ($1.rate, $1.place) }
    guard all.count > 2 else { return nil }
    let best = all.indices.max { all[$0].rate / all[$0].latency < all[$1].rate / all[$1].latency }
    guard let best, best != all.startIndex, best != all.endIndex - 1 else { return nil }
    return all[best].place
  }
}
