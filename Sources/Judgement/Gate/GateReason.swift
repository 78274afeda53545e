internal import Ledger
internal import Measure
internal import Statistics

/// A gate row's verdict in a sentence, with the numbers that it rests on.
struct GateReason {
  let row: GateRow
  let rules: ComparisonRules
  /// How many rows the p value is adjusted for.
  let rows: Int
  /// Whether so few values can never reach the confidence.
  let isHopeless: Bool

  /// Such as `0.873 of the baseline (0.861 to 0.886, 90 %): 12.7 % lower, beyond the tolerance of
  /// 5 % (p 0.0004 over 6 rows); 10 trials against 10`.
  var text: String {
    guard let ratio = row.ratio else { return row.reason }
    var text = ComparisonText.ratio(ratio) + " of the baseline"
    if let interval = row.interval {
      let decimals = ComparisonText.decimals(interval)
      text += " (\(ComparisonText.fixed(interval.lower, decimals)) to "
      text += "\(ComparisonText.fixed(interval.upper, decimals)), "
      text += "\(ComparisonText.percent(interval.level.value)))"
    }
    return text + ": \(change(ratio)), \(relation); \(numbers)"
  }

  private func change(_ ratio: Double) -> String {
    let change = ratio - 1
    if change.magnitude < 0.0005 { return "no change" }
    return ComparisonText.percent(change.magnitude) + (change < 0 ? " lower" : " higher")
  }

  private var relation: String {
    let tolerance = "the tolerance of \(ComparisonText.percent(rules.tolerance.value))"
    switch row.verdict {
    case .fail:
      let p = row.adjustedP.map { significant($0, 2) } ?? "1"
      return "beyond \(tolerance) (p \(p) over \(rows) \(rows == 1 ? "row" : "rows"))"
    case .pass: return "not beyond \(tolerance)"
    default:
      if isHopeless {
        return
          "and so few trials can never decide at \(ComparisonText.percent(rules.confidence.value))"
      }
      let seen = row.smallestDetectable.map {
        "; a loss of \(ComparisonText.percent($0.value)) would be failed in four of five runs"
      }
      return "perhaps beyond \(tolerance)" + (seen ?? "")
    }
  }

  private var numbers: String {
    counted(row.run.n, "trial") + " against " + counted(row.baseline.n, row.replicate.rawValue)
  }
}
