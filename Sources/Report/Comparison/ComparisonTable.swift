internal import Judgement
internal import Ledger
internal import Measure

/// The rows of one arm of a comparison as text: what terminal and Markdown both show.
struct ComparisonTable {
  /// How many columns from the left are words.
  static let words = 2

  /// The reference and what is compared with it.
  let reference: Comparison.Arm
  let subject: Comparison.Arm
  /// Differences first, then what cannot be told, then what is the same; within each as they came.
  let rows: [ComparisonRow]
  private let confidence: Fraction
  private let isOfOneSystem: Bool

  /// The tables of a comparison, one an arm.
  static func all(of comparison: Comparison) -> [ComparisonTable] {
    comparison.arms.indices.dropFirst().map { ComparisonTable(comparison, arm: $0) }
  }

  private init(_ comparison: Comparison, arm: Int) {
    reference = comparison.arms[0]
    subject = comparison.arms[arm]
    confidence = comparison.confidence
    let found = comparison.rows.filter { $0.arm == arm }
    rows = Self.order.flatMap { verdict in found.filter { $0.verdict == verdict } }
    isOfOneSystem = Set(found.map(\.key.system)).count <= 1
  }

  private static let order: [ComparisonRow.Verdict] = [
    .worse, .better, .inconclusive, .noInterval, .notComparable, .same,
  ]

  /// `dpu against local`.
  var title: String { "\(subject.label) against \(reference.label)" }

  /// `12 rows: 3 worse, 9 same`.
  var summary: String {
    let counts = Self.order.compactMap { verdict -> String? in
      let count = rows.count { $0.verdict == verdict }
      return count == 0 ? nil : "\(count) \(verdict.words)"
    }
    let total = counted(rows.count, "row")
    return rows.isEmpty ? "nothing to compare" : total + ": " + counts.joined(separator: ", ")
  }

  var headers: [String] {
    [
      "case", "metric", reference.label, subject.label, "n", "ratio",
      "\(Quantity.short(confidence.value * 100, 3)) %", "verdict", "detects",
    ]
  }

  /// The cells of a row, as many as ``headers``.
  func cells(_ row: ComparisonRow, ascii: Bool) -> [String] {
    let none = ascii ? "-" : "–"
    func side(_ side: ComparisonRow.Side) -> String { Self.text(side, row, ascii: ascii) }
    let interval = row.intervalTexts.map { $0.lower + (ascii ? ".." : "–") + $0.upper }
    let ratio = row.ratioText.map { Self.sign(row.ratioBound, ascii) + $0 }
    return [
      place(row), row.metric, side(row.reference), side(row.subject), Self.number(row),
      ratio ?? none, interval ?? none, row.verdict.words,
      row.smallestDetectable.map { Quantity($0.value * 100, .percent).text(ascii: ascii) } ?? none,
    ]
  }

  /// Why rows have the verdicts that their numbers do not explain; each reason once.
  var reasons: [String] {
    var order: [String] = []
    var places: [String: [String]] = [:]
    for row in rows where [.noInterval, .notComparable].contains(row.verdict) {
      if places[row.reason] == nil { order.append(row.reason) }
      places[row.reason, default: []].append("\(place(row)) \(row.metric)")
    }
    return order.map { reason in
      let found = places[reason] ?? []
      let more = found.count > 3 ? " and \(found.count - 3) more" : ""
      return found.prefix(3).joined(separator: ", ") + more + ": " + reason
    }
  }

  /// The case, without the system where there is only one.
  private func place(_ row: ComparisonRow) -> String {
    guard isOfOneSystem else { return row.key.description }
    return
      ([row.key.workload] + (row.key.point.isEmpty ? [] : [row.key.point.joined(separator: ",")]))
      .joined(separator: "/")
  }

  /// How many pairs; of unpaired trials `10` of each, or `10/8`, the reference's first.
  static func number(_ row: ComparisonRow) -> String {
    if let pairs = row.pairs { return "\(pairs)" }
    let (ours, theirs) = (row.reference.n, row.subject.n)
    return ours == theirs ? "\(ours)" : "\(ours)/\(theirs)"
  }

  /// The median of a side, with what it is a bound of.
  static func text(_ side: ComparisonRow.Side, _ row: ComparisonRow, ascii: Bool) -> String {
    guard let median = side.median else { return ascii ? "-" : "–" }
    return sign(side.bound, ascii)
      + Quantity(median, Quantity.Kind(unit: row.unit)).text(ascii: ascii)
  }

  static func sign(_ bound: MetricValue.Bound?, _ ascii: Bool) -> String {
    switch bound {
    case nil: ""
    case .atLeast: ascii ? ">= " : "≥ "
    case .atMost: ascii ? "<= " : "≤ "
    }
  }
}

extension ComparisonRow.Verdict {
  /// The verdict as people read it.
  var words: String { rawValue.replacing("-", with: " ") }
}

/// What differs between arms, as text: what terminal and Markdown both show.
struct DifferenceRows {
  static let headers = ["what differs", "", "reference", "there", "class"]
  /// One row a difference that both sides tell.
  let rows: [[String]]
  /// What only one side tells, a sentence an arm.
  let oneSided: [String]

  init(_ comparison: Comparison) {
    let arms = comparison.arms
    let known = comparison.differences.filter { $0.reference != nil && $0.subject != nil }
    rows = known.map { difference in
      [
        difference.key, arms.count > 2 ? arms[difference.arm].label : "",
        difference.reference ?? "", difference.subject ?? "",
        difference.isMeant ? "meant" : Self.words(difference.class),
      ]
    }
    oneSided = arms.indices.flatMap { arm -> [String] in
      let lone = comparison.differences.filter { $0.arm == arm && !known.contains($0) }
      return [
        (arms[0].label, lone.filter { $0.subject == nil }),
        (arms[arm].label, lone.filter { $0.reference == nil }),
      ]
      .filter { !$0.1.isEmpty }
      .map { label, found in
        "told by \(label) only: " + found.map(\.key).joined(separator: ", ")
      }
    }
  }

  private static func words(_ kind: EnvironmentFact.Class) -> String {
    switch kind {
    case .identity: "identity"
    case .mustMatch: "must match"
    case .shouldMatch: "should match"
    case .informational: "for information"
    }
  }
}
