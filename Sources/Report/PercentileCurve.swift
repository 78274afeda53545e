internal import Foundation
internal import Measure

/// Latency at each percentile, for an axis where every nine takes the same room.
enum PercentileCurve {
  /// The fewest observations that must lie beyond a point for it to be drawn.
  ///
  /// With ten beyond, the quantile's relative sampling error in rank is about 1/sqrt(10) = 32 %;
  /// further out a curve shows single events as if they were a distribution.
  static let least = 10
  /// Points of a curve between two nines where a page has room for them.
  static let pointsPerNine = 24

  /// Points (share, ns) from 1 % to where n(1-p) = ``least``.
  ///
  /// O(buckets + points).
  static func points(of latency: LatencyDistribution) -> [Point] {
    points(of: latency, perNine: pointsPerNine)
  }

  static func points(of latency: LatencyDistribution, perNine: Int) -> [Point] {
    let shares = shares(count: latency.count, perNine: perNine)
    return zip(shares, values(of: latency, at: shares)).compactMap {
      $1 > 0 ? Point($0, $1) : nil
    }
  }

  /// At each percentile the least and the largest of the trials' own values.
  ///
  /// Ends where fewer than ``least`` observations of some trial lie beyond. Empty for fewer than
  /// three trials: two show no range. O(trials x (buckets + points)).
  static func band(of trials: [LatencyDistribution], perNine: Int = pointsPerNine) -> [Span] {
    guard trials.count >= 3, let fewest = trials.map(\.count).min() else { return [] }
    let shares = shares(count: fewest, perNine: perNine)
    let values = trials.map { Self.values(of: $0, at: shares) }
    return shares.indices.compactMap { index in
      let here = values.map { $0[index] }
      guard let low = here.min(), let high = here.max(), low > 0 else { return nil }
      return Span(shares[index], low: low, high: high)
    }
  }

  /// Rising shares from 1 % to where `count` observations leave ``least`` beyond.
  ///
  /// Evenly spaced on the axis; the least of millions would be a spike at its left edge.
  static func shares(count: UInt64, perNine: Int) -> [Double] {
    guard count > UInt64(least) else { return [] }
    let nines = log10(Double(count) / Double(least))
    let steps = max(1, Int((nines * Double(perNine)).rounded(.down)))
    return (0...steps).map { max(0.01, 1 - pow(10, -nines * Double($0) / Double(steps))) }
  }

  /// The quantiles at rising shares, ns, as of `LatencyDistribution.quantile`; 0 when empty.
  ///
  /// O(buckets + shares).
  static func values(of latency: LatencyDistribution, at shares: [Double]) -> [Double] {
    var next = latency.buckets.makeIterator()
    var bucket = next.next()
    var seen = bucket?.count ?? 0
    return shares.map { share in
      while Double(seen) < share * Double(latency.count), let following = next.next() {
        bucket = following
        seen += following.count
      }
      guard let bucket else { return 0 }
      if latency.isOpenEnded(at: bucket.index) { return Double(latency.maximum) }
      let middle = LatencyBuckets.midpoint(bucket.index)
      return Double(min(max(middle, latency.minimum), latency.maximum))
    }
  }
}
