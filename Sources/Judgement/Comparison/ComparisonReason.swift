internal import Ledger
internal import Measure
internal import Statistics

/// A row's verdict in a sentence, with the numbers that it rests on.
struct ComparisonReason {
  let row: ComparisonRow
  let part: ArmDifferences
  /// What was asked for; of a bound nothing matters.
  var rules = ComparisonRules()

  /// Such as `0.751 of local (0.748 to 0.754, 95 %): 24.9 % lower; 10 pairs; a change above 0.5 %
  /// would have been seen`.
  var text: String {
    guard let ratio = row.ratio, let shown = row.ratioText else { return row.reason }
    guard let interval = row.interval, let ends = row.intervalTexts else {
      let bound = row.ratioBound.map { $0 == .atLeast ? "at least " : "at most " } ?? ""
      return "\(bound)\(shown) of \(part.reference.label): "
        + change(ratio) + "; " + noInterval
    }
    var parts = [
      "\(shown) of \(part.reference.label) "
        + "(\(ends.lower) to \(ends.upper), \(ComparisonText.percent(interval.level.value))): "
        + change(ratio) + relation(interval),
      number,
    ]
    if let least = row.smallestDetectable {
      parts.append("a change above \(ComparisonText.percent(least.value)) would have been seen")
    }
    return parts.joined(separator: "; ")
  }

  /// `24.9 % lower`.
  private func change(_ ratio: Double) -> String {
    let change = ratio - 1
    let least =
      switch row.ratioBound {
      case nil: ""
      // At most 0.134 is at least 86.6 % lower; at most 1.2 bounds nothing in words.
      case .atMost: ratio < 1 ? "at least " : "at most "
      case .atLeast: ratio > 1 ? "at least " : "at most "
      }
    if change.magnitude < 0.0005 { return "no change" }
    return least + ComparisonText.percent(change.magnitude) + (change < 0 ? " lower" : " higher")
  }

  /// How the interval lies to the tolerance, where the verdict alone does not tell.
  private func relation(_ interval: IntervalEstimate) -> String {
    let tolerance = ComparisonText.percent(rules.tolerance.value)
    switch row.verdict {
    case .better, .worse, .noInterval, .notComparable: return ""
    case .same: return ", within the tolerance of \(tolerance)"
    case .inconclusive where rules.zone(row.direction).contains(interval.value):
      return ", perhaps more than the tolerance of \(tolerance)"
    case .inconclusive: return ", perhaps within the tolerance of \(tolerance)"
    }
  }

  private var number: String {
    if let pairs = row.pairs { return counted(pairs, "pair") }
    return "\(row.reference.n) and \(row.subject.n) trials"
  }

  private var noInterval: String {
    let published = [part.reference, part.subject].filter { $0.evidence == .published }
    if row.reference.bound != nil || row.subject.bound != nil {
      return published.isEmpty ? "a bound, no interval" : "a published bound, no interval"
    }
    if row.reference.n == 1 && row.subject.n == 1 && published.count == 2 {
      return "single published figures, no interval"
    }
    let asked = ComparisonText.percent(rules.confidence.value)
    if let pairs = row.pairs {
      let needed = HodgesLehmann.fewestValues(confidence: rules.confidence)
      return "\(number) give\(pairs == 1 ? "s" : "") no \(asked) interval; \(needed) are needed "
        + "(design: {blocks: \(needed)})"
    }
    let needed = HodgesLehmann.fewestValuesEach(confidence: rules.confidence)
    return "\(number) give no \(asked) interval; \(needed) of each are needed"
  }
}

/// Ratios and shares in words.
enum ComparisonText {
  /// Three decimals, fewer of a ratio from ten on, or as many as tell the interval's ends from its
  /// middle.
  static func decimals(_ interval: IntervalEstimate) -> Int {
    let least = min(interval.value - interval.lower, interval.upper - interval.value)
    var decimals = decimals(interval.value)
    guard least > 0 else { return decimals }
    var step = 1.0
    for _ in 0..<decimals { step /= 10 }
    while step > least, decimals < 6 {
      decimals += 1
      step /= 10
    }
    return decimals
  }

  /// Three decimals, and one less for each further digit before the point.
  private static func decimals(_ value: Double) -> Int {
    switch value.magnitude {
    case 1000...: 0
    case 100...: 1
    case 10...: 2
    default: 3
    }
  }

  /// A ratio by itself: three decimals, or as many as show three digits.
  static func ratio(_ value: Double) -> String {
    var decimals = decimals(value)
    var size = value.magnitude
    while size > 0, size < 0.1, decimals < 9 {
      size *= 10
      decimals += 1
    }
    return fixed(value, decimals)
  }

  /// The number with exactly so many digits after the point; of huge ones as many as there are.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    var power = 1.0
    for _ in 0..<decimals { power *= 10 }
    guard value.magnitude * power < 1e15 else { return decimalText(value) }
    let all = String(Int64((value.magnitude * power).rounded()))
    if decimals == 0 { return (value < 0 ? "-" : "") + all }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - all.count)) + all
    return (value < 0 ? "-" : "") + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// `24.9 %` of a share; a tenth of a percent is enough, two digits of a smaller one.
  static func percent(_ share: Double) -> String {
    let percent = share * 100
    var digits = percent.magnitude >= 100 ? 4 : percent.magnitude >= 10 ? 3 : 2
    // 99.98 % is not all.
    while share < 1, digits < 9, significant(percent, digits) == "100" { digits += 1 }
    return significant(percent, digits) + " %"
  }
}
