/// A number for each pair of values, too many to write down: ranked by counting alone.
///
/// Both kinds are matrices whose rows and columns are sorted, so that how many are at most x is
/// counted along the border in linear time (Johnson & Mizoguchi, Selecting the Kth Element in X + Y
/// and X1 + X2 + ... + Xm, SIAM J. Computing 7, 1978).
protocol OrderedPairs {
  /// How many pairs there are.
  var count: Int { get }
  /// The least and the largest number.
  var range: ClosedRange<Double> { get }
  /// How many of the numbers are at most `limit`.
  func count(upTo limit: Double) -> Int
}

extension OrderedPairs {
  /// The number of a rank, from 1.
  ///
  /// O(n), with a factor of 64.
  func value(rank: Int) -> Double {
    OrderedSearch.least(in: range) { count(upTo: $0) >= rank }
  }

  /// The mean of the middle two for an even count.
  var median: Double {
    let low = value(rank: (count + 1) / 2)
    return count.isMultiple(of: 2) ? low / 2 + value(rank: count / 2 + 1) / 2 : low
  }
}

/// The means of all pairs of values, each value with itself among them.
struct WalshAverages: OrderedPairs {
  /// Halved beforehand: the sum of two large values has no room.
  private let halves: [Double]

  /// nil for no values or one that is not finite.
  ///
  /// O(n log n).
  init?(_ values: [Double]) {
    guard !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
    halves = values.map { $0 / 2 }.sorted()
  }

  var count: Int { halves.count * (halves.count + 1) / 2 }

  var range: ClosedRange<Double> { (halves[0] + halves[0])...(2 * halves[halves.count - 1]) }

  func count(upTo limit: Double) -> Int {
    var total = 0
    var end = halves.count
    for start in halves.indices {
      let value = halves[start]
      while end > start, value + halves[end - 1] > limit { end -= 1 }
      guard end > start else { break }
      total += end - start
    }
    return total
  }
}

/// What each value of one sample lies above each of another.
struct PairDifferences: OrderedPairs {
  private let from: [Double]
  private let to: [Double]

  /// nil for an empty sample, or a value or difference that is not finite.
  ///
  /// O(n log n).
  init?(from: [Double], to: [Double]) {
    self.from = from.sorted()
    self.to = to.sorted()
    guard from.allSatisfy(\.isFinite), to.allSatisfy(\.isFinite),
      let low = self.from.first, let high = self.from.last,
      let least = self.to.first, let largest = self.to.last,
      (least - high).isFinite, (largest - low).isFinite
    else { return nil }
  }

  var count: Int { from.count * to.count }

  var range: ClosedRange<Double> {
    (to[0] - from[from.count - 1])...(to[to.count - 1] - from[0])
  }

  func count(upTo limit: Double) -> Int {
    var total = 0
    var end = 0
    for value in from {
      while end < to.count, to[end] - value <= limit { end += 1 }
      total += end
    }
    return total
  }
}
