/// The correction of Benjamini and Hochberg: a bound on the share of false alarms among the alarms.
///
/// For tables that are looked through, where ``Holm`` is for a gate. Benjamini & Hochberg,
/// Controlling the False Discovery Rate, JRSS B 57 (1995), section 3.1; for tests that are
/// independent or positively dependent.
public enum BenjaminiHochberg {
  /// Adjusted p values in the order given: calling those at most q keeps the share below q.
  ///
  /// O(n log n); traps unless each p is within 0 and 1.
  public static func adjusted(_ p: [Double]) -> [Double] {
    precondition(p.allSatisfy { $0 >= 0 && $0 <= 1 }, "a p value is within 0 and 1")
    var adjusted = p
    var least = 1.0
    for (place, index) in p.indices.sorted(by: { p[$0] < p[$1] }).enumerated().reversed() {
      least = min(least, p[index] * (Double(p.count) / Double(place + 1)))
      adjusted[index] = least
    }
    return adjusted
  }
}
