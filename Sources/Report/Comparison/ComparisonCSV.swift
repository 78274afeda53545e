public import Judgement
internal import Ledger
internal import Measure
internal import Statistics

/// A comparison as CSV (RFC 4180): one row a metric, case and arm, base units, every digit.
public enum ComparisonCSV {
  private static let headers = [
    "reference", "subject", "reference_system", "system", "workload", "point", "metric", "unit",
    "better", "reference_median", "reference_n", "reference_bound", "median", "n", "bound",
    "method", "pairs", "ratio", "ratio_bound", "ratio_lower", "ratio_upper", "confidence",
    "smallest_detectable", "verdict", "reason",
  ]

  /// The whole table in the comparison's own order; fields without a value are empty.
  public static func render(_ comparison: Comparison) -> String {
    comparison.rows.reduce(CSVText.row(headers)) { text, row in
      text + CSVText.row(cells(row, comparison.arms))
    }
  }

  private static func cells(_ row: ComparisonRow, _ arms: [Comparison.Arm]) -> [String] {
    let names = [
      arms[0].label, arms[row.arm].label, row.referenceKey.system, row.key.system,
      row.key.workload, row.key.point.joined(separator: " "), row.metric, row.unit,
      row.direction.rawValue,
    ]
    let sides = [row.reference, row.subject].flatMap { side in
      [CSVText.number(side.median), "\(side.n)", side.bound?.rawValue ?? ""]
    }
    return names + sides + [
      row.method.rawValue, row.pairs.map(String.init) ?? "", CSVText.number(row.ratio),
      row.ratioBound?.rawValue ?? "", CSVText.number(row.interval?.lower),
      CSVText.number(row.interval?.upper), CSVText.number(row.interval?.level.value),
      CSVText.number(row.smallestDetectable?.value), row.verdict.rawValue, row.reason,
    ]
  }
}
