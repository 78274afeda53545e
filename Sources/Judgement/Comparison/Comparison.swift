public import Ledger
public import Measure
public import Statistics

/// What a comparison found: who was compared, whether that is fair, and each row.
///
/// A pure function of records; what `assay compare --json` prints and every report renders.
public struct Comparison: Codable, Hashable, Sendable {
  /// Version of this format.
  public var format = "assay-comparison-1"
  /// Confidence of the intervals, both sides together.
  public var confidence: Fraction
  /// The relative difference that does not matter: 0.05 is 5 %.
  public var tolerance: Fraction
  /// Who was compared; the first is the reference.
  public var arms: [Arm]
  /// Where the machines, the disclosure or the origin of an arm differ from the reference's.
  public var differences: [Difference]
  /// What has to be said before the rows, the gravest first.
  public var caveats: [Finding]
  /// One row an arm (but the reference), case and metric: arms in order, cases in order of their
  /// first trial, metrics in the catalogue's order.
  public var rows: [ComparisonRow]
  /// Cases of one arm that the other has not.
  public var unmatched: [Unmatched]

  /// One side of a comparison.
  public struct Arm: Codable, Hashable, Sendable {
    /// What reports call it.
    public var label: String
    /// The record's folder or the baseline's file.
    public var source: String
    /// Name of the record or baseline.
    public var id: String
    /// The one system that it is about; nil is every system of the record.
    public var system: String?
    /// When it was measured, UTC.
    public var startedAt: String
    /// Where its numbers come from.
    public var evidence: RunHeader.Evidence
    /// Why its figures are not hardware figures; else nil.
    public var notHardware: String?
  }

  /// One fact in which an arm is not as the reference.
  public struct Difference: Codable, Hashable, Sendable {
    /// The arm's place in ``Comparison/arms``.
    public var arm: Int
    /// The fact's key, as in `environment.json`; of disclosure `disclosure.NAME`.
    public var key: String
    /// The reference's value; nil where it does not tell.
    public var reference: String?
    /// The arm's value; nil where it does not tell.
    public var subject: String?
    /// What the difference means.
    public var `class`: EnvironmentFact.Class
    /// Whether it is what is being compared, by `--despite`.
    public var isMeant: Bool
  }

  /// A case of one arm without a counterpart.
  public struct Unmatched: Codable, Hashable, Sendable {
    /// The arm that has it.
    public var arm: Int
    /// The case.
    public var key: CaseKey
  }
}

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
  /// The arm's value by the reference's; nil where there is no ratio.
  public var ratio: Double?
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
