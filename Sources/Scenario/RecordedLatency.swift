internal import ControlPlane
public import Measure

/// A latency that a scenario takes from a record, as in `wal-sync: {from-record: results/runs/…}`.
public struct RecordedLatency: Hashable, Sendable {
  /// The record's folder.
  public var record: String
  /// Whose trials of it; needed where it has several systems.
  public var system: String?
  /// Of which workload; needed where several have the metric.
  public var workload: String?
  /// The metric's family: `sync latency`.
  public var metric: String
  /// The system of this scenario that it is for.
  public var owner: String
  /// The key that takes it: `etcd.wal-sync`.
  public var key: String

  init?(_ value: Value?, for key: String, of owner: String) {
    guard let record = value?["from-record"]?.word else { return nil }
    self.record = record
    system = value?["system"]?.word
    workload = value?["workload"]?.word
    metric = value?["metric"]?.word ?? LatencyGrammar.standardMetric(of: key)
    self.owner = owner
    self.key = key
  }
}

/// What a record had under a ``RecordedLatency``.
public struct MeasuredLatency: Sendable {
  /// All values of the trials that count.
  public var distribution: LatencyDistribution
  /// Which record and which of its trials they are of, for people.
  public var source: String

  /// States a latency with its source.
  public init(_ distribution: LatencyDistribution, source: String) {
    self.distribution = distribution
    self.source = source
  }
}

/// Why a record has no such latency.
public struct RecordedLatencyError: Error {
  /// What is wrong.
  public var message: String
  /// How to mend it.
  public var hint: String?

  /// States what is wrong and how to mend it.
  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}

/// Finds latencies in records: reading scenarios touches no file by itself.
public typealias RecordedLatencies =
  (RecordedLatency) throws(RecordedLatencyError) -> MeasuredLatency

extension Plan {
  /// The latencies that this plan took from records, so that its scenario can be read without them.
  ///
  /// Throws ``RecordedLatencyError`` for one that it has not.
  public func recorded(
    _ latency: RecordedLatency
  ) throws(RecordedLatencyError) -> MeasuredLatency {
    for trial in trials where trial.key.system == latency.owner {
      guard let model = trial.work.simulation?.cluster,
        let source = model.sources[latency.key],
        case .measured(let distribution)? = ClusterFields.value(of: latency.key, in: model)
      else { continue }
      return MeasuredLatency(distribution, source: source)
    }
    throw RecordedLatencyError("the plan has no \(latency.key) of \"\(latency.owner)\"")
  }
}
