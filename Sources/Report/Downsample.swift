/// Fewer points that keep every extreme.
enum Downsample {
  /// About `most` points: of each equal share of a line its smallest and its largest y.
  ///
  /// A line through them covers the same area as the line through all points does at that width
  /// (M4 aggregation without first and last: Jugel et al., VLDB 2014). Gaps between lines are
  /// kept; each line keeps at least its two extremes. O(points).
  static func envelope(_ points: [Point], most: Int) -> [Point] {
    guard points.count > most else { return points }
    var result: [Point] = []
    for part in points.split(whereSeparator: { !$0.y.isFinite }) {
      let buckets = max(1, part.count * most / points.count / 2)
      if !result.isEmpty { result.append(.gap) }
      guard part.count > 2 * buckets else {
        result += part
        continue
      }
      for bucket in 0..<buckets {
        let low = part.startIndex + part.count * bucket / buckets
        let high = part.startIndex + part.count * (bucket + 1) / buckets
        appendExtremes(part[low..<high], to: &result)
      }
    }
    return result
  }

  private static func appendExtremes(_ part: ArraySlice<Point>, to result: inout [Point]) {
    var least = part.startIndex
    var largest = part.startIndex
    for index in part.indices {
      if part[index].y < part[least].y { least = index }
      if part[index].y > part[largest].y { largest = index }
    }
    result.append(part[min(least, largest)])
    if least != largest { result.append(part[max(least, largest)]) }
  }
}
