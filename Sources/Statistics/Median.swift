/// The middle of some values.
public enum Median {
  /// The median; the mean of the middle two for an even count.
  ///
  /// nil for no values. O(n log n).
  public static func of(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : of(sorted: values.sorted())
  }

  /// The median of values in ascending order; traps for none.
  static func of(sorted: [Double]) -> Double {
    let middle = sorted.count / 2
    // Halved before they are added: the sum of two large values has no room.
    return sorted.count.isMultiple(of: 2)
      ? sorted[middle - 1] / 2 + sorted[middle] / 2 : sorted[middle]
  }
}
