/// What a latency histogram held: mergeable, and a record's form of it.
public struct LatencyDistribution: Hashable, Codable, Sendable {
  /// One non-empty bucket.
  public struct Bucket: Hashable, Sendable {
    /// Place in ``LatencyBuckets``.
    public var index: Int
    /// How many observations fell into it.
    public var count: UInt64

    /// Makes a bucket.
    public init(index: Int, count: UInt64) {
      self.index = index
      self.count = count
    }
  }

  /// Non-empty buckets by rising index.
  public var buckets: [Bucket] = []
  /// How many observations there are.
  public var count: UInt64 = 0
  /// Their sum, ns.
  public var sum: UInt64 = 0
  /// Their sum of squares, ns².
  public var sumOfSquares: Double = 0
  /// The smallest, ns; 0 when empty.
  public var minimum: UInt64 = 0
  /// The largest, ns; 0 when empty.
  public var maximum: UInt64 = 0

  /// Makes an empty distribution.
  public init() {}

  /// The mean, ns; 0 when empty.
  public var mean: Double { count == 0 ? 0 : Double(sum) / Double(count) }

  /// The sample standard deviation, ns; 0 for fewer than two observations.
  public var standardDeviation: Double {
    guard count > 1 else { return 0 }
    let spread = sumOfSquares - Double(sum) * mean
    return (max(spread, 0) / Double(count - 1)).squareRoot()
  }

  /// Whether the bucket of that index holds values beyond its end: the layout that they were
  /// counted in, ours or fio's, has no further one.
  public func isOpenEnded(at index: Int) -> Bool {
    index == LatencyBuckets.count - 1
      || index == LatencyBuckets.fioCount - 1 && index == buckets.last?.index
        && LatencyBuckets.index(of: maximum) > index
  }

  /// The smallest bucket midpoint (ns) with at least `fraction` of all observations at or below it.
  ///
  /// fio's rule (`calc_clat_percentiles`), clamped to the exact minimum and maximum. nil when
  /// empty. O(buckets).
  public func quantile(_ fraction: Double) -> UInt64? {
    guard count > 0 else { return nil }
    let rank = fraction * Double(count)
    var seen: UInt64 = 0
    for bucket in buckets {
      seen += bucket.count
      if Double(seen) >= rank {
        if isOpenEnded(at: bucket.index) { return maximum }
        return min(max(LatencyBuckets.midpoint(bucket.index), minimum), maximum)
      }
    }
    return maximum
  }

  /// Adds another distribution's observations.
  ///
  /// O(buckets).
  public mutating func merge(_ other: LatencyDistribution) {
    guard other.count > 0 else { return }
    minimum = count == 0 ? other.minimum : min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    count += other.count
    sum &+= other.sum
    sumOfSquares += other.sumOfSquares
    var merged: [Bucket] = []
    merged.reserveCapacity(buckets.count + other.buckets.count)
    var mine = buckets[...]
    var theirs = other.buckets[...]
    while let left = mine.first, let right = theirs.first {
      if left.index == right.index {
        merged.append(.init(index: left.index, count: left.count + right.count))
        mine.removeFirst()
        theirs.removeFirst()
      } else if left.index < right.index {
        merged.append(mine.removeFirst())
      } else {
        merged.append(theirs.removeFirst())
      }
    }
    buckets = merged + mine + theirs
  }
}

extension LatencyDistribution.Bucket: Codable {
  /// Reads `[index, count]`.
  public init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    index = try container.decode(Int.self)
    count = try container.decode(UInt64.self)
  }

  /// Writes `[index, count]`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(index)
    try container.encode(count)
  }
}
