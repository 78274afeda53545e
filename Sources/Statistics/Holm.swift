/// Holm's correction: a family of tests with one bound on the chance of any false alarm.
///
/// Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
/// Statistics 6 (1979), section 3. Holds whatever the tests' dependence.
public enum Holm {
  /// Adjusted p values in the order given: those at most alpha are significant together.
  ///
  /// O(n log n); traps unless each p is within 0 and 1.
  public static func adjusted(_ p: [Double]) -> [Double] {
    precondition(p.allSatisfy { $0 >= 0 && $0 <= 1 }, "a p value is within 0 and 1")
    var adjusted = p
    var largest = 0.0
    for (place, index) in p.indices.sorted(by: { p[$0] < p[$1] }).enumerated() {
      largest = max(largest, min(1, Double(p.count - place) * p[index]))
      adjusted[index] = largest
    }
    return adjusted
  }
}
