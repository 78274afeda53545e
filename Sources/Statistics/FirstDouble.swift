/// Where a rising condition begins to hold, to the last bit.
enum FirstDouble {
  /// The smallest double from 0 to `bound` for which `holds`, or `bound` if there is none.
  ///
  /// `holds` must not become false again. The bits of doubles that are not negative are ordered as
  /// the doubles are, so bisecting the bits finds 1e-200 as well as 0.5. At most 63 calls.
  static func within(_ bound: Double, where holds: (Double) -> Bool) -> Double {
    var low: UInt64 = 0
    var high = bound.bitPattern
    while low < high {
      let middle = low + (high - low) / 2
      if holds(Double(bitPattern: middle)) { high = middle } else { low = middle + 1 }
    }
    return Double(bitPattern: high)
  }
}
