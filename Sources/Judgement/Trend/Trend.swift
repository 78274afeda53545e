public import Ledger
public import Measure
public import Statistics

/// The history of results over many records, and where it changed its level.
///
/// A pure function of records and acknowledgements; what `assay trend --json` prints.
public struct Trend: Codable, Hashable, Sendable {
  /// Version of this format.
  public var format = "assay-trend-1"
  /// How many records have at least one of the series.
  public var records: Int
  /// One history a scenario, case and metric: cases in order of their first record.
  public var series: [Series]

  /// The history of one metric of one case.
  public struct Series: Codable, Hashable, Sendable {
    /// The scenario's name: cases of two scenarios are not the same though they are named alike.
    public var scenario: String
    /// The case.
    public var key: CaseKey
    /// The metric's name in `MetricCatalogue`.
    public var metric: String
    /// The unit of all values.
    public var unit: String
    /// Which way is better.
    public var direction: MetricDefinition.Direction
    /// One a record, in order of time.
    public var points: [Point]
    /// Stretches within which values may be compared, in order of their first point.
    public var segments: [Segment]
    /// Changes of level within segments, and acknowledged ones, in order of time.
    public var changes: [Change]
  }

  /// One record in a history.
  public struct Point: Codable, Hashable, Sendable {
    /// Name of the record's folder.
    public var record: String
    /// When the run started, UTC.
    public var startedAt: String
    /// Median over its valid trials, in the series' unit.
    public var value: Double
    /// How many valid trials it had.
    public var trials: Int
    /// The place of its segment in ``Series/segments``.
    public var segment: Int
  }

  /// A stretch within which values may be compared: one kind of machine, one disclosure.
  ///
  /// Points of two kinds of machine may alternate; each then goes on with its own segment.
  public struct Segment: Codable, Hashable, Sendable {
    /// The kind of machine, see `Baseline.fingerprint`; nil where its records do not tell.
    public var fingerprint: String?
    /// What begins here, in a sentence; nil for the first.
    public var reason: String?
    /// How many points it has.
    public var count: Int
  }

  /// A change of level.
  public struct Change: Codable, Hashable, Sendable {
    /// The place of its segment in ``Series/segments``; of an acknowledged one that which begins.
    public var segment: Int
    /// The last record of the old level.
    public var before: String
    /// The first record of the new level.
    public var after: String
    /// When that started, UTC.
    public var startedAt: String
    /// Median of the old level.
    public var from: Double
    /// Median of the new level.
    public var to: Double
    /// to / from - 1; nil where the old level is not above zero.
    public var relative: Fraction?
    /// Whether the new level is better.
    public var isBetter: Bool
    /// The methods that saw it, at least two of three; none for one that is only acknowledged.
    public var voters: [ChangePoint.Voter]
    /// Who looked at it, and why it is as it is; nil where nobody did.
    public var acknowledged: Acknowledgement?
  }
}
