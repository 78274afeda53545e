public import Ledger
public import Measure
public import Statistics

/// One metric of one case of an arm beside the reference's.
public struct ComparisonRow: Codable, Hashable, Sendable {
  /// The arm's place in ``Comparison/arms``.
  public var arm: Int
  /// The arm's case.
  public var key: CaseKey
  /// The reference's case.
  public var referenceKey: CaseKey
  /// The metric's name in `MetricCatalogue`.
  public var metric: String
  /// The unit of both sides' values.
  public var unit: String
  /// Which way is better.
  public var direction: MetricDefinition.Direction
  /// The reference's trials.
  public var reference: Side
  /// The arm's trials.
  public var subject: Side
  /// How the two were set against each other.
  public var method: Method
  /// How many pairs of trials were set against each other; nil unpaired.
  public var pairs: Int?
  /// The arm's value by the reference's; nil where there is no ratio.
  public var ratio: Double?
  /// Set where the ratio is only a bound, since a side is.
  public var ratioBound: MetricValue.Bound?
  /// The ratio with its interval; nil with too few trials for one.
  public var interval: IntervalEstimate?
  /// The smallest relative change that this design sees with power 80 %; nil where not known.
  public var smallestDetectable: Fraction?
  /// What it comes to.
  public var verdict: Verdict
  /// The verdict in a sentence, with what it rests on.
  public var reason: String

  /// One side's trials.
  public struct Side: Codable, Hashable, Sendable {
    /// Median of the trials, in the row's unit; nil without any.
    public var median: Double?
    /// How many trials have the metric.
    public var n: Int
    /// Set where the source gives only a bound.
    public var bound: MetricValue.Bound?
  }

  /// How two samples are set against each other.
  public enum Method: String, Codable, Sendable {
    /// Trials of one block against each other: drift hits both alike.
    case paired
    /// All trials of one side against all of the other.
    case unpaired
  }

  /// What a row comes to.
  public enum Verdict: String, CaseIterable, Codable, Sendable {
    /// The whole interval is better than the reference by more than the tolerance.
    case better
    /// The whole interval is worse than the reference by more than the tolerance.
    case worse
    /// The whole interval lies within the tolerance.
    case same
    /// The interval spans an end of the tolerance: the trials cannot tell.
    case inconclusive
    /// There are too few trials for an interval.
    case noInterval = "no-interval"
    /// The two numbers may not stand beside each other, or have no ratio.
    case notComparable = "not-comparable"
  }
}

extension ComparisonRow {
  /// The ratio in three decimals, or in as many as tell it from its interval's ends; nil without.
  public var ratioText: String? {
    guard let ratio else { return nil }
    return interval.map { ComparisonText.fixed(ratio, ComparisonText.decimals($0)) }
      ?? ComparisonText.ratio(ratio)
  }

  /// The interval's lower and upper end in as many decimals as ``ratioText``; nil without.
  public var intervalTexts: (lower: String, upper: String)? {
    interval.map { interval in
      let decimals = ComparisonText.decimals(interval)
      return (
        ComparisonText.fixed(interval.lower, decimals),
        ComparisonText.fixed(interval.upper, decimals)
      )
    }
  }
}
