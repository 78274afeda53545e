public import Measure

/// What a cluster's monitoring would have shown over time, under the names that it has there.
public struct ClusterSeries: Hashable, Codable, Sendable {
  /// One metric with its labels at every sample.
  public struct Column: Hashable, Codable, Sendable {
    /// The name that Prometheus has it by; `assay_` begins those that no exporter has.
    public var name: String
    /// Labels in their order.
    public var labels: [Label]
    /// What its values are.
    public var kind: Kind
    /// The base unit: `seconds`, `bytes` or empty for a number.
    public var unit: String
    /// What it is of, in a sentence.
    public var help: String
    /// A value for each of ``ClusterSeries/times``; nil where there was nothing to measure.
    public var values: [Double?]
  }

  /// What the values of a column are, by the types of OpenMetrics.
  public enum Kind: String, Hashable, Codable, Sendable {
    /// What it is at the moment.
    case gauge
    /// Counts up from the end of the warm-up.
    case counter
    /// A quantile over the time since the sample before.
    case summary
  }

  /// A label of a metric.
  public struct Label: Hashable, Codable, Sendable {
    /// Its name.
    public var name: String
    /// Its value.
    public var value: String
  }

  /// When the samples were taken, from the end of the warm-up.
  public var times: [Nanoseconds] = []
  /// The columns; those of one name stand together.
  public var columns: [Column] = []

  /// Makes a series without samples.
  public init() {}

  /// The column of that name whose labels have these values, in their order.
  public func column(_ name: String, _ labels: String...) -> Column? {
    columns.first { $0.name == name && $0.labels.map(\.value) == labels }
  }

  /// How much a counter rose per second from each sample to the next; the first is nil.
  public func rates(of column: Column) -> [Double?] {
    column.values.indices.map { index in
      guard index > 0, let now = column.values[index], let before = column.values[index - 1]
      else { return nil }
      let seconds = (times[index] - times[index - 1]).inSeconds
      return seconds > 0 ? (now - before) / seconds : nil
    }
  }

  /// All samples as OpenMetrics text with timestamps, which `promtool tsdb create-blocks-from`
  /// reads.
  ///
  /// The end of the warm-up is `origin`, in seconds of the Unix epoch. OpenMetrics 1.0: samples of
  /// one metric stand together in the order of time, counters end in `_total`. O(values).
  public func openMetrics(origin: Double = 0) -> String {
    var text = ""
    var previous: String?
    for column in columns {
      if column.name != previous {
        let suffix = "_total"
        let family =
          column.kind == .counter && column.name.hasSuffix(suffix)
          ? String(column.name.dropLast(suffix.count)) : column.name
        text += "# TYPE \(family) \(column.kind.rawValue)\n"
        if !column.unit.isEmpty, family.hasSuffix("_" + column.unit) {
          text += "# UNIT \(family) \(column.unit)\n"
        }
        text += "# HELP \(family) \(column.help)\n"
        previous = column.name
      }
      let labels = column.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
      let head = column.name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}")
      for (time, value) in zip(times, column.values) {
        guard let value else { continue }
        text += "\(head) \(value) \(origin + time.inSeconds)\n"
      }
    }
    return text + "# EOF\n"
  }

  /// Backslash, quote and line feed as the format has them.
  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }
}
