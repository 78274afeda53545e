internal import Measure

/// Figures that somebody published: what was said, by whom and when, and what was disclosed.
public struct PublishedFigures: Hashable, Sendable {
  /// Its name: a-z, 0-9 and hyphens.
  public var name: String
  /// What the figures are of, in the author's words.
  public var about: String
  /// Where they stand, unless a system has a source of its own.
  public var source: Source
  /// What was measured, in the file's order.
  public var systems: [System]
  /// The table, in the file's order.
  public var rows: [Row]

  /// Where figures stand.
  public struct Source: Hashable, Sendable {
    /// Title and publisher.
    public var article: String
    /// The day of its publication, `2024-09-23`, or the month.
    public var date: String
    /// Both in one line.
    public var text: String { "\(article), \(date)" }
  }

  /// A thing that was measured.
  public struct System: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Where its figures stand.
    public var source: Source
    /// What the source discloses of it.
    public var disclosure: [String: String]
  }

  /// One row of the table: what was done, and what each system gave.
  public struct Row: Hashable, Sendable {
    /// The workload's name.
    public var workload: String
    /// The point of a sweep as `key=value`.
    public var point: [String]
    /// What the source discloses of the row.
    public var disclosure: [String: String]
    /// What each system gave, in the file's order.
    public var cells: [Cell]
  }

  /// What one system gave in one row.
  public struct Cell: Hashable, Sendable {
    /// The system's name.
    public var system: String
    /// The numbers, in the file's order.
    public var figures: [Figure]
  }

  /// One number.
  public struct Figure: Hashable, Sendable {
    /// The metric's name in `MetricCatalogue`.
    public var metric: String
    /// The number, in ``unit``.
    public var value: Double
    /// The metric's unit as in records.
    public var unit: String
    /// At least or at most, where the source gives no more; else nil.
    public var bound: Limit.Comparison?
    /// As it stands in the file.
    public var text: String

    /// Reads `682k/s`, `>= 1200s`, `<= 3ms` as a figure of the metric.
    static func read(_ text: String, of metric: MetricDefinition) throws(LimitProblem) -> Figure {
      let bound = [Limit.Comparison.atLeast, .atMost].first { text.hasPrefix($0.rawValue) }
      let number = text.dropFirst(bound == nil ? 0 : 2).drop { $0 == " " }
      return Figure(
        metric: metric.name, value: try LimitParser.quantity(String(number), of: metric),
        unit: metric.unit.rawValue, bound: bound, text: text)
    }
  }
}
