import RealModule

/// Nodes and weights that integrate polynomials of degree 2 count - 1 exactly.
struct GaussLegendre {
  /// The nodes from -1 to 1, the lowest first, each with its weight.
  let points: [(node: Double, weight: Double)]

  /// The rule of `count` nodes: the zeros of a Legendre polynomial, by Newton's method.
  ///
  /// DLMF 3.5(v); the first guesses are Tricomi's. O(count²).
  init(count: Int) {
    let degree = Double(count)
    points = (0..<count).map { place in
      var node = -Double.cos(.pi * (Double(place) + 0.75) / (degree + 0.5))
      var slope = 1.0
      // Newton's method doubles the digits: the guess has three.
      for _ in 0..<6 {
        var before = 0.0
        var value = 1.0
        for order in 1...count {
          let m = Double(order)
          (before, value) = (value, ((2 * m - 1) * node * value - (m - 1) * before) / m)
        }
        slope = degree * (node * value - before) / (node * node - 1)
        node -= value / slope
      }
      return (node, 2 / ((1 - node * node) * slope * slope))
    }
  }

  /// The same from `low` to `high`.
  func scaled(from low: Double, to high: Double) -> [(node: Double, weight: Double)] {
    let half = (high - low) / 2
    return points.map { (low + half * (1 + $0.node), half * $0.weight) }
  }
}
