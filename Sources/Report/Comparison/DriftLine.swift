internal import Statistics

/// How a metric drifted over trials: a line that single odd trials do not move.
enum DriftLine {
  /// The ends of the line through points by Theil (1950) and Sen (JASA 63, 1968).
  ///
  /// Its slope is the median of the slopes of all pairs. Empty for fewer than four points: with
  /// three a single trial decides. O(points² log points).
  static func through(_ points: [Point]) -> [Point]? {
    guard points.count >= 4, let first = points.map(\.x).min(), let last = points.map(\.x).max()
    else { return nil }
    var slopes: [Double] = []
    for (index, one) in points.enumerated() {
      for other in points[(index + 1)...] where other.x != one.x {
        slopes.append((other.y - one.y) / (other.x - one.x))
      }
    }
    guard let slope = Median.of(slopes),
      let height = Median.of(points.map { $0.y - slope * $0.x })
    else { return nil }
    return [first, last].map { Point($0, height + slope * $0) }
  }
}
