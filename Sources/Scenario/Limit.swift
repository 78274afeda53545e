public import Measure

/// A line that must hold, parsed and checked before anything runs.
public struct Limit: Hashable, Codable, Sendable {
  /// As it stands in the scenario.
  public var text: String
  /// The metric's full name in ``MetricCatalogue``: `latency p99`.
  public var metric: String
  /// The system it is about; nil is every system, each by itself.
  public var system: String?
  /// The workload it is about; nil is every workload, each by itself.
  public var workload: String?
  /// Which side of the bound is good.
  public var comparison: Comparison
  /// What the metric is held against.
  public var bound: Bound
  /// How many of the trials must hold it, each by itself: `in 95% of trials`; nil judges their
  /// median.
  public var share: Fraction?
  /// The points of the sweep it is about, all of them must match; empty is every point.
  public var conditions: [Condition]
  /// Whether its violation fails the run.
  public var severity: Severity

  /// Which side of the bound is good.
  public enum Comparison: String, CaseIterable, Codable, Sendable {
    /// At least.
    case atLeast = ">="
    /// At most.
    case atMost = "<="
    /// More than.
    case above = ">"
    /// Less than.
    case below = "<"
    /// Exactly.
    case equal = "="

    /// Whether `value` is on the good side of `bound`.
    public func holds(_ value: Double, _ bound: Double) -> Bool {
      switch self {
      case .atLeast: value >= bound
      case .atMost: value <= bound
      case .above: value > bound
      case .below: value < bound
      case .equal: value == bound
      }
    }
  }

  /// What a metric is held against.
  public enum Bound: Hashable, Codable, Sendable {
    /// A value in the metric's unit.
    case value(Double)
    /// A multiple of the same metric of another system: 0.7 for "70% of", 1.5 for "1.5x".
    case ratio(Double, of: String)
  }

  /// A point of the sweep: `queue-depth = 1`.
  public struct Condition: Hashable, Codable, Sendable {
    /// The swept key.
    public var key: String
    /// Its value as the plan writes it.
    public var value: String
    /// As in ``CaseKey/point``.
    public var label: String { "\(key)=\(value)" }
  }

  /// Whether a violation fails the run.
  public enum Severity: String, CaseIterable, Codable, Sendable {
    /// It does.
    case fail
    /// It is reported only.
    case warn
  }

  /// Whether the limit is about this case (for a ratio: about its left-hand side).
  public func applies(to key: CaseKey) -> Bool {
    (system == nil || system == key.system) && (workload == nil || workload == key.workload)
      && conditions.allSatisfy { key.point.contains($0.label) }
  }
}

extension Limit {
  /// Reads a limit that stands alone, as on a command line; systems and workloads are not checked.
  ///
  /// Throws ``ScenarioError`` with what is wrong and the nearest metric.
  public init(reading text: String) throws(ScenarioError) {
    do throws(LimitProblem) {
      self = try LimitParser.parse(text)
    } catch {
      let diagnostic = Diagnostic(
        file: "", place: .argument("\"\(text)\""), severity: .error, message: error.message,
        hint: error.hint)
      throw ScenarioError(diagnostics: [diagnostic])
    }
  }
}
