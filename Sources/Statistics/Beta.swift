import RealModule

/// The beta distribution: the regularised incomplete beta function and its inverse.
enum Beta {
  /// The probability that a beta(a, b) variable is at most `x`: I_x(a, b).
  ///
  /// To about 14 digits of the smaller of the two tails. By the continued fraction DLMF 8.17.22,
  /// which converges quickly below (a + 1) / (a + b + 2); above it by the symmetry
  /// I_x(a, b) = 1 - I_1-x(b, a). Traps unless a > 0 and b > 0. O(sqrt(a + b)).
  static func cumulative(_ x: Double, a: Double, b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    return cumulative(x, complement: 1 - x, a: a, b: b)
  }

  /// The same where 1 - x is known better than its difference tells.
  static func cumulative(_ x: Double, complement: Double, a: Double, b: Double) -> Double {
    precondition(a > 0 && b > 0, "the parameters of a beta distribution are above 0")
    if x * (a + b + 2) > a + 1 {
      return 1 - lower(complement, complement: x, a: b, b: a)
    }
    return lower(x, complement: complement, a: a, b: b)
  }

  /// The value that a beta(a, b) variable does not pass with `probability`.
  ///
  /// Found by bisection, to the last bit for which ``cumulative(_:a:b:)`` is good. Traps unless
  /// 0 <= probability <= 1. O(sqrt(a + b)).
  static func quantile(_ probability: Double, a: Double, b: Double) -> Double {
    precondition(probability >= 0 && probability <= 1, "a probability is within 0 and 1")
    // The distribution reaches 1, as a double, well before the value does.
    guard probability < 1 else { return 1 }
    return OrderedSearch.least(in: 0...1) { cumulative($0, a: a, b: b) >= probability }
  }

  /// I_x(a, b) below its middle: x^a (1 - x)^b / (a B(a, b)) times the continued fraction.
  private static func lower(_ x: Double, complement: Double, a: Double, b: Double) -> Double {
    guard x > 0 else { return 0 }
    // Lentz's way to work a continued fraction from the front; `tiny` stands in for a zero.
    let tiny = 0x1p-1000
    func safe(_ value: Double) -> Double { value.magnitude < tiny ? tiny : value }
    var numerator = 1.0
    var denominator = 1 / safe(1 - (a + b) * x / (a + 1))
    var fraction = denominator
    // sqrt(a + b) steps are enough; the bound is there for parameters beyond any use.
    for step in 1...1_000_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      denominator = 1 / safe(1 + even * denominator)
      numerator = safe(1 + even / numerator)
      fraction *= denominator * numerator
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      denominator = 1 / safe(1 + odd * denominator)
      numerator = safe(1 + odd / numerator)
      fraction *= denominator * numerator
      if (denominator * numerator - 1).magnitude < 0x1p-52 { break }
    }
    return fraction * front(x, complement: complement, a: a, b: b) / a
  }

  /// x^a (1 - x)^b / B(a, b) without the differences of large logarithms.
  ///
  /// The saddle-point form of Loader, Fast and accurate computation of binomial probabilities
  /// (2000): what Stirling's formula leaves, and the deviance from where the mass lies.
  private static func front(_ x: Double, complement: Double, a: Double, b: Double) -> Double {
    let sum = a + b
    let stirling = stirlingError(sum) - stirlingError(a) - stirlingError(b)
    let deviance = deviance(a, sum * x) + deviance(b, sum * complement)
    // (a / sum) * b and not a * b / sum: the product of two large ones has no room.
    return (a / sum * b / (2 * .pi)).squareRoot() * .exp(stirling - deviance)
  }

  /// log Γ(z) less Stirling's (z - 1/2) log z - z + log(2π) / 2.
  private static func stirlingError(_ z: Double) -> Double {
    guard z >= 16 else {
      return .logGamma(z) - (z - 0.5) * .log(z) + z - 0.5 * .log(2 * .pi)
    }
    // B_2k / (2k (2k - 1) z^(2k - 1)), DLMF 5.11.1: eight digits after the first at 16.
    let inverse = 1 / (z * z)
    let terms = [1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360_360]
    return terms.reversed().reduce(0) { $0 * inverse + $1 } / z
  }

  /// x log(x / mean) + mean - x, by a series where the two are near.
  private static func deviance(_ x: Double, _ mean: Double) -> Double {
    let difference = x - mean
    let ratio = difference / (x + mean)
    guard ratio.magnitude < 0.1 else { return x * .log(x / mean) - difference }
    // log(x / mean) = 2 atanh(ratio).
    var term = 2 * x * ratio
    var sum = difference * ratio
    for step in 1...100 {
      term *= ratio * ratio
      let next = sum + term / Double(2 * step + 1)
      if next == sum { break }
      sum = next
    }
    return sum
  }
}
