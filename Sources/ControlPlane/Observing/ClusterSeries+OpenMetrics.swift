internal import Measure

extension ClusterSeries {
  /// All samples as OpenMetrics text with timestamps, which `promtool tsdb create-blocks-from`
  /// reads.
  ///
  /// The end of the warm-up is `origin`, in seconds of the Unix epoch. OpenMetrics 1.0: samples of
  /// one metric stand together in the order of time, counters end in `_total`; quantiles of what is
  /// there as a histogram are left out. O(values).
  public func openMetrics(origin: Double = 0) -> String {
    var text = ""
    writeOpenMetrics(origin: origin) { text += $0 }
    return text
  }

  /// Gives the text of ``openMetrics(origin:)`` piece by piece, a metric with its labels each.
  ///
  /// Throws what `write` throws. O(values), in memory of the longest piece.
  public func writeOpenMetrics(
    origin: Double = 0, _ write: (String) throws -> Void
  ) rethrows {
    let detailed = Set(histograms.map(\.name))
    var rest = columns.filter { $0.kind != .summary || !detailed.contains($0.name) }[...]
    var previous: String?
    while let column = rest.first {
      if column.name != previous {
        try write(Self.head(column.name, column.kind.rawValue, column.unit, column.help))
        previous = column.name
      }
      let group = rest.prefix { $0.name == column.name && Self.isBeside($0, column) }
      rest = rest.dropFirst(group.count)
      try write(lines(of: group, origin))
    }
    for histogram in histograms {
      if histogram.name != previous {
        try write(Self.head(histogram.name, "histogram", "seconds", histogram.help))
        previous = histogram.name
      }
      try write(lines(of: histogram, origin))
    }
    try write("# EOF\n")
  }

  /// Whether two columns are of one metric: quantiles of the same, or the same.
  private static func isBeside(_ column: Column, _ other: Column) -> Bool {
    let labels = [column, other].map { $0.labels.filter { $0.name != "quantile" } }
    return labels[0] == labels[1]
  }

  private func lines(of group: ArraySlice<Column>, _ origin: Double) -> String {
    let heads = group.map { $0.name + Self.labels($0.labels) }
    var text = ""
    for (sample, time) in times.enumerated() {
      for (head, column) in zip(heads, group) {
        guard let value = column.values[sample] else { continue }
        text += "\(head) \(value) \(origin + time.inSeconds)\n"
      }
    }
    return text
  }

  private func lines(of histogram: Histogram, _ origin: Double) -> String {
    let bounds = histogram.bounds.map { "\($0)" } + ["+Inf"]
    let heads = bounds.map {
      histogram.name + "_bucket" + Self.labels(histogram.labels + [Label(name: "le", value: $0)])
    }
    let labels = Self.labels(histogram.labels)
    var text = ""
    for (time, point) in zip(times.dropFirst(histogram.firstSample), histogram.points) {
      let stamp = origin + time.inSeconds
      for (head, count) in zip(heads, point.counts + [point.count]) {
        text += "\(head) \(count) \(stamp)\n"
      }
      text += "\(histogram.name)_count\(labels) \(point.count) \(stamp)\n"
      text += "\(histogram.name)_sum\(labels) \(point.sum) \(stamp)\n"
    }
    return text
  }

  private static func head(
    _ name: String, _ kind: String, _ unit: String, _ help: String
  ) -> String {
    let suffix = "_total"
    let family =
      kind == Kind.counter.rawValue && name.hasSuffix(suffix)
      ? String(name.dropLast(suffix.count)) : name
    let isNamed = !unit.isEmpty && family.hasSuffix("_" + unit)
    return "# TYPE \(family) \(kind)\n" + (isNamed ? "# UNIT \(family) \(unit)\n" : "")
      + "# HELP \(family) \(help)\n"
  }

  private static func labels(_ labels: [Label]) -> String {
    guard !labels.isEmpty else { return "" }
    return "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
  }

  /// Backslash, quote and line feed as the format has them.
  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }
}
