internal import Ledger
internal import Measure
internal import Run

/// Each trial: its histograms, its seconds and its metrics against its counters.
struct TrialChecks {
  private let record: RunRecord
  private let isOurs: Bool
  private var histograms = 0
  private var metrics = 0
  private var rows = 0
  private var metricsLeftOut: Set<String> = []

  static func run(
    _ record: RunRecord, _ files: RecordFiles, version: String, _ log: inout CheckLog
  ) {
    var checks = TrialChecks(record, isOurs: version == record.header.version)
    for trial in record.trials { checks.check(trial, &log) }
    checks.strays(files, &log)
    checks.conclude(&log)
  }

  private init(_ record: RunRecord, isOurs: Bool) {
    self.record = record
    self.isOurs = isOurs
  }

  private mutating func check(_ trial: TrialRecord, _ log: inout CheckLog) {
    do throws(LedgerError) {
      let found = try record.histograms(of: trial)
      histograms += found.distributions.count
      let place = trial.histograms ?? "events.jsonl (\(trial.id))"
      if found.format != "assay-histograms-1" {
        log.fail(.formats, place, "the format \"\(found.format)\" is not assay-histograms-1")
      }
      for (name, distribution) in found.distributions.sorted(by: { $0.key < $1.key }) {
        for fault in HistogramFaults.of(distribution) {
          log.fail(.histograms, place, "\(name): \(fault)")
        }
      }
      againstCounters(trial, found, place, &log)
      compareMetrics(trial, found, &log)
    } catch {
      log.fail(.schema, error, in: record.folder)
    }
    do throws(LedgerError) {
      try compareSeries(trial, &log)
    } catch {
      log.fail(.schema, error, in: record.folder)
    }
  }

  /// Every timed I/O and message is in its histograms once; the engine times all or none.
  private func againstCounters(
    _ trial: TrialRecord, _ found: TrialHistograms, _ place: String, _ log: inout CheckLog
  ) {
    if case .string(let operation)? = trial.detail["operation"],
      let messages = trial.detail["messages"]?.whole
    {
      let count = found.distributions["\(operation) latency"]?.count ?? 0
      if count != UInt64(messages) {
        log.fail(
          .histograms, place,
          "\(operation) latency holds \(count) messages, counted were \(messages)")
      }
    }
    for direction in ["read", "write", "trim", "sync"] {
      guard let ios = trial.detail[direction]?["ios"]?.whole else { continue }
      for kind in ["latency", "service", "submission"] {
        guard let count = found.distributions["\(direction) \(kind)"]?.count, count > 0,
          count != UInt64(ios)
        else { continue }
        log.fail(
          .histograms, place, "\(direction) \(kind) holds \(count) I/Os, counted were \(ios)")
      }
    }
  }

  private mutating func compareMetrics(
    _ trial: TrialRecord, _ found: TrialHistograms, _ log: inout CheckLog
  ) {
    let evidence = record.header.evidence
    guard evidence.isOfAssay else {
      metricsLeftOut.insert("\(evidence.rawValue): not computed by Assay")
      return
    }
    guard isOurs else {
      metricsLeftOut.insert("another version of Assay wrote them")
      return
    }
    guard let computed = TrialMetrics.of(trial, histograms: found) else {
      if !trial.metrics.isEmpty {
        metricsLeftOut.insert("trials without Assay's own counters are left out")
      }
      return
    }
    let place = "events.jsonl (\(trial.id))"
    for name in Set(computed.keys).union(trial.metrics.keys).sorted() {
      switch (trial.metrics[name], computed[name]) {
      case (let told?, let due?):
        metrics += 1
        guard told != due else { continue }
        log.fail(
          .metrics, place,
          "\(name) is \(told.value) \(told.unit), computed anew \(due.value) \(due.unit)")
      case (_?, nil): log.fail(.metrics, place, "\(name) has nothing that it was computed from")
      case (nil, let due?):
        log.fail(.metrics, place, "\(name) is missing, computed anew \(due.value) \(due.unit)")
      case (nil, nil): break
      }
    }
  }

  /// The sums of all seconds are the trial's counters; those of rounds before the window come on
  /// top where a steady state was looked for, as do those of workers that hung.
  private mutating func compareSeries(
    _ trial: TrialRecord, _ log: inout CheckLog
  ) throws(LedgerError) {
    let seconds = try record.series(of: trial)
    guard let place = trial.series, !seconds.isEmpty else { return }
    rows += seconds.count
    for (row, second) in seconds.enumerated() where second.second != row {
      log.fail(.series, "\(place):\(row + 2)", "second \(second.second) where \(row) is due")
    }
    // What a worker did that hung to the end stands in the series alone.
    let hasMore = trial.detail["roundsPerSecond"] != nil || trial.detail["lostWorkers"] != nil
    for (name, column, counter) in [
      ("read_ios", \SeriesRow.readIOs, trial.detail["read"]?["ios"]),
      ("read_bytes", \.readBytes, trial.detail["read"]?["bytes"]),
      ("write_ios", \.writeIOs, trial.detail["write"]?["ios"]),
      ("write_bytes", \.writeBytes, trial.detail["write"]?["bytes"]),
      ("trim_ios", \.trimIOs, trial.detail["trim"]?["ios"]),
      ("sync_ios", \.syncIOs, trial.detail["sync"]?["ios"]),
      ("read_ios and write_ios", \.messages, trial.detail["messages"]),
      ("read_bytes and write_bytes", \.messageBytes, trial.detail["bytes"]),
      ("late_ios", \.lateIOs, trial.detail["lateIOs"]),
      ("errors", \.errors, trial.detail["errorCount"]),
    ] {
      guard let total = counter?.whole else { continue }
      let sum = seconds.reduce(UInt64(0)) { $0 &+ $1[keyPath: column] }
      if sum != UInt64(total) && !(hasMore && sum > UInt64(total)) {
        log.fail(.series, place, "\(name) sums up to \(sum), counted were \(total)")
      }
    }
  }

  /// Files that belong to no trial.
  private func strays(_ files: RecordFiles, _ log: inout CheckLog) {
    let known = Set(record.trials.flatMap { [$0.histograms, $0.series].compactMap(\.self) })
    // The trial in flight at a kill leaves its series.
    guard record.isComplete else { return }
    let failed = Set(record.trials.filter { $0.status == .failed }.map { "series/\($0.id).csv" })
    for part in [RecordVerification.Name.histograms, .series] {
      for name in files.names(in: part.rawValue) where !known.contains(name) {
        if !failed.contains(name) { log.fail(part, name, "belongs to no trial") }
      }
    }
  }

  private func conclude(_ log: inout CheckLog) {
    if histograms > 0 {
      log.looked(.histograms, "\(counted(histograms, "histogram")) agree with the counters")
    } else {
      log.skip(.histograms, "the record has none")
    }
    let reason = metricsLeftOut.sorted().joined(separator: "; ")
    if metrics > 0 {
      log.looked(
        .metrics,
        "\(counted(metrics, "value")) computed anew" + (reason.isEmpty ? "" : "; " + reason))
    } else {
      log.skip(.metrics, reason.isEmpty ? "the record has none" : reason)
    }
    if rows > 0 {
      log.looked(.series, "\(counted(rows, "second")) sum up to the counters")
    } else {
      log.skip(.series, "the record has none")
    }
  }
}

/// A histogram against itself.
enum HistogramFaults {
  /// What cannot be of one set of observations.
  ///
  /// O(buckets).
  static func of(_ distribution: LatencyDistribution) -> [String] {
    var faults: [String] = []
    let buckets = distribution.buckets
    let indices = buckets.map(\.index)
    guard indices.allSatisfy((0..<LatencyBuckets.count).contains) else {
      return ["a bucket lies outside the layout"]
    }
    if zip(indices, indices.dropFirst()).contains(where: { $0 >= $1 }) {
      faults.append("its buckets are not in order")
    }
    let held = buckets.reduce(UInt64(0)) { $0 &+ $1.count }
    if held != distribution.count {
      faults.append("its buckets hold \(held), its count is \(distribution.count)")
    }
    guard let first = indices.first, let last = indices.last, distribution.count > 0 else {
      return faults
    }
    if LatencyBuckets.index(of: distribution.minimum) != first {
      faults.append("its minimum \(distribution.minimum) is not in its first bucket")
    }
    let isOpenEnded = distribution.isOpenEnded(at: last)
    if LatencyBuckets.index(of: distribution.maximum) != last, !isOpenEnded {
      faults.append("its maximum \(distribution.maximum) is not in its last bucket")
    }
    let mean = distribution.mean
    if mean < Double(distribution.minimum) || mean > Double(distribution.maximum) {
      faults.append("its mean \(mean) lies outside its minimum and maximum")
    }
    // The sum by midpoints is off by half a bucket at most: 1/128 of each value.
    let middle = buckets.reduce(0.0) {
      $0 + Double(LatencyBuckets.midpoint($1.index)) * Double($1.count)
    }
    if !isOpenEnded && (middle - Double(distribution.sum)).magnitude > middle / 100 + 1 {
      faults.append("its sum \(distribution.sum) is not that of its buckets")
    }
    return faults
  }
}

extension SeriesRow {
  /// Of a trial of messages, which are reads or else writes here.
  fileprivate var messages: UInt64 { readIOs &+ writeIOs }
  fileprivate var messageBytes: UInt64 { readBytes &+ writeBytes }
}

extension JSONValue {
  /// A whole number that is not negative.
  var whole: Int64? { if case .integer(let value) = self, value >= 0 { value } else { nil } }
}
