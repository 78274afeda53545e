internal import Foundation
public import Measure

/// Latency at each percentile, for an axis where every nine takes the same room.
public enum PercentileCurve {
  /// The fewest observations that must lie beyond a point for it to be drawn.
  ///
  /// With ten beyond, the quantile's relative sampling error in rank is about 1/sqrt(10) = 32 %;
  /// further out a curve shows single events as if they were a distribution.
  public static let least = 10
  private static let pointsPerNine = 24

  /// Points (share, ns) from 1 % to where n(1-p) = ``least``.
  ///
  /// O(buckets + points).
  public static func points(of latency: LatencyDistribution) -> [Point] {
    let count = Double(latency.count)
    guard count > Double(least) else { return [] }
    let nines = log10(count / Double(least))
    let steps = max(1, Int((nines * Double(pointsPerNine)).rounded(.down)))
    var points: [Point] = []
    points.reserveCapacity(steps + 1)
    var next = latency.buckets.makeIterator()
    var bucket = next.next()
    var seen = bucket?.count ?? 0
    for step in 0...steps {
      // The smallest of millions would be a spike at the left edge: the curve starts at 1 %.
      let share = max(0.01, 1 - pow(10, -nines * Double(step) / Double(steps)))
      while Double(seen) < share * count, let following = next.next() {
        bucket = following
        seen += following.count
      }
      guard let bucket else { break }
      let middle = LatencyBuckets.midpoint(bucket.index)
      let value = min(max(middle, latency.minimum), latency.maximum)
      if value > 0 { points.append(Point(share, Double(value))) }
    }
    return points
  }
}
