/// Change points by optimal partitioning: the segments whose values lie nearest to their medians.
///
/// The sum of distances from the segments' medians, and a penalty for each change, is least
/// (Jackson et al., An algorithm for optimal partitioning of data on an interval, 2005; with
/// absolute distances, as a few outliers then make no segment: Fearnhead & Rigaill, Changepoint
/// detection in the presence of outliers, JASA 114, 2019).
enum MedianSegments {
  /// The places at which a new segment of at least `least` values begins, in order.
  ///
  /// O(n² log n) steps and n²/2 moves of values in memory, short ones.
  static func places(in values: ArraySlice<Double>, least: Int, penalty: Double) -> [Int] {
    let count = values.count
    guard count >= 2 * least else { return [] }
    let values = Array(values[...])
    // The least cost of the first values, and where their last segment begins.
    var costs = [Double](repeating: .infinity, count: count + 1)
    var starts = [Int](repeating: 0, count: count + 1)
    // No change is before the first segment.
    costs[0] = -penalty
    for end in least...count {
      var segment = MedianDistance()
      for start in (0..<end).reversed() {
        segment.insert(values[start])
        guard end - start >= least else { continue }
        let cost = costs[start] + segment.sum + penalty
        if cost < costs[end] {
          costs[end] = cost
          starts[end] = start
        }
      }
    }
    var places: [Int] = []
    var end = starts[count]
    while end > 0 {
      places.append(end)
      end = starts[end]
    }
    return places.reversed()
  }

  /// The penalty with which noise alone makes a change with chance `p`.
  ///
  /// The sum of distances from a median is less than that from the truth by a χ² of one degree over
  /// 4 f, f the density there (Koenker, Quantile Regression, 2005, section 3.4). 1 / f is taken for
  /// that of normal noise, or for what the middle fifth of `residuals` says if that is more, as of
  /// values in two clouds with nothing between them (section 3.4.1, Siddiqui's estimate).
  static func penalty(
    residuals: [Double], least: Int, p: Double, noise: SeriesNoise
  ) -> Double {
    let sorted = residuals.sorted()
    let fifth = sorted[residuals.count * 3 / 5] - sorted[residuals.count * 2 / 5]
    let sparsity = max((2 * Double.pi).squareRoot() * noise.deviation, 5 * fifth)
    let z = SelectedSplit(count: residuals.count, least: least).bound(p)
    return z * z * noise.inflation * sparsity / 4
  }
}

/// The sum of distances of a growing set of values from its median.
struct MedianDistance {
  private var sorted: [Double] = []
  /// Sums of the lower and the upper half; the middle of an odd count is in neither.
  private var low = 0.0
  private var high = 0.0

  /// The sum of distances.
  var sum: Double { high - low }

  /// Adds a value.
  ///
  /// O(log n) comparisons; later values move one place on.
  mutating func insert(_ value: Double) {
    var rank = 0
    var end = sorted.count
    while rank < end {
      let middle = (rank + end) / 2
      if sorted[middle] < value { rank = middle + 1 } else { end = middle }
    }
    let half = sorted.count / 2
    if sorted.count.isMultiple(of: 2) {
      // One of the three in the middle becomes the median.
      if rank < half {
        low += value - sorted[half - 1]
      } else if rank > half {
        high += value - sorted[half]
      }
    } else if rank <= half {
      low += value
      high += sorted[half]
    } else {
      low += sorted[half]
      high += value
    }
    sorted.insert(value, at: rank)
  }
}
