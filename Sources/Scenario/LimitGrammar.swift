/// The grammar of limits, for people; ``LimitParser`` reads it.
public enum LimitGrammar {
  /// A limit and what it says.
  public struct Example: Hashable, Codable, Sendable {
    /// As it stands in a scenario.
    public let limit: String
    /// In words.
    public let meaning: String
  }

  /// The form of a limit: brackets hold what may be left out.
  public static let form = """
    METRIC [of SYSTEM] [for WORKLOAD] COMPARISON BOUND [when KEY = VALUE, ...] [severity SEVERITY]
    """

  /// What each word of ``form`` stands for, in its order.
  public static let words: [(word: String, meaning: String)] = [
    ("METRIC", "a name of `assay list metrics`; times want a statistic: latency p99, service mean"),
    ("of SYSTEM", "a system of the scenario; left out: every one, each by itself"),
    ("for WORKLOAD", "a workload of the scenario; left out: every one, each by itself"),
    ("COMPARISON", Limit.Comparison.allCases.map(\.rawValue).joined(separator: " ")),
    (
      "BOUND",
      """
      a quantity with the metric's unit (100000/s, 500MiB/s, 800us, 50%, 0), or a multiple of the \
      same metric of another system (70% of local, 1.5x local)
      """
    ),
    ("KEY = VALUE", "points of the sweep that it is about; left out: every point"),
    (
      "SEVERITY",
      Limit.Severity.allCases.map(\.rawValue).joined(separator: " or ")
        + "; a violation of warn is reported and does not fail the run"
    ),
  ]

  /// How a limit is decided.
  public static let decision = """
    A limit is judged by the confidence interval of the case's trials and not by a point: it holds \
    when all of the interval is on its good side, it is violated when all of it is on the other \
    side, and it is inconclusive where the interval has the bound inside. More blocks narrow the \
    interval. Counts such as errors = 0 must hold in every trial.
    """

  /// Limits that parse.
  public static let examples = [
    Example(limit: "iops of dpu >= 70% of local", meaning: "at least 0.7 of what local does"),
    Example(
      limit: "latency p99 of dpu <= 1.5x local when queue-depth = 1",
      meaning: "at queue depth 1 only"),
    Example(limit: "read bandwidth >= 2GiB/s", meaning: "every system and workload, each"),
    Example(limit: "sync latency p99 for wal < 10ms severity warn", meaning: "told, not failed"),
    Example(limit: "errors = 0", meaning: "in every trial"),
  ]
}
