public import Measure

/// A straight line through values at places 0, 1, 2 ...
public struct LineFit: Hashable, Codable, Sendable {
  /// The line's value at place 0.
  public var intercept: Double
  /// What it rises from one place to the next.
  public var slope: Double

  /// The line of least squares through `values`; a level one for a single value, nil for none.
  ///
  /// O(n).
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let middle = (count - 1) / 2
    var products = 0.0
    var squares = 0.0
    for (place, value) in values.enumerated() {
      let distance = Double(place) - middle
      products += distance * (value - mean)
      squares += distance * distance
    }
    slope = squares == 0 ? 0 : products / squares
    intercept = mean - slope * middle
  }

  /// The line's value at a place.
  public func value(at place: Double) -> Double { intercept + slope * place }
}

/// Whether a device has settled: the rule of SNIA's test specification for solid state storage.
///
/// SNIA SSS PTS 2.0.2 (2020), "steady state": over the last rounds, five by default, (a) the
/// largest value less the smallest is at most 20 % of their average, and (b) the line of least
/// squares through them rises or falls by at most 10 % of their average from the first to the last.
public enum SteadyState {
  /// What the last rounds say.
  public struct Verdict: Hashable, Codable, Sendable {
    /// Whether both conditions hold.
    public var isReached: Bool
    /// The window's first round, from 0.
    public var firstRound: Int
    /// Mean of the window.
    public var windowMean: Double
    /// Largest less smallest of the window, as a part of its mean.
    public var rangeFraction: Fraction
    /// What the fitted line rises or falls over the window, as a part of its mean; never negative.
    public var slopeFraction: Fraction
    /// The fitted line; place 0 is the window's first round.
    public var fit: LineFit
  }

  /// Judges the last `window` of `values`, one value a round.
  ///
  /// nil when that cannot be judged: fewer rounds than the window, or a value that is not finite,
  /// or a mean that is not above zero. O(window); traps unless window >= 2.
  public static func evaluate(
    values: [Double], window: Int = 5, range: Fraction = .percent(20),
    slope: Fraction = .percent(10)
  ) -> Verdict? {
    precondition(window >= 2, "a window of one round is always steady")
    let last = Array(values.suffix(window))
    guard last.count == window, let least = last.min(), let largest = last.max(),
      let fit = LineFit(last)
    else { return nil }
    let mean = last.reduce(0, +) / Double(window)
    guard mean > 0, mean.isFinite, last.allSatisfy(\.isFinite) else { return nil }
    let rise = (fit.slope * Double(window - 1)).magnitude
    return Verdict(
      isReached: largest - least <= range.value * mean && rise <= slope.value * mean,
      firstRound: values.count - window, windowMean: mean,
      rangeFraction: Fraction((largest - least) / mean), slopeFraction: Fraction(rise / mean),
      fit: fit)
  }
}
