public import Measure
public import Statistics

/// How a series moves, and whether it grows without bound: the mark of a load above capacity.
///
/// A queue above its capacity is a random walk with drift. Its levels are so correlated that a rank
/// test of trend raises alarms on queues that are merely busy; its *increments* over equal spans
/// are independent, and those of a queue within its capacity cancel each other. So the drift is
/// the mean of increments, with Student's interval. It asks for spans that hold whole periods of a
/// load that swings: half a period is a rise.
public struct Growth: Hashable, Codable, Sendable {
  /// What the series rises a second of simulated time over its second half.
  public var perSecond: IntervalEstimate
  /// Whether it grows without bound, as far as its length lets one say.
  ///
  /// It rises over the second half, with 99.9 % confidence, and over the last quarter at half the
  /// rate of the whole at least: a warm-up slows down.
  public var isUnbounded: Bool

  /// The confidence of there being growth at all.
  static let certainty = Fraction(0.999)
  /// Spans into which a series is cut; half of them are judged.
  static let spans = 32

  /// Measures a series; nil for fewer than ``spans`` values, or one that is not finite.
  ///
  /// Values that do not fill the last span are left out at the front. Traps unless
  /// 0 < confidence < 1. O(n).
  public init?(of series: OutputSeries, confidence: Fraction) {
    let length = series.values.count / Self.spans
    guard length >= 1 else { return nil }
    let values = series.values.suffix(length * Self.spans)
    // The level at the end of a span, over its last quarter: that takes the noise of single values
    // away and leaves the increments of a random walk all but uncorrelated (by 0.05).
    let tail = max(1, length / 4)
    let levels = (1...Self.spans).map { span in
      let end = values.startIndex + span * length
      return values[(end - tail)..<end].reduce(0, +) / Double(tail)
    }
    let seconds = series.spacing.inSeconds * Double(length)
    let rates = zip(levels, levels.dropFirst()).map { ($1 - $0) / seconds }
    guard let half = Moments(Array(rates.suffix(Self.spans / 2))),
      let perSecond = half.interval(confidence: confidence),
      let certain = half.interval(confidence: Self.certainty),
      let atEnd = Moments(Array(rates.suffix(Self.spans / 4))), let whole = Moments(rates)
    else { return nil }
    self.perSecond = perSecond
    isUnbounded = certain.lower > 0 && atEnd.mean >= whole.mean / 2
  }
}
