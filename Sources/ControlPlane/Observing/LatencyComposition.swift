public import Measure
internal import Simulation

/// Latencies with their parts: for every bucket of a histogram the sums of the parts.
///
/// The parts of a percentile are not the percentiles of the parts. Here stands, for requests of
/// each latency, what that latency was made of.
public struct LatencyComposition: Hashable, Codable, Sendable {
  /// One non-empty bucket.
  public struct Bucket: Hashable, Codable, Sendable {
    /// Place in ``LatencyBuckets`` of the latency in units of ``LatencyComposition/unit``.
    public var index: Int
    /// How many latencies fell into it.
    public var count: UInt64
    /// Sums over them of each part, ns, in the order of ``LatencyPart``'s cases.
    public var sums: [Int64]
  }

  /// What buckets count in, 2^10 ns, so that they reach to five hours.
  public static let unit = Nanoseconds(1 << unitBits)
  static let unitBits: Int64 = 10

  /// Non-empty buckets by rising index.
  public var buckets: [Bucket] = []

  /// Makes an empty one.
  public init() {}

  /// How many latencies there are.
  public var count: UInt64 { buckets.reduce(0) { $0 + $1.count } }

  /// Adds another's latencies.
  ///
  /// O(buckets).
  public mutating func merge(_ other: LatencyComposition) {
    var merged: [Bucket] = []
    merged.reserveCapacity(buckets.count + other.buckets.count)
    var mine = buckets[...]
    var theirs = other.buckets[...]
    while let left = mine.first, let right = theirs.first {
      if left.index < right.index {
        merged.append(mine.removeFirst())
      } else if right.index < left.index {
        merged.append(theirs.removeFirst())
      } else {
        let sums = zip(left.sums, right.sums).map { $0 + $1 }
        merged.append(
          Bucket(index: left.index, count: left.count + right.count, sums: sums))
        mine.removeFirst()
        theirs.removeFirst()
      }
    }
    buckets = merged + mine + theirs
  }

  /// What the latencies around a percentile are made of; nil if there are none.
  ///
  /// Around the percentile are those of its bucket and, while they are fewer than `least`, those of
  /// the buckets beside it, up to `reach` on either side (each spans at most 1.6 % of its value).
  /// O(buckets).
  public func breakdown(
    of quantile: Double, least: UInt64 = 30, reach: Int = 8
  ) -> LatencyBreakdown? {
    let all = count
    guard all > 0 else { return nil }
    var seen: UInt64 = 0
    let center =
      buckets.firstIndex { bucket in
        seen += bucket.count
        return Double(seen) >= quantile * Double(all)
      } ?? buckets.count - 1
    let index = buckets[center].index
    var span = 0
    var near = buckets[center...center]
    while span < reach, near.reduce(0, { $0 + $1.count }) < least {
      span += 1
      let first = near.startIndex - 1
      if first >= 0, buckets[first].index >= index - span {
        near = buckets[first..<near.endIndex]
      }
      if near.endIndex < buckets.count, buckets[near.endIndex].index <= index + span {
        near = buckets[near.startIndex...near.endIndex]
      }
    }
    return LatencyBreakdown(quantile: quantile, of: near, around: index)
  }
}

/// What the latencies around a percentile are made of, on average.
public struct LatencyBreakdown: Hashable, Codable, Sendable {
  /// A part with its mean.
  public struct Part: Hashable, Codable, Sendable {
    /// Which.
    public var part: LatencyPart
    /// Its mean over the latencies looked at.
    public var time: Nanoseconds
  }

  /// Which percentile: 0.99 is p99.
  public var quantile: Double
  /// The percentile, as the midpoint of its bucket.
  public var latency: Nanoseconds
  /// How many latencies around it were looked at.
  public var count: UInt64
  /// Their mean, which is the sum of the parts (each rounded to the nanosecond).
  public var mean: Nanoseconds
  /// The parts that are above zero, the longest first.
  public var parts: [Part]

  init(quantile: Double, of buckets: ArraySlice<LatencyComposition.Bucket>, around index: Int) {
    self.quantile = quantile
    latency = LatencyComposition.unit * Int64(LatencyBuckets.midpoint(index))
    count = buckets.reduce(0) { $0 + $1.count }
    let divisor = Int64(max(1, count))
    let times = LatencyPart.allCases.indices.map { part in
      buckets.reduce(0) { $0 + $1.sums[part] } / divisor
    }
    mean = Nanoseconds(times.reduce(0, +))
    parts = zip(LatencyPart.allCases, times).filter { $0.1 > 0 }
      .map { Part(part: $0.0, time: Nanoseconds($0.1)) }
      .sorted { ($1.time.count, $0.part.place) < ($0.time.count, $1.part.place) }
  }

  /// A part's share of all.
  public func share(of part: LatencyPart) -> Fraction {
    let time = parts.first { $0.part == part }?.time ?? .zero
    return Fraction(mean > .zero ? Double(time.count) / Double(mean.count) : 0)
  }
}

/// The sums of parts by bucket of latency, as they are collected.
struct PartTable: ~Copyable {
  private var sums = Table<PartVector>(repeating: PartVector(), count: LatencyBuckets.count)
  private var counts = Table<UInt64>(repeating: 0, count: LatencyBuckets.count)

  /// Takes in a latency by its parts.
  @inline(__always) mutating func record(_ parts: PartVector) {
    let total = max(0, parts.total) >> LatencyComposition.unitBits
    let index = LatencyBuckets.index(of: UInt64(total))
    sums[index] += parts
    counts[index] += 1
  }

  /// The content as a value.
  ///
  /// O(buckets).
  func snapshot() -> LatencyComposition {
    var composition = LatencyComposition()
    for index in counts.indices where counts[index] > 0 {
      let sums = LatencyPart.allCases.map { self.sums[index][$0] }
      composition.buckets.append(.init(index: index, count: counts[index], sums: sums))
    }
    return composition
  }
}
