/// The bucket layout of fio's latency histogram, gone on with: 41 groups of 64 buckets.
///
/// Values below 128 have a bucket each; above, a bucket spans 2^k values with 64 buckets an octave,
/// so that the midpoint is at most 1/128 = 0.78 % off. Layout and midpoints are fio's `stat.h`
/// (`FIO_IO_U_PLAT_BITS` 6, `FIO_IO_U_PLAT_GROUP_NR` 29), so bins merge with fio's json+ exactly.
/// fio's groups end at 2^34 ns = 17 s, as latencies of I/O do; ours at 2^46 ns = 19.5 h, since
/// machines are deployed and pods start in minutes.
public enum LatencyBuckets {
  /// How many buckets there are.
  @inlinable public static var count: Int { 41 * 64 }

  /// How many of them are fio's, the first ones.
  @inlinable public static var fioCount: Int { 29 * 64 }

  /// The bucket of `value` (ns); values past the end fall into the last one.
  @inlinable @inline(__always)
  public static func index(of value: UInt64) -> Int {
    if value < 128 { return Int(value) }
    let shift = 57 - value.leadingZeroBitCount
    return min((shift << 6) + Int(truncatingIfNeeded: value >> UInt64(shift)), count - 1)
  }

  /// The midpoint (ns) that stands for all values of the bucket at `index`.
  public static func midpoint(_ index: Int) -> UInt64 {
    if index < 128 { return UInt64(index) }
    let shift = UInt64(index >> 6) - 1
    return (1 << (shift + 6)) + (UInt64(index & 63) << shift) + (1 << shift) / 2
  }
}

/// A latency histogram in preallocated memory, for one writer.
///
/// Recording is O(1) without allocation. Count, sum, minimum and maximum are exact.
public struct LatencyHistogram: ~Copyable {
  @usableFromInline let buckets: UnsafeMutablePointer<UInt64>
  /// How many values were recorded.
  public var count: UInt64 = 0
  /// Their sum, ns.
  public var sum: UInt64 = 0
  /// Their sum of squares, ns².
  public var sumOfSquares: Double = 0
  /// The smallest, ns; `UInt64.max` when empty.
  public var minimum = UInt64.max
  /// The largest, ns.
  public var maximum: UInt64 = 0

  /// Makes an empty histogram; allocates 21 KiB once.
  public init() {
    buckets = .allocate(capacity: LatencyBuckets.count)
    buckets.initialize(repeating: 0, count: LatencyBuckets.count)
  }

  deinit { buckets.deallocate() }

  /// Records `times` observations of `value` ns.
  @inlinable @inline(__always)
  public mutating func record(_ value: UInt64, times: UInt64 = 1) {
    buckets[LatencyBuckets.index(of: value)] &+= times
    count &+= times
    sum &+= value &* times
    sumOfSquares += Double(value) * Double(value) * Double(times)
    if value < minimum { minimum = value }
    if value > maximum { maximum = value }
  }

  /// Forgets everything, as at the end of a ramp.
  public mutating func reset() {
    buckets.update(repeating: 0, count: LatencyBuckets.count)
    count = 0
    sum = 0
    sumOfSquares = 0
    minimum = .max
    maximum = 0
  }

  /// The content as a value.
  ///
  /// O(buckets).
  public func snapshot() -> LatencyDistribution {
    var distribution = LatencyDistribution()
    for index in 0..<LatencyBuckets.count where buckets[index] != 0 {
      distribution.buckets.append(.init(index: index, count: buckets[index]))
    }
    distribution.count = count
    distribution.sum = sum
    distribution.sumOfSquares = sumOfSquares
    distribution.minimum = count == 0 ? 0 : minimum
    distribution.maximum = maximum
    return distribution
  }
}
