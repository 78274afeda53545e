public import Ledger
public import Measure
public import Statistics

/// What a gate found: whether a run lost more against its baseline than is tolerated.
///
/// What `assay gate --json` prints and its reports render.
public struct GateJudgement: Codable, Hashable, Sendable {
  /// Version of this format.
  public var format = "assay-gate-1"
  /// The whole.
  public var verdict: Verdict
  /// The whole in a sentence where the rows do not tell: what is invalid, failed or missing.
  public var reason: String?
  /// Who is held against what: the baseline first.
  public var arms: [Comparison.Arm]
  /// What the baseline's replicates are, and how many records it was made from.
  public var baseline: Origin
  /// The relative loss that does not matter.
  public var tolerance: Fraction
  /// One minus the chance of a false alarm, over all rows together.
  public var confidence: Fraction
  /// One row a case and metric, in the baseline's order.
  public var rows: [GateRow]
  /// Trials of the run whose numbers may not be used, by name.
  public var invalid: [String]
  /// Trials of the run that did not run to their end, by name.
  public var failed: [String]
  /// Whether the run's plan was done to its end.
  public var isComplete: Bool
  /// What has to be said beside the rows.
  public var caveats: [Finding]
  /// Where machine and disclosure differ from the baseline's.
  public var differences: [Comparison.Difference]
  /// What fresh data said of the rows that failed; nil where none did.
  public var confirmation: Confirmation?

  /// What a baseline was made from.
  public struct Origin: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// What its replicates are.
    public var kind: Baseline.Kind
    /// The kind of machine that it is of.
    public var fingerprint: String
    /// How many records.
    public var sessions: Int
  }

  /// What became of the confirmation of a failure.
  public struct Confirmation: Codable, Hashable, Sendable {
    /// The folder of the fresh record; nil where none was made.
    public var record: String?
    /// Why there is no fresh record, or why it says nothing; nil where it does.
    public var hindrance: String?
    /// The verdict before it.
    public var first: Verdict

    /// States what became of it.
    public init(record: String?, hindrance: String?, first: Verdict) {
      self.record = record
      self.hindrance = hindrance
      self.first = first
    }
  }

  /// A gate's verdict.
  public enum Verdict: String, CaseIterable, Codable, Sendable {
    /// No row lost more than is tolerated.
    case pass
    /// A row did.
    case fail
    /// None is known to, but the trials cannot tell of each.
    case inconclusive
    /// A case was not run, or has trials whose numbers may not be used.
    case invalid
    /// A trial did not run to its end.
    case failed
    /// The run may not stand beside the baseline.
    case notComparable = "not-comparable"
  }

  /// The rows of a verdict.
  public func rows(_ verdict: GateRow.Verdict) -> [GateRow] {
    rows.filter { $0.verdict == verdict }
  }

  /// The rows with the ones to look at first on top: by verdict, then by how much was lost.
  public var worstFirst: [GateRow] {
    let order = GateRow.Verdict.allCases
    let places = rows.enumerated().map { index, row in
      (verdict: order.firstIndex(of: row.verdict) ?? order.count, loss: -row.loss, index: index)
    }
    return places.sorted { ($0.verdict, $0.loss, $0.index) < ($1.verdict, $1.loss, $1.index) }
      .map { rows[$0.index] }
  }
}

/// One metric of one case, held against the baseline.
public struct GateRow: Codable, Hashable, Sendable {
  /// The case.
  public var key: CaseKey
  /// The metric's name in `MetricCatalogue`.
  public var metric: String
  /// The unit of both medians.
  public var unit: String
  /// Which way is better.
  public var direction: MetricDefinition.Direction
  /// The baseline's replicates.
  public var baseline: ComparisonRow.Side
  /// What they are.
  public var replicate: Replicate
  /// The run's trials.
  public var run: ComparisonRow.Side
  /// The run by the baseline; nil where there is no ratio.
  public var ratio: Double?
  /// The ratio with its interval, each end a one-sided bound of the gate's confidence.
  public var interval: IntervalEstimate?
  /// The ratio from which on a loss is failed.
  public var bound: Double
  /// p of the hypothesis that the loss is within the tolerance, of this row alone.
  public var p: Double?
  /// The same, adjusted for all rows (Holm 1979): the row fails where it is at most
  /// 1 - confidence.
  public var adjustedP: Double?
  /// The true loss that this design would fail in four of five runs, the row taken by itself.
  public var smallestDetectable: Fraction?
  /// What it comes to.
  public var verdict: Verdict
  /// The verdict in a sentence, with what it rests on.
  public var reason: String
  /// What fresh data said, where the row had failed.
  public var fresh: Fresh?

  /// What one value of a baseline is of.
  public enum Replicate: String, Codable, Sendable {
    /// A trial.
    case trial
    /// A session: the median of a record's trials.
    case session
    /// A machine: the median of its trials.
    case machine
  }

  /// What a row comes to; those to look at first stand first.
  public enum Verdict: String, CaseIterable, Codable, Sendable {
    /// It lost more than is tolerated.
    case fail
    /// Its trials did not run to their end.
    case failed
    /// Its trials' numbers may not be used.
    case invalid
    /// The run has no such case, or not the metric.
    case notRun = "not-run"
    /// The two numbers may not stand beside each other.
    case notComparable = "not-comparable"
    /// The trials cannot tell.
    case inconclusive
    /// It did not lose more than is tolerated.
    case pass
  }

  /// What fresh data said of a row that had failed.
  public struct Fresh: Codable, Hashable, Sendable {
    /// The ratio with its interval.
    public var interval: IntervalEstimate?
    /// The ratio.
    public var ratio: Double?
    /// The p value, adjusted for all rows that had failed.
    public var adjustedP: Double?
    /// What the fresh data come to by themselves.
    public var verdict: Verdict
    /// The verdict in a sentence.
    public var reason: String
  }

  /// How much was lost, as a share of the baseline: above 0 is worse.
  var loss: Double {
    guard let ratio, ratio > 0, ratio.isFinite else { return 0 }
    return direction == .higher ? 1 - ratio : ratio - 1
  }
}
