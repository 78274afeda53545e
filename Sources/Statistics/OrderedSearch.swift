/// Search among the floating-point numbers themselves, which are finite in number.
///
/// Whoever can count how many of his values are at most x selects the k-th smallest by it without
/// having the values in an array: it is the least x with a count of k.
enum OrderedSearch {
  /// The least number within `range` that fulfils a condition which holds from there on upwards.
  ///
  /// Halves the numbers left by their place in the order of all doubles, so the answer is exact
  /// after at most 64 questions. The upper end must fulfil the condition.
  static func least(
    in range: ClosedRange<Double>, where holds: (Double) -> Bool
  ) -> Double {
    var lower = place(range.lowerBound)
    var upper = place(range.upperBound)
    while lower < upper {
      // The mean rounded down, without the sum, which may have no room.
      let middle = (lower & upper) + (lower ^ upper) >> 1
      if holds(number(middle)) { upper = middle } else { lower = middle + 1 }
    }
    return number(lower)
  }

  /// IEEE 754 orders the bits of positive numbers as the numbers; negative ones are mirrored.
  private static func place(_ number: Double) -> Int64 {
    let bits = Int64(bitPattern: number.bitPattern)
    return bits >= 0 ? bits : Int64.min - bits
  }

  private static func number(_ place: Int64) -> Double {
    place >= 0 ? Double(bitPattern: UInt64(place)) : -Double(bitPattern: UInt64(-place))
  }
}
