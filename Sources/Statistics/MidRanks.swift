/// Ranks of some values from 1, equal values sharing the mean of theirs.
///
/// Kept doubled, so that they are whole numbers (Lehmann, Nonparametrics, 1975, section 1.4).
struct MidRanks {
  /// Twice the rank of each value, in the order given.
  let doubled: [Int]
  /// The sum of t^3 - t over the groups of t equal values; 0 without ties.
  let tieTerm: Double

  /// Ranks the values, none of which may be NaN.
  ///
  /// O(n log n).
  init(of values: [Double]) {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var doubled = [Int](repeating: 0, count: values.count)
    var tieTerm = 0.0
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      // Ranks start + 1 through end, whose mean is half of their ends' sum.
      for place in start..<end { doubled[order[place]] = start + 1 + end }
      let size = Double(end - start)
      tieTerm += size * (size * size - 1)
      start = end
    }
    self.doubled = doubled
    self.tieTerm = tieTerm
  }
}
