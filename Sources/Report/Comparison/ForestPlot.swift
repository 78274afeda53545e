internal import Judgement
internal import Measure
internal import Statistics

/// All ratios of a comparison with their intervals on one axis, metric by metric.
///
/// A row a case and metric, after the forest plot of meta-analysis (Lewis & Clarke, BMJ 322,
/// 2001): what lies in the grey zone is within the tolerance, what lies in the green or red zone
/// with its whole interval is better or worse.
enum ForestPlot {
  /// The chart; nil where no row has a ratio.
  ///
  /// O(rows x metrics).
  static func chart(_ comparison: Comparison, id: String = "forest") -> Chart? {
    let drawn = comparison.rows.filter { place(of: $0) != nil }
    guard !drawn.isEmpty else { return nil }
    var rows: [Row] = []
    var zones: [Zone] = []
    var marks: [ComparisonRow.Verdict: [Interval]] = [:]
    for metric in drawn.map(\.metric).uniqued() {
      let group = drawn.filter { $0.metric == metric }
      guard let direction = group.first?.direction else { continue }
      let name = "\(metric) – \(RowText.isBetter(direction))"
      rows.append(Row(name, isHeading: true))
      let first = Double(rows.count) - 0.5
      for row in group {
        guard let interval = place(of: row, at: Double(rows.count)) else { continue }
        marks[row.verdict, default: []].append(interval)
        let label = CaseLabels(comparison).label(row)
        rows.append(Row(label, text: RowText.ratio(row)))
      }
      let extent = first...(Double(rows.count) - 0.5)
      zones += Self.zones(direction, comparison, along: extent)
    }
    var chart = Chart(
      id: id, title: title(comparison), about: about(comparison, drawn.count),
      x: axis(comparison, drawn), y: Axis("", .rows(rows), .count),
      series: ComparisonRow.Verdict.allCases.compactMap { verdict in
        let mark = VerdictMark(verdict)
        return marks[verdict].map { Series(mark.word, .intervalsAlongX($0), mark.style) }
      })
    chart.zones = zones
    chart.limits = [LimitLine(on: .x, at: 1, label: "", isBinding: false)]
    chart.names = .legend
    chart.width = 940
    chart.plotHeight = Double(rows.count) * 19
    return chart
  }

  private static func place(of row: ComparisonRow, at place: Double = 0) -> Interval? {
    guard row.verdict != .notComparable else { return nil }
    if let interval = row.interval {
      let ends = [interval.lower, interval.value, interval.upper]
      guard ends.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
      return Interval(
        at: place, low: interval.lower, estimate: interval.value, high: interval.upper)
    }
    guard let ratio = row.ratio, ratio.isFinite, ratio > 0 else { return nil }
    return Interval(at: place, low: ratio, estimate: ratio, high: ratio)
  }

  private static func zones(
    _ direction: MetricDefinition.Direction, _ comparison: Comparison, along: ClosedRange<Double>
  ) -> [Zone] {
    let same = comparison.zone(direction)
    let (low, high) = (same.lowerBound, same.upperBound)
    let isHigher = direction == .higher
    return [
      Zone(on: .x, from: nil, to: low, meaning: isHigher ? .fail : .pass, along: along),
      Zone(on: .x, from: low, to: high, meaning: .neutral, along: along),
      Zone(on: .x, from: high, to: nil, meaning: isHigher ? .pass : .fail, along: along),
    ]
  }

  /// In proportion; logarithmic where ratios lie more than a factor of four apart.
  private static func axis(_ comparison: Comparison, _ rows: [ComparisonRow]) -> Axis {
    let places = rows.compactMap { place(of: $0) }
    let tolerance = comparison.tolerance.value
    // A little more than the tolerance, so that its zone shows both ends.
    let least = min(places.map(\.low).min() ?? 1, 1 / (1 + 1.5 * tolerance))
    let largest = max(places.map(\.high).max() ?? 1, 1 + 1.5 * tolerance)
    let subject = comparison.arms.count == 2 ? comparison.arms[1].label : "subject"
    return Axis(
      "ratio \(subject) / \(comparison.arms.first?.label ?? "reference"); grey: within ± "
        + percent(comparison.tolerance),
      least > 0 && largest / least > 4 ? .log10 : .linearAroundData, .ratio,
      range: max(least, 1e-9)...largest)
  }

  static func title(_ comparison: Comparison) -> String {
    let names = comparison.arms.map(\.label)
    guard let reference = names.first else { return "Comparison" }
    return names.dropFirst().joined(separator: ", ") + " against " + reference
  }

  private static func about(_ comparison: Comparison, _ count: Int) -> String {
    "\(count) ratios, each with its interval of \(percent(comparison.confidence)) confidence; "
      + "the same numbers stand in the table below. An open marker has no interval."
  }

  private static func percent(_ fraction: Fraction) -> String {
    Quantity.short(fraction.value * 100, 2) + " %"
  }
}

/// What tells a compared case from the others of its page.
struct CaseLabels {
  private let hasWorkloads: Bool
  private let hasSystems: Bool
  private let arms: [Comparison.Arm]

  init(_ comparison: Comparison) {
    arms = comparison.arms
    hasWorkloads = Set(comparison.rows.map(\.referenceKey.workload)).count > 1
    hasSystems = Set(comparison.rows.map(\.referenceKey.system)).count > 1
  }

  /// The case of the reference, without what all cases share.
  func label(_ key: CaseKey) -> String {
    var parts = hasSystems ? [key.system] : []
    let point = key.point.joined(separator: ", ")
    if hasWorkloads || point.isEmpty { parts.append(key.workload) }
    if !point.isEmpty { parts.append(point) }
    return parts.joined(separator: " · ")
  }

  /// The case of a row, with its arm where there are several.
  func label(_ row: ComparisonRow) -> String {
    let name = label(row.referenceKey)
    guard arms.count > 2, arms.indices.contains(row.arm) else { return name }
    return arms[row.arm].label + " · " + name
  }
}

extension Sequence where Element: Hashable {
  /// The elements, each once, in order of their first occurrence.
  ///
  /// O(n).
  func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
