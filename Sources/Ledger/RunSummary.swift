public import Measure
internal import Statistics

/// The file `summary.json`: one value per trial and metric, by case.
///
/// A pure function of the events.
public struct RunSummary: Codable, Hashable, Sendable {
  /// Version of this format.
  public var format = "assay-summary-1"
  /// The run.
  public var run: RunHeader
  /// Whether the plan was done to its end.
  public var complete: Bool
  /// Cases in order of their first trial.
  public var cases: [CaseSummary]

  /// The trials of one case.
  public struct CaseSummary: Codable, Hashable, Sendable {
    /// The case.
    public var key: CaseKey
    /// Trials whose numbers count, in executed order.
    public var trials: [String]
    /// Trials that were invalid or failed.
    public var excluded: [String]
    /// Values by metric, in the order of ``trials``.
    public var metrics: [String: MetricValues]
    /// What must stand beside the numbers.
    public var disclosure: [String: String]
  }

  /// One metric of one case.
  public struct MetricValues: Codable, Hashable, Sendable {
    /// The unit of the values.
    public var unit: String
    /// One value a trial; null where a trial has none.
    public var values: [Double?]
    /// Set where the values are bounds, and nothing closer is known.
    public var bound: MetricValue.Bound?
    /// Their median; for an even count the mean of the middle two.
    public var median: Double
  }

  /// Sums a record up.
  ///
  /// O(trials x metrics).
  public init(of record: RunRecord) {
    run = record.header
    complete = record.isComplete
    var order: [CaseKey] = []
    var byCase: [CaseKey: [TrialRecord]] = [:]
    for trial in record.trials {
      if byCase[trial.key] == nil { order.append(trial.key) }
      byCase[trial.key, default: []].append(trial)
    }
    cases = order.map { key in Self.summary(of: byCase[key] ?? [], key: key) }
  }

  private static func summary(of trials: [TrialRecord], key: CaseKey) -> CaseSummary {
    let valid = trials.filter { $0.status == .valid }
    var metrics: [String: MetricValues] = [:]
    for name in Set(valid.flatMap(\.metrics.keys)) {
      let values = valid.map { $0.metrics[name]?.value }
      guard let median = Median.of(values.compactMap(\.self)) else { continue }
      metrics[name] = MetricValues(
        unit: valid.lazy.compactMap { $0.metrics[name]?.unit }.first ?? "1", values: values,
        bound: valid.lazy.compactMap { $0.metrics[name]?.bound }.first, median: median)
    }
    return CaseSummary(
      key: key, trials: valid.map(\.id),
      excluded: trials.filter { $0.status != .valid }.map(\.id), metrics: metrics,
      disclosure: trials.last?.disclosure ?? [:])
  }
}
