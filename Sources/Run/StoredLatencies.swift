internal import Foundation
internal import Ledger
internal import Measure
public import Scenario

/// Latencies that records hold, for simulations that are fed by what was measured.
public enum StoredLatencies {
  /// All values of a latency in the valid trials of a record.
  ///
  /// Throws ``RecordedLatencyError`` where the record cannot be read, was not measured, or does not
  /// have the latency of one system and workload alone.
  public static func find(
    _ wanted: RecordedLatency
  ) throws(RecordedLatencyError) -> MeasuredLatency {
    let record = try read(wanted.record)
    let trials = record.trials.filter { trial in
      trial.block > 0 && trial.status == .valid
        && [nil, trial.key.system].contains(wanted.system)
        && [nil, trial.key.workload].contains(wanted.workload)
    }
    try check(wanted, record)
    var merged: [String: LatencyDistribution] = [:]
    for trial in trials {
      guard
        let found = try histogram(wanted.metric, of: trial, record)
          ?? single(wanted.metric, of: trial), found.count > 0
      else { continue }
      merged[trial.key.description, default: LatencyDistribution()].merge(found)
    }
    guard let (name, distribution) = merged.first else { throw nothing(wanted, record) }
    guard merged.count == 1 else {
      throw RecordedLatencyError(
        "\(wanted.record) has \(wanted.metric) of \(counted(merged.count, "case")): "
          + merged.keys.sorted().joined(separator: "; "),
        hint: "name one by system: and workload: beside from-record")
    }
    return MeasuredLatency(
      distribution,
      source: "\(wanted.metric) of \(name) in \(record.header.id), "
        + "\(counted(Int(clamping: distribution.count), "value"))")
  }

  private static func read(_ folder: String) throws(RecordedLatencyError) -> RunRecord {
    let record: RunRecord
    do throws(LedgerError) {
      record = try RunRecord.read(folder, details: .omitted)
    } catch {
      throw RecordedLatencyError(
        "no record can be read at \(folder): \(error.message)",
        hint: error.hint)
    }
    guard record.header.evidence == .measured else {
      throw RecordedLatencyError(
        "\(folder) was not measured by Assay but is \(record.header.evidence.rawValue)",
        hint: "name the record of a run of your own")
    }
    return record
  }

  private static func check(
    _ wanted: RecordedLatency, _ record: RunRecord
  ) throws(RecordedLatencyError) {
    for (noun, name, all) in [
      ("system", wanted.system, record.trials.map(\.key.system)),
      ("workload", wanted.workload, record.trials.map(\.key.workload)),
    ] {
      guard let name, !all.contains(name) else { continue }
      let names = Set(all).sorted()
      throw RecordedLatencyError(
        "\(wanted.record) has no \(noun) \"\(name)\"",
        hint: NearestWord.of(name, in: names).map { "did you mean \"\($0)\"?" }
          ?? "its \(noun)s are \(names.joined(separator: ", "))")
    }
  }

  private static func histogram(
    _ metric: String, of trial: TrialRecord, _ record: RunRecord
  ) throws(RecordedLatencyError) -> LatencyDistribution? {
    do throws(LedgerError) {
      return try record.histograms(of: trial).distributions[metric]
    } catch {
      throw RecordedLatencyError("\(error.message)", hint: error.hint)
    }
  }

  /// The one value that a trial has of a time, as a deployment has of its way to ping.
  private static func single(_ metric: String, of trial: TrialRecord) -> LatencyDistribution? {
    guard let value = trial.metrics[metric], value.unit == MetricUnit.nanoseconds.rawValue,
      value.bound == nil, let time = UInt64(exactly: value.value.rounded())
    else { return nil }
    var histogram = LatencyHistogram()
    histogram.record(time)
    return histogram.snapshot()
  }

  private static func nothing(
    _ wanted: RecordedLatency, _ record: RunRecord
  ) -> RecordedLatencyError {
    let valid = record.trials.contains { $0.status == .valid && $0.block > 0 }
    let times = Set(
      record.trials.flatMap { trial in
        trial.metrics.filter { $0.value.unit == MetricUnit.nanoseconds.rawValue }.map { metric in
          let words = metric.key.split(separator: " ").map(String.init)
          let isPart = words.last.map { MetricCatalogue.statistic($0) != nil } ?? false
          return (isPart ? words.dropLast() : words[...]).joined(separator: " ")
        }
      }
    ).sorted()
    let others = times.isEmpty ? "" : "; it has \(times.joined(separator: ", ")) (metric:)"
    let hint =
      switch wanted.metric {
      case "sync latency": "run its workload with fdatasync: 1, as scenarios/etcd-disk.yaml does"
      case "create to ping": "name a record of deployments"
      default: "name a record that has it"
      }
    return RecordedLatencyError(
      "\(wanted.record) has no \(wanted.metric)" + (valid ? "" : ", and no valid trial"),
      hint: hint + others)
  }
}
