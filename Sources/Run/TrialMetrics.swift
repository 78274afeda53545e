internal import Deploy
internal import Foundation
internal import Host
public import Ledger
internal import Measure
internal import Networking
internal import Storage

/// Metric values of a trial, by their names in the catalogue.
public enum TrialMetrics {
  /// The metrics of a recorded trial, computed anew from its counters and histograms.
  ///
  /// nil where its counters are not of a trial of Assay's: another tool measured it, or it did not
  /// run. Equal to the bit to those of the record, for the same version of Assay.
  public static func of(
    _ trial: TrialRecord, histograms: TrialHistograms
  ) -> [String: MetricValue]? {
    guard var outcome: StorageOutcome = decoded(trial.detail) else {
      return ofOthers(trial, histograms)
    }
    for (name, direction) in [
      ("read", \StorageOutcome.read), ("write", \.write), ("trim", \.trim), ("sync", \.sync),
    ] {
      func part(_ kind: String) -> LatencyDistribution {
        histograms.distributions["\(name) \(kind)"] ?? LatencyDistribution()
      }
      outcome[keyPath: direction].latency = part("latency")
      outcome[keyPath: direction].service = part("service")
      outcome[keyPath: direction].submission = part("submission")
    }
    return of(
      outcome, cpu: trial.detail["cpu"].flatMap(decoded),
      operation: trial.detail["operation"].flatMap(decoded))
  }

  private static func ofOthers(
    _ trial: TrialRecord, _ histograms: TrialHistograms
  ) -> [String: MetricValue]? {
    if let facts: SimulationFacts = trial.detail["simulation"].flatMap(decoded) {
      return SimulationMetrics.of(facts, histograms)
    }
    guard var outcome: VerbsOutcome = decoded(trial.detail) else { return nil }
    let name = "\(outcome.operation.rawValue) latency"
    outcome.latency = histograms.distributions[name] ?? LatencyDistribution()
    return of(outcome, cpu: trial.detail["cpu"].flatMap(decoded))
  }

  static func of(_ outcome: VerbsOutcome, cpu: CPUUse?) -> [String: MetricValue] {
    var metrics: [String: MetricValue] = [:]
    let seconds = outcome.elapsed.inSeconds
    guard seconds > 0 else { return metrics }
    metrics["message rate"] = MetricValue(Double(outcome.messages) / seconds, "1/s")
    metrics["bandwidth"] = MetricValue(Double(outcome.bytes) / seconds, "B/s")
    add(outcome.latency, "latency", &metrics)
    let worker = outcome.workers.reduce(0) { $0 + $1.cpuNs.count }
    metrics["worker cpu"] = MetricValue(Double(worker) / 1e7 / seconds, "%")
    addHostCPU(cpu, &metrics)
    guard let cpu, outcome.messages > 0 else { return metrics }
    metrics["cpu per message"] = MetricValue(
      Double(cpu.process.count) / Double(outcome.messages), "ns")
    return metrics
  }

  private static func addHostCPU(_ cpu: CPUUse?, _ metrics: inout [String: MetricValue]) {
    guard let cpu else { return }
    metrics["host cpu"] = MetricValue(cpu.percentOfCore(cpu.host.busy), "%")
    let interrupts = cpu.host.irq + cpu.host.softirq
    metrics["kernel cpu"] = MetricValue(
      cpu.percentOfCore(cpu.kernelThreadTime + interrupts), "%")
  }

  private static func decoded<Value: Decodable>(_ value: JSONValue) -> Value? {
    guard let data = try? JSONEncoder().encode(value) else { return nil }
    return try? JSONDecoder().decode(Value.self, from: data)
  }

  /// Statistics of a latency that every trial carries.
  private static let quantiles: [(String, Double)] = [
    ("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999),
    ("p99.99", 0.9999),
  ]

  static func of(
    _ outcome: StorageOutcome, cpu: CPUUse?, operation: OperationRecord? = nil
  ) -> [String: MetricValue] {
    var metrics: [String: MetricValue] = [:]
    addRates(outcome, &metrics)
    var all = outcome.read
    all.merge(outcome.write)
    all.merge(outcome.trim)
    for (prefix, direction) in [
      ("", all), ("read ", outcome.read), ("write ", outcome.write), ("trim ", outcome.trim),
    ] where direction.ios > 0 {
      add(direction.latency, "\(prefix)latency", &metrics)
      add(direction.service, "\(prefix)service", &metrics)
      add(direction.submission, "\(prefix)submission", &metrics)
    }
    add(outcome.sync.latency, "sync latency", &metrics)
    addCost(outcome, cpu, ios: all.ios + outcome.sync.ios, &metrics)
    addCounts(outcome, &metrics)
    if let operation { add(operation, &metrics) }
    return metrics
  }

  private static func add(
    _ operation: OperationRecord, _ metrics: inout [String: MetricValue]
  ) {
    let (seen, effect) = (operation.seen, operation.effect)
    func add(_ name: String, _ moment: Nanoseconds?, since start: Nanoseconds?) {
      guard let moment, let start else { return }
      metrics[name] = MetricValue(Double((moment - start).count), "ns")
    }
    add("operation accepted", seen.acceptedNs, since: seen.triggeredNs)
    let isGoing = operation.expected == DiskExpectation.Change.vanishes.rawValue
    add(isGoing ? "device gone" : "device visible", seen.visibleNs, since: seen.triggeredNs)
    add("device usable", seen.usableNs, since: seen.triggeredNs)
    add("longest stall", effect?.longestStall?.lengthNs, since: .zero)
    add("first error", effect?.firstErrorNs, since: .zero)
    add("recovery", effect?.recoveryNs, since: .zero)
    if let recovery = effect?.recoveryNs, let trigger = seen.triggeredNs,
      let undo = seen.undoTriggeredNs, trigger + recovery >= undo
    {
      add("recovery after undo", trigger + recovery, since: undo)
    }
    for (name, part) in [
      ("before", effect?.before), ("during", effect?.during), ("after", effect?.after),
    ] {
      if let iops = part?.iops { metrics["iops \(name)"] = MetricValue(iops, "1/s") }
    }
  }

  private static func addRates(
    _ outcome: StorageOutcome, _ metrics: inout [String: MetricValue]
  ) {
    let seconds = outcome.elapsed.inSeconds
    guard seconds > 0 else { return }
    func rate(_ count: UInt64) -> MetricValue { MetricValue(Double(count) / seconds, "1/s") }
    func speed(_ bytes: UInt64) -> MetricValue { MetricValue(Double(bytes) / seconds, "B/s") }
    metrics["iops"] = rate(outcome.read.ios + outcome.write.ios + outcome.trim.ios)
    metrics["bandwidth"] = speed(outcome.read.bytes + outcome.write.bytes)
    if outcome.read.ios > 0 {
      metrics["read iops"] = rate(outcome.read.ios)
      metrics["read bandwidth"] = speed(outcome.read.bytes)
    }
    if outcome.write.ios > 0 {
      metrics["write iops"] = rate(outcome.write.ios)
      metrics["write bandwidth"] = speed(outcome.write.bytes)
    }
    if outcome.trim.ios > 0 { metrics["trim iops"] = rate(outcome.trim.ios) }
    if outcome.sync.ios > 0 { metrics["sync rate"] = rate(outcome.sync.ios) }
  }

  static func add(
    _ distribution: LatencyDistribution, _ name: String, _ metrics: inout [String: MetricValue]
  ) {
    guard distribution.count > 0 else { return }
    metrics["\(name) mean"] = MetricValue(distribution.mean, "ns")
    metrics["\(name) min"] = MetricValue(Double(distribution.minimum), "ns")
    metrics["\(name) max"] = MetricValue(Double(distribution.maximum), "ns")
    for (statistic, fraction) in quantiles {
      guard let value = distribution.quantile(fraction) else { continue }
      metrics["\(name) \(statistic)"] = MetricValue(Double(value), "ns")
    }
  }

  /// CPU per I/O is that of the whole process: io_uring's kernel workers do part of its I/O.
  private static func addCost(
    _ outcome: StorageOutcome, _ cpu: CPUUse?, ios: UInt64,
    _ metrics: inout [String: MetricValue]
  ) {
    let worker = outcome.workers.reduce(0) { $0 + $1.cpuNs.count }
    let seconds = outcome.elapsed.inSeconds
    guard ios > 0, seconds > 0 else { return }
    metrics["worker cpu per io"] = MetricValue(Double(worker) / Double(ios), "ns")
    metrics["worker cpu"] = MetricValue(Double(worker) / 1e7 / seconds, "%")
    addHostCPU(cpu, &metrics)
    guard let cpu else { return }
    metrics["cpu per io"] = MetricValue(Double(cpu.process.count) / Double(ios), "ns")
  }

  private static func addCounts(
    _ outcome: StorageOutcome, _ metrics: inout [String: MetricValue]
  ) {
    let short = outcome.read.shortIOs + outcome.write.shortIOs
    metrics["late ios"] = MetricValue(Double(outcome.lateIOs), "1")
    metrics["hung ios"] = MetricValue(Double(outcome.hungIOs), "1")
    metrics["errors"] = MetricValue(Double(outcome.errorCount), "1")
    metrics["short ios"] = MetricValue(Double(short), "1")
    if let gap = outcome.longestGap {
      metrics["longest gap"] = MetricValue(Double(gap.lengthNs.count), "ns")
    }
    if let verification = outcome.verification {
      metrics["verify bad blocks"] = MetricValue(Double(verification.blocksBad), "1")
    }
  }
}
