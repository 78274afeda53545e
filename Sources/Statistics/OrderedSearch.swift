/// Search among the floating-point numbers themselves, which are finite in number.
///
/// Inverts a distribution function, and selects the k-th smallest of more values than fit an array:
/// that is the least x which k of them do not exceed.
enum OrderedSearch {
  /// The least number within `range` that fulfils a condition which holds from there on upwards.
  ///
  /// The range's upper end if none does. Halves the numbers left by their place in the order of all
  /// doubles, so it finds 1e-200 as well as 0.5, to the last bit. At most 64 calls.
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
