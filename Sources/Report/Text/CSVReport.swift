internal import Ledger
internal import Measure

/// The results as CSV (RFC 4180): one row a line of figures, base units, every digit.
public enum CSVReport {
  private static let headers =
    [
      "system", "workload", "point", "direction", "valid_trials", "trials", "iops_per_s",
      "bandwidth_bytes_per_s", "ios",
    ] + LatencyColumn.allCases.map { "latency_\($0.rawValue.replacing(".", with: "_"))_ns" }
    + ["cpu_per_io_ns", "errors", "comparable"]

  /// The whole table; fields without a value are empty.
  public static func render(_ input: ReportInput) -> String {
    var text = CSVText.row(headers)
    for figures in CaseFigures.all(of: input) {
      for line in figures.lines {
        let key = figures.key
        var cells = [
          key.system, key.workload, key.point.joined(separator: " "), line.direction,
          "\(figures.valid.count)", "\(figures.trials.count)", number(line.iops),
          number(line.bandwidth), "\(line.latency.count)",
        ]
        cells += LatencyColumn.allCases.map { CSVText.number($0.value(of: line.latency)) }
        cells += [
          CSVText.number(figures.cpuPerIO?.median),
          CSVText.number(figures.errors?.values.reduce(0, +)),
          figures.isComparable ? "yes" : "no",
        ]
        text += CSVText.row(cells)
      }
    }
    return text
  }

  /// The median; a bound is no value.
  private static func number(_ spread: CaseFigures.Spread?) -> String {
    CSVText.number(spread?.bound == nil ? spread?.median : nil)
  }
}
