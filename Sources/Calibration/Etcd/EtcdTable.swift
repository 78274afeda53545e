internal import Foundation
internal import Host
internal import Measure
internal import Statistics

extension EtcdCalibration {
  /// The calibration as a table for people: medians of the repetitions that may be used, or of all
  /// where there is none, which a `~` before the rate says.
  public var table: String {
    var lines = ["etcd \(etcd.version), window \(settings.window.text), seed \(settings.seed)"]
    for (place, facts) in places.enumerated() {
      for members in settings.members {
        let here = points.filter { $0.place == place && $0.members == members }
        guard !here.isEmpty else { continue }
        lines += ["", "\(facts.path) (\(facts.type)), \(counted(members, "member"))"]
        lines += Self.aligned([Self.head] + here.map(Self.row))
      }
    }
    if !elections.isEmpty {
      let loss = settings.elections.loss == .stop ? "stopped" : "killed"
      lines += [
        "",
        "leader \(loss): time without a put, s, by probes every "
          + settings.elections.probeInterval.text,
      ]
      lines += Self.aligned([Self.electionHead] + elections.map(Self.row))
    }
    let noisy = points.flatMap(\.repetitions).count { $0.isNoisy }
    let all = points.flatMap(\.repetitions).count
    let limit = String(format: "%g", settings.noiseLimit)
    lines += [
      "",
      "\(noisy) of \(counted(all, "measurement")) noisy: others used more than \(limit) cores"
        + (noisy > 0 && !settings.despiteNoise ? "; not for fitting" : ""),
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static let head = [
    "load", "rate/s", "mean ms", "p50", "p99", "batch", "wal fsync us", "append+sync p50", "p99 us",
    "etcd cores", "client", "others", "used",
  ]

  private static func row(_ point: EtcdPoint) -> [String] {
    let shown = point.used.isEmpty ? point.repetitions : point.used
    func cell(_ format: String, _ value: (EtcdRepetition) -> Double?) -> String {
      Median.of(shown.compactMap(value)).map { String(format: format, $0) } ?? "-"
    }
    let quantile = { (fraction: Double) in
      { (one: EtcdRepetition) in one.latency.quantile(fraction).map { Double($0) / 1e6 } }
    }
    let sync = { (fraction: Double) in
      { (one: EtcdRepetition) -> Double? in
        var both = one.syncBefore.append
        both.merge(one.syncAfter.append)
        return both.quantile(fraction).map { Double($0) / 1e3 }
      }
    }
    return [
      point.load.text, (point.used.isEmpty ? "~" : "") + cell("%.0f", \.rate),
      cell("%.2f") { $0.latency.count > 0 ? $0.latency.mean / 1e6 : nil },
      cell("%.2f", quantile(0.5)), cell("%.2f", quantile(0.99)), cell("%.1f", \.batch),
      cell("%.0f") { $0.members.first?.logSync.mean.map { $0 / 1e3 } },
      cell("%.0f", sync(0.5)), cell("%.0f", sync(0.99)),
      cell("%.2f", \.processors.subject), cell("%.2f", \.processors.client),
      cell("%.2f", \.processors.disturbance), "\(point.used.count)/\(point.repetitions.count)",
    ]
  }

  private static let electionHead = [
    "cluster", "trials", "min", "median", "mean", "max", "terms", "used",
  ]

  private static func row(_ series: ElectionSeries) -> [String] {
    let used = series.trials.filter(\.isUsed)
    let shown = used.isEmpty ? series.trials : used
    let outages = shown.map(\.outage.inSeconds)
    let format = { (value: Double?) in value.map { String(format: "%.2f", $0) } ?? "-" }
    let mean = outages.isEmpty ? nil : outages.reduce(0, +) / Double(outages.count)
    return [
      "\(counted(series.cluster.members, "member")), \(series.cluster.text)", "\(outages.count)",
      (used.isEmpty ? "~" : "") + format(outages.min()), format(Median.of(outages)), format(mean),
      format(outages.max()), format(Median.of(shown.map { Double($0.terms) })),
      "\(used.count)/\(series.trials.count)",
    ]
  }

  /// Columns, the first to the left, the others to the right.
  private static func aligned(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      row.indices.map { column in
        let blank = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + blank : blank + row[column]
      }.joined(separator: "  ")
    }
  }
}
