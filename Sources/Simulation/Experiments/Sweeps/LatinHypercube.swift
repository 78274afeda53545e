internal import Measure

/// Points of which each factor has one in every stratum, whatever the number of factors.
///
/// McKay, Beckman & Conover, A comparison of three methods for selecting values of input variables
/// in the analysis of output from a computer code, Technometrics 21 (1979).
public enum LatinHypercube {
  /// `count` points of the unit cube with `dimensions` coordinates in 0..<1.
  ///
  /// In each dimension the strata of width 1 / count hold one point each, in an order and at a
  /// place within the stratum that `seed` draws. Traps unless both are above 0.
  /// O(count * dimensions).
  public static func points(_ count: Int, dimensions: Int, seed: UInt64) -> [[Double]] {
    precondition(count > 0 && dimensions > 0, "a sample has points, and points coordinates")
    var points = [[Double]](repeating: [], count: count)
    for dimension in 0..<dimensions {
      var random = SeededRandom(seed: seed, stream: UInt64(dimension))
      for (point, stratum) in (0..<count).shuffled(using: &random).enumerated() {
        // Below 1 whatever the rounding: a coordinate belongs to its stratum.
        let place = (Double(stratum) + random.unit()) / Double(count)
        points[point].append(min(place, 1.0.nextDown))
      }
    }
    return points
  }
}
