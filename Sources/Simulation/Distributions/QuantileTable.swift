internal import Measure
internal import Synchronization

/// A measured distribution as a piecewise linear quantile function in immutable memory.
///
/// Tables lie in one store for as long as the process lives, equal ones once: whoever holds one
/// holds two pointers, copies them freely between threads, and counts no references per draw.
struct QuantileTable: BitwiseCopyable, Equatable, @unchecked Sendable {
  /// A stretch of probability over which the value rises evenly.
  struct Segment: BitwiseCopyable, Equatable {
    /// The probability of less than this stretch.
    var start: Double
    /// The value at `start`, ns.
    var low: Double
    /// The rise in ns per unit of probability.
    var slope: Double
  }

  private let segments: UnsafePointer<Segment>
  /// For each of `count` equal parts of probability, the segment in which it starts (the index
  /// tables of Chen & Asau, AIIE Transactions 6, 1974): a look-up takes about one step.
  private let guides: UnsafePointer<UInt32>
  let count: Int

  private static let store = Mutex<[QuantileTable]>([])

  /// The table of `segments`, which rise in `start` from 0; kept for ever.
  static func shared(_ segments: [Segment]) -> QuantileTable {
    store.withLock { tables in
      let known = tables.first { table in
        table.count == segments.count && segments.indices.allSatisfy { table[$0] == segments[$0] }
      }
      if let known { return known }
      let table = QuantileTable(copying: segments)
      tables.append(table)
      return table
    }
  }

  private init(copying segments: [Segment]) {
    count = segments.count
    let memory = UnsafeMutablePointer<Segment>.allocate(capacity: count)
    let steps = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
    var place = 0
    for (index, segment) in segments.enumerated() {
      (memory + index).initialize(to: segment)
      let part = Double(index) / Double(count)
      while place + 1 < count, segments[place + 1].start <= part { place += 1 }
      (steps + index).initialize(to: UInt32(place))
    }
    self.segments = UnsafePointer(memory)
    guides = UnsafePointer(steps)
  }

  /// The segment at `index`.
  subscript(index: Int) -> Segment { segments[index] }

  /// The probability at which the segment at `index` ends.
  func end(_ index: Int) -> Double { index + 1 < count ? segments[index + 1].start : 1 }

  /// The value, in ns, below which a part `p` of all lies.
  ///
  /// O(1) on average.
  func quantile(_ p: Double) -> Double {
    // A product that rounds up may name the part behind; its guide is then one segment too far.
    var index = Int(guides[min(Int(p * Double(count)), count - 1)])
    while index > 0, segments[index].start > p { index -= 1 }
    while index + 1 < count, segments[index + 1].start <= p { index += 1 }
    let segment = segments[index]
    return segment.low + (p - segment.start) * segment.slope
  }

  /// The probability of a value of at most `x` ns.
  ///
  /// O(segments).
  func cumulative(_ x: Double) -> Double {
    var below = 0.0
    for index in 0..<count {
      let segment = segments[index]
      guard segment.low <= x else { break }
      let width = end(index) - segment.start
      let rise = segment.slope * width
      below += rise > 0 ? width * min(1, (x - segment.low) / rise) : width
    }
    return min(below, 1)
  }

  /// The mean of the value to the power of 1 or 2, in ns or ns².
  ///
  /// O(segments).
  func moment(_ power: Int) -> Double {
    var sum = 0.0
    for index in 0..<count {
      let width = end(index) - segments[index].start
      let low = segments[index].low
      let high = low + segments[index].slope * width
      // The integral of a line, and of its square.
      sum += width * (power == 1 ? (low + high) / 2 : (low * low + low * high + high * high) / 3)
    }
    return sum
  }

  static func == (left: QuantileTable, right: QuantileTable) -> Bool {
    left.segments == right.segments
  }
}

extension QuantileTable {
  /// The table that interpolates linearly between `samples`, which rise and are at least one.
  static func interpolating(_ samples: [Nanoseconds]) -> QuantileTable {
    guard samples.count > 1 else {
      return shared([Segment(start: 0, low: Double(samples[0].count), slope: 0)])
    }
    let gaps = Double(samples.count - 1)
    return shared(
      zip(samples, samples.dropFirst()).enumerated().map { index, pair in
        Segment(
          start: Double(index) / gaps, low: Double(pair.0.count),
          slope: Double(pair.1.count - pair.0.count) * gaps)
      })
  }

  /// The table of what a histogram counted, spread evenly over each bucket's whole nanoseconds.
  static func measured(_ histogram: LatencyDistribution) -> QuantileTable {
    let total = Double(histogram.count)
    var before: UInt64 = 0
    return shared(
      histogram.buckets.filter { $0.count > 0 }.map { bucket in
        let width: UInt64 = bucket.index < 128 ? 1 : 1 << (UInt64(bucket.index >> 6) - 1)
        let first = LatencyBuckets.midpoint(bucket.index) - width / 2
        // What is past the layout fell into the last bucket.
        let isLast = histogram.isOpenEnded(at: bucket.index)
        let low = max(first, histogram.minimum)
        let high = max(low, isLast ? histogram.maximum : min(first + width - 1, histogram.maximum))
        defer { before += bucket.count }
        return Segment(
          start: Double(before) / total, low: Double(low),
          slope: Double(high - low) / (Double(bucket.count) / total))
      })
  }
}
