public import Judgement
public import Ledger
public import Measure

/// Everything that a report of one run is made of: the boundary to files.
///
/// A report is a pure function of this value: same input, same bytes.
public struct ReportInput: Sendable {
  /// What was known before the first trial.
  public var header: RunHeader
  /// The scenario, verbatim.
  public var scenario: String
  /// Trials in executed order.
  public var trials: [Trial]
  /// What was noticed about the run as a whole.
  public var findings: [Finding]
  /// The machine before the run.
  public var environmentBefore: JSONValue
  /// The machine after the run; null where it is not known.
  public var environmentAfter: JSONValue
  /// Whether the plan was done to its end.
  public var isComplete: Bool
  /// Changes to the machine that were never undone.
  public var openChanges: [String] = []
  /// SHA-256 in hex by the file's name within the record.
  public var hashes: [String: String] = [:]
  /// What became of the limits; nil where nobody judged.
  public var judgement: RunJudgement?
  /// The run's systems against each other; nil where there is only one.
  public var comparison: Comparison?

  /// A trial with its distributions and its seconds.
  public struct Trial: Sendable {
    /// The trial.
    public var record: TrialRecord
    /// By name, as in `TrialHistograms`.
    public var distributions: [String: LatencyDistribution]
    /// One row a second.
    public var series: [SeriesRow]

    /// Joins what belongs to one trial.
    public init(
      _ record: TrialRecord, distributions: [String: LatencyDistribution] = [:],
      series: [SeriesRow] = []
    ) {
      self.record = record
      self.distributions = distributions
      self.series = series
    }
  }

  /// Starts the input of a run without trials.
  public init(header: RunHeader, scenario: String) {
    self.header = header
    self.scenario = scenario
    trials = []
    findings = []
    environmentBefore = .null
    environmentAfter = .null
    isComplete = true
  }

  /// Takes a record with the histograms and seconds of all its trials, and its files' hashes.
  ///
  /// Without `hasSeries` the seconds are not read, which a comparison does not show. Throws what
  /// reading the record's files throws.
  public init(_ record: RunRecord, hasSeries: Bool = true) throws(LedgerError) {
    self.init(header: record.header, scenario: record.scenario)
    findings = record.findings
    environmentBefore = record.environment["before"] ?? .null
    environmentAfter = record.environment["after"] ?? .null
    isComplete = record.isComplete
    openChanges = record.openChanges
    hashes = try record.hashes()
    for trial in record.trials {
      trials.append(
        Trial(
          trial, distributions: try record.histograms(of: trial).distributions,
          series: hasSeries ? try record.series(of: trial) : []))
    }
  }
}

extension TrialRecord {
  /// The value of a metric by any of its names: `latency p99` is also `latency-p99`.
  func metric(_ name: String) -> MetricValue? {
    metrics[name] ?? metrics[name.replacing(" ", with: "-")]
  }

  /// What is disclosed under a name: `block size` is also `block-size`.
  func disclosed(_ name: String) -> String? {
    DisclosureRules.value(name, in: disclosure)
  }
}
