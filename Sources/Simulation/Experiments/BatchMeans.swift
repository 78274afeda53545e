public import Measure
public import Statistics

/// The mean of one long run with its interval, by means of long batches.
///
/// Neighbours in a run resemble each other; an interval from the values themselves would be far too
/// narrow. Batches resemble each other less, and what is left is made up for: the variance of their
/// mean is that of independent ones times (1 + r) / (1 - r), r the correlation of neighbours (the
/// correction of Skart, Tafazzoli, Wilson, Lada & Steiger, Performance of Skart, INFORMS Journal on
/// Computing 23, 2011). Beyond r = 0.4 no interval is to be trusted.
public struct BatchMeans: Hashable, Codable, Sendable {
  /// The mean with Student's interval over the batches.
  public var mean: IntervalEstimate
  /// How many values a batch has.
  public var length: Int
  /// The correlation of neighbouring batches: 1 less half of von Neumann's ratio.
  public var correlation: Double

  /// Twenty: more hardly narrow the interval, fewer than ten widen it much (Schmeiser, Batch size
  /// effects in the analysis of simulation output, Operations Research 30, 1982).
  static let count = 20

  /// Whether the batches are long enough; else the run is too short, and the interval too narrow.
  public var areLongEnough: Bool { correlation <= 0.4 }

  /// Cuts the values into twenty batches; those that do not fill the last are left out in front.
  ///
  /// nil for fewer than forty values, or one that is not finite. Traps unless 0 < confidence < 1.
  /// O(n).
  public init?(of values: [Double], confidence: Fraction) {
    let length = values.count / Self.count
    guard length >= 2 else { return nil }
    let used = values.suffix(length * Self.count)
    let means = (0..<Self.count).map { batch in
      let start = used.startIndex + batch * length
      return used[start..<(start + length)].reduce(0, +) / Double(length)
    }
    guard let moments = Moments(means) else { return nil }
    self.length = length
    let jumps = zip(means, means.dropFirst()).reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
    let squares = moments.variance * Double(Self.count - 1)
    correlation = squares > 0 ? 1 - jumps / (2 * squares) : 0
    // A walk in one direction alone has a correlation of nearly 1, never more.
    let likeness = min(max(correlation, 0), 0.999)
    let error = moments.standardError * ((1 + likeness) / (1 - likeness)).squareRoot()
    let reach = error * StudentT.reach(confidence: confidence, degrees: Double(Self.count - 1))
    mean = IntervalEstimate(
      value: moments.mean, lower: moments.mean - reach, upper: moments.mean + reach,
      level: confidence, count: Self.count)
  }
}
