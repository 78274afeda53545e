public import Measure
public import Scenario
public import Statistics

/// What became of one limit in one case.
public struct LimitJudgement: Codable, Hashable, Sendable {
  /// The limit as it stands in the scenario.
  public var limit: String
  /// The case; nil when the limit is about none of the run's cases.
  public var key: CaseKey?
  /// The metric's name in `MetricCatalogue`.
  public var metric: String
  /// Whether it holds.
  public var verdict: Verdict
  /// What was held against ``bound``.
  ///
  /// The median of the trials, or of the ratios of a comparison; of a share of trials the share;
  /// for counts that of the worst trial. nil when there was nothing to judge.
  public var value: Double?
  /// Interval of the median, or of the share of trials; nil for counts, and when there are too few
  /// trials for one.
  public var interval: IntervalEstimate?
  /// What it is held against, in ``unit``.
  public var bound: Double
  /// The unit of the value, the interval's ends and the bound: the metric's; `1` for a ratio, `%`
  /// for a share of trials.
  public var unit: String
  /// How many of the trials must hold the limit, where it is about a share of them.
  public var share: Fraction?
  /// Which side of the bound is good.
  public var comparison: Limit.Comparison
  /// The system with which a ratio compares; nil for an absolute limit.
  public var comparedWith: String?
  /// How many trials, or pairs of trials, were judged.
  public var n: Int
  /// The verdict in a sentence, with what it rests on.
  public var reason: String
  /// Whether a violation fails the run.
  public var severity: Limit.Severity

  /// Whether a limit holds.
  public enum Verdict: String, CaseIterable, Codable, Sendable {
    /// It does.
    case pass
    /// It does not.
    case fail
    /// The trials cannot tell.
    case inconclusive
    /// There was nothing to judge: no such case, or no valid trial of it.
    case notRun = "not-run"
  }
}

/// What became of a run's limits together.
public struct RunJudgement: Codable, Hashable, Sendable {
  /// The run's verdict.
  public var verdict: Verdict
  /// One judgement a limit and case, in the order of limits and cases.
  public var limits: [LimitJudgement]
  /// Trials whose numbers may not be used, by name.
  public var invalid: [String]
  /// Trials that did not run to their end, by name.
  public var failed: [String]
  /// Whether the plan was done to its end.
  public var isComplete: Bool

  /// A run's verdict.
  public enum Verdict: String, CaseIterable, Codable, Sendable {
    /// Every limit of severity fail holds.
    case pass
    /// A limit of severity fail does not hold.
    case fail
    /// None is known to be violated, but one cannot be told, or the plan was not done to its end.
    case inconclusive
    /// None is known to be violated, but one has only invalid or failed trials.
    case invalid
    /// The scenario has no limit of severity fail.
    case notJudged = "not-judged"
  }
}
