public import Measure
import RealModule

/// Levels for looking at the data several times without raising more false alarms.
///
/// Who tests five times at 5 % and stops at the first alarm is wrong 14 % of the time. With the
/// looks planned and equally spaced, the sums at the looks are those of a random walk, and the
/// chance that it ever leaves its bounds is known by integrating from look to look (Armitage,
/// McPherson & Rowe, Repeated significance tests on accumulating data, 1969; Jennison & Turnbull,
/// Group Sequential Methods, 2000, chapters 2 and 19).
public enum PlannedLooks {
  /// The most looks that are computed.
  public static let most = 20

  /// Pocock's level: the same nominal two-sided level at each of `looks` looks.
  ///
  /// With it the whole has the two-sided level `alpha`: .0158 for five looks at .05. The interval
  /// to report at a look has the confidence 1 - level. Pocock, Group sequential methods in the
  /// design and analysis of clinical trials (1977). Traps unless 1 <= looks <= ``most`` and
  /// 1e-6 <= alpha < 1. O(looks), some ten milliseconds for 20.
  public static func pocock(looks: Int, alpha: Fraction) -> Fraction {
    level(ofBound: bound(alpha, looks: looks))
  }

  /// The two-sided level of a normal deviate.
  private static func level(ofBound bound: Double) -> Fraction {
    Fraction(.erfc(bound / 2.0.squareRoot()))
  }

  /// The bound of every look that has the overall level; regula falsi, Illinois variant.
  private static func bound(_ alpha: Fraction, looks: Int) -> Double {
    precondition(1...most ~= looks, "there are 1 to \(most) looks")
    precondition(alpha.value >= 1e-6 && alpha.value < 1, "a level is within 1e-6 and 1")
    // In logarithms the excess is almost a parabola of the bound.
    func excess(_ bound: Double) -> Double {
      .log((1 - chanceToStay(Array(repeating: bound, count: looks))) / alpha.value)
    }
    // One look alone needs the least; Bonferroni's bound is never too small.
    var low = -Normal.quantile(alpha.value / 2)
    var high = -Normal.quantile(alpha.value / 2 / Double(looks))
    guard looks > 1 else { return low }
    var above = excess(low)
    var below = excess(high)
    var staysAbove: Bool?
    for _ in 0..<60 where high - low > 1e-13 {
      let middle = high - below * (high - low) / (below - above)
      let value = excess(middle)
      if value.magnitude < 1e-12 { return middle }
      // An end that stays a second time is weighed half, or it would stay for ever.
      if value < 0 {
        if staysAbove == true { above /= 2 }
        (high, below, staysAbove) = (middle, value, true)
      } else {
        if staysAbove == false { below /= 2 }
        (low, above, staysAbove) = (middle, value, false)
      }
    }
    return (low + high) / 2
  }

  private static let rule = GaussLegendre(count: 48)

  /// The chance that a walk of standard normal steps is within bound k times sqrt(k) at every k.
  private static func chanceToStay(_ bounds: [Double]) -> Double {
    // Half of the symmetric density of where the walk is, given that it has not left.
    var density = [(node: 0.0, weight: 0.5)]
    let norm = 1 / (2 * Double.pi).squareRoot()
    for (index, bound) in bounds.enumerated() {
      var next = rule.scaled(from: 0, to: bound * Double(index + 1).squareRoot())
      for place in next.indices {
        var sum = 0.0
        for from in density {
          let near = next[place].node - from.node
          let far = next[place].node + from.node
          sum += from.weight * (.exp(-near * near / 2) + .exp(-far * far / 2))
        }
        next[place].weight *= norm * sum
      }
      density = next
    }
    return 2 * density.reduce(0) { $0 + $1.weight }
  }
}
