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
    var text = headers.joined(separator: ",") + "\r\n"
    for figures in CaseFigures.all(of: input) {
      for line in figures.lines {
        let key = figures.key
        var cells = [
          key.system, key.workload, key.point.joined(separator: " "), line.direction,
          "\(figures.valid.count)", "\(figures.trials.count)", number(line.iops),
          number(line.bandwidth), "\(line.latency.count)",
        ]
        cells += LatencyColumn.allCases.map { number($0.value(of: line.latency)) }
        cells += [
          number(figures.cpuPerIO?.median), number(figures.errors?.values.reduce(0, +)),
          figures.isComparable ? "yes" : "no",
        ]
        text += cells.map(quoted).joined(separator: ",") + "\r\n"
      }
    }
    return text
  }

  /// The median; a bound is no value.
  private static func number(_ spread: CaseFigures.Spread?) -> String {
    number(spread?.bound == nil ? spread?.median : nil)
  }

  private static func number(_ value: Double?) -> String {
    guard let value else { return "" }
    return Int64(exactly: value).map(String.init) ?? "\(value)"
  }

  static func quoted(_ text: String) -> String {
    guard text.contains(where: { ",\"\r\n".contains($0) || $0 == "\r\n" }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
