/// Elementary functions with the same bits on every machine, in debug and in release builds.
///
/// The C library's `log` and `exp` differ in their last bit between versions and processors, and a
/// bit is enough to send two runs of a simulation apart. Here stand only IEEE 754 additions,
/// multiplications, divisions and square roots, which are rounded alike everywhere (Swift does not
/// fuse them by itself). All are O(1).
enum Elementary {
  private static let ln2High = 6.93147180369123816490e-01
  private static let ln2Low = 1.90821492927058770002e-10

  /// The natural logarithm, within 1 unit in the last place.
  ///
  /// -infinity for 0, NaN below. Method and coefficients of fdlibm's `e_log.c` (Sun Microsystems,
  /// 1993): x = 2^k (1 + f) with 1 + f around 1, then a polynomial in s = f / (2 + f).
  static func log(_ x: Double) -> Double {
    guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x > 0 ? x : .nan }
    let isSubnormal = x < 0x1p-1022
    let bits = (isSubnormal ? x * 0x1p54 : x).bitPattern
    // The exponent is taken so that 1 + f lies between sqrt(1/2) and sqrt(2).
    let shifted = bits &+ (0x3FF0_0000_0000_0000 &- 0x3FE6_A09E_0000_0000)
    let k = Double(Int(shifted >> 52) - 0x3FF - (isSubnormal ? 54 : 0))
    let f = Double(bitPattern: shifted & 0xF_FFFF_FFFF_FFFF &+ 0x3FE6_A09E_0000_0000) - 1
    let s = f / (2 + f)
    let z = s * s
    let w = z * z
    let even =
      w
      * (3.999999999940941908e-01 + w
        * (2.222219843214978396e-01
          + w * 1.531383769920937332e-01))
    let odd =
      z
      * (6.666666666666735130e-01 + w
        * (2.857142874366239149e-01
          + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)))
    let half = 0.5 * f * f
    return k * ln2High - ((half - (s * (half + (even + odd)) + k * ln2Low)) - f)
  }

  /// e to the power of `x`, within 1 unit in the last place where the result is normal.
  ///
  /// Method and coefficients of fdlibm's `e_exp.c` (Sun Microsystems, 1993): x = k ln 2 + r with
  /// |r| <= ln 2 / 2, then a rational approximation of Remez' in r².
  static func exp(_ x: Double) -> Double {
    guard x == x else { return x }
    guard x < 7.09782712893383973096e+02 else { return .infinity }
    guard x > -7.45133219101941108420e+02 else { return 0 }
    let k = Int(x * 1.44269504088896338700 + (x < 0 ? -0.5 : 0.5))
    let high = x - Double(k) * ln2High
    let low = Double(k) * ln2Low
    let r = high - low
    let t = r * r
    let c =
      r - t
      * (1.66666666666666019037e-01 + t
        * (-2.77777777770155933842e-03
          + t
          * (6.61375632143793436117e-05 + t
            * (-1.65339022054652515390e-06
              + t * 4.13813679705723846039e-08))))
    let y = 1 - ((low - (r * c) / (2 - c)) - high)
    return k < -1021
      ? y * power(k + 1000) * 0x1p-1000 : k > 1023 ? y * 2 * power(1023) : y * power(k)
  }

  /// 2 to the power of `k`, for a `k` from -1022 to 1023.
  private static func power(_ k: Int) -> Double {
    Double(bitPattern: UInt64(k + 1023) << 52)
  }

  /// The value that a standard normal variable does not exceed with probability `p`.
  ///
  /// Infinite for 0 and 1. Rational approximations of Wichura's, algorithm AS 241 (PPND16; Applied
  /// Statistics 37, 1988, 477-484); relative error below 1e-15.
  static func normalQuantile(_ p: Double) -> Double {
    let q = p - 0.5
    guard abs(q) > 0.425 else { return q * ratio(central, 0.180625 - q * q) }
    let tail = q < 0 ? p : 1 - p
    guard tail > 0 else { return q < 0 ? -.infinity : .infinity }
    let r = (-log(tail)).squareRoot()
    let z = r <= 5 ? ratio(middle, r - 1.6) : ratio(far, r - 5)
    return q < 0 ? -z : z
  }

  /// The probability that a standard normal variable is at most `z`; relative error below 1e-13.
  ///
  /// Around 0 a series in which nothing cancels (Marsaglia, Journal of Statistical Software 11(4),
  /// 2004), in the tails Laplace's continued fraction (Abramowitz & Stegun 26.2.14), so that small
  /// probabilities keep their digits. About 50 steps.
  static func normalCumulative(_ z: Double) -> Double {
    guard z <= 0 else { return 1 - normalCumulative(-z) }
    let density = exp(-z * z / 2) * 0.39894228040143267794
    guard z > -38 else { return 0 }
    guard z > -2.5 else {
      var fraction = -z
      for step in stride(from: 60.0, to: 0, by: -1) { fraction = step / fraction - z }
      return density / fraction
    }
    var term = z
    var sum = z
    var divisor = 3.0
    while abs(term) > abs(sum) * 0x1p-60 {
      term *= z * z / divisor
      sum += term
      divisor += 2
    }
    return 0.5 + density * sum
  }

  private typealias Ratio = (
    (Double, Double, Double, Double, Double, Double, Double, Double),
    (Double, Double, Double, Double, Double, Double, Double)
  )

  /// A polynomial of degree 7 over one that starts with 1.
  @inline(__always) private static func ratio(_ c: Ratio, _ x: Double) -> Double {
    let (a, b) = c
    let low = ((a.7 * x + a.6) * x + a.5) * x + a.4
    let above = (((low * x + a.3) * x + a.2) * x + a.1) * x + a.0
    let left = ((b.6 * x + b.5) * x + b.4) * x + b.3
    let below = (((left * x + b.2) * x + b.1) * x + b.0) * x + 1
    return above / below
  }

  @inline(__always) private static var central: Ratio {
    (
      (
        3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3,
        1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
        3.3430575583588128105e4, 2.5090809287301226727e3
      ),
      (
        4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
        2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
        5.2264952788528545610e3
      )
    )
  }

  @inline(__always) private static var middle: Ratio {
    (
      (
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550,
        3.64784832476320460504, 1.27045825245236838258, 2.41780725177450611770e-1,
        2.27238449892691845833e-2, 7.74545014278341407640e-4
      ),
      (
        2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1,
        1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
        1.05075007164441684324e-9
      )
    )
  }

  @inline(__always) private static var far: Ratio {
    (
      (
        6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580,
        2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
        2.71155556874348757815e-5, 2.01033439929228813265e-7
      ),
      (
        5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
        2.04426310338993978564e-15
      )
    )
  }
}
