internal import Measure
internal import Statistics

/// How a metric drifted over trials: a line that single odd trials do not move.
enum DriftLine {
  /// The ends of a line from the first point to the last, points taken as evenly spaced.
  ///
  /// Its slope is that of ``TheilSen``, its height the median of what the slope leaves. nil for
  /// fewer than four points: with three a single trial decides. O(points² log points).
  static func through(_ points: [Point]) -> [Point]? {
    let values = points.map(\.y)
    guard points.count >= 4, let first = points.first, let last = points.last,
      // The slope alone is drawn: its interval's confidence does not matter here.
      let slope = TheilSen.slope(of: values, confidence: .percent(95))?.value,
      let height = Median.of(values.enumerated().map { $1 - slope * Double($0) })
    else { return nil }
    return [Point(first.x, height), Point(last.x, height + slope * Double(values.count - 1))]
  }
}
