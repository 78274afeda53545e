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

  /// One histogram with its labels at every sample from its first value on.
  public struct Histogram: Hashable, Codable, Sendable {
    /// The name that Prometheus has it by; its unit is seconds.
    public var name: String
    /// Labels in their order.
    public var labels: [Label]
    /// What its values are of, in a sentence.
    public var help: String
    /// The upper bounds of its buckets, seconds, as Kubernetes and etcd have them.
    public var bounds: [Double]
    /// Where in ``ClusterSeries/times`` it begins.
    public var firstSample: Int
    /// What it had counted at each sample from there on.
    public var points: [Point]

    /// What a histogram had counted.
    public struct Point: Hashable, Codable, Sendable {
      /// Values up to each bound.
      public var counts: [UInt64]
      /// All values.
      public var count: UInt64
      /// Their sum, seconds.
      public var sum: Double
    }
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
  /// Histograms, those of one name beside each other; empty where none were asked for.
  public var histograms: [Histogram] = []

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
}
