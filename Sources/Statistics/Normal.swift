internal import RealModule

/// The standard normal distribution.
public enum Normal {
  /// The probability of a value of at most `z`.
  ///
  /// By the complementary error function, so that both tails keep their digits (NIST Digital
  /// Library of Mathematical Functions, 7.2.2 and 7.18.1). O(1).
  public static func cdf(_ z: Double) -> Double {
    .erfc(-z * 0.5.squareRoot()) / 2
  }

  /// The value that is not exceeded with probability `p`: 1.96 for 0.975.
  ///
  /// Infinite for 0 and 1. Hastings' rational approximation (Abramowitz & Stegun, Handbook of
  /// Mathematical Functions, 1964, 26.2.23, error below 4.5e-4), then two of Halley's steps, each
  /// of which triples the digits; relative error below 1e-12 for p >= 1e-300. O(1); traps unless
  /// 0 <= p <= 1.
  public static func quantile(_ p: Double) -> Double {
    precondition(p >= 0 && p <= 1, "a probability is within 0 and 1")
    // The difference is exact here, and the small tail is the one with the digits.
    guard p <= 0.5 else { return -quantile(1 - p) }
    guard p > 0 else { return -.infinity }
    let t = (-2 * Double.log(p)).squareRoot()
    let above = 2.515517 + t * (0.802853 + t * 0.010328)
    let below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    var z = above / below - t
    for _ in 0..<2 {
      let density = Double.exp(-z * z / 2) / (2 * Double.pi).squareRoot()
      let newton = (cdf(z) - p) / density
      z -= newton / (1 + z * newton / 2)
    }
    return z
  }
}
