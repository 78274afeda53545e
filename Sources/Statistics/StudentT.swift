/// Student's t distribution: a mean's distance from the truth in units of its estimated error.
public enum StudentT {
  /// The probability that t with `degrees` of freedom is at most `t`.
  ///
  /// Half of I_x(degrees / 2, 1/2) at x = degrees / (degrees + t²) lies beyond |t|
  /// (Abramowitz & Stegun 26.7.1). Traps unless degrees > 0. O(sqrt(degrees)).
  public static func cumulative(_ t: Double, degrees: Double) -> Double {
    t > 0 ? 1 - tail(t, degrees: degrees) : tail(-t, degrees: degrees)
  }

  /// The value that t with `degrees` of freedom does not pass with `probability`.
  ///
  /// Infinite for 0 and 1. Traps unless degrees > 0 and 0 <= probability <= 1. O(sqrt(degrees)).
  public static func quantile(_ probability: Double, degrees: Double) -> Double {
    precondition(probability >= 0 && probability <= 1, "a probability is within 0 and 1")
    let beyond = min(probability, 1 - probability)
    // Exactly the middle: the tail is flat there for many doubles.
    guard beyond < 0.5 else { return 0 }
    guard beyond > 0 else { return probability < 0.5 ? -.infinity : .infinity }
    let distance = OrderedSearch.least(in: 0 ... .infinity) { tail($0, degrees: degrees) <= beyond }
    return probability < 0.5 ? -distance : distance
  }

  /// The probability beyond a t that is not negative.
  static func tail(_ t: Double, degrees: Double) -> Double {
    precondition(degrees > 0, "degrees of freedom are above 0")
    let square = t * t / degrees
    guard square.isFinite else { return 0 }
    let x = 1 / (1 + square)
    return Beta.cumulative(x, complement: square * x, a: degrees / 2, b: 0.5) / 2
  }
}
