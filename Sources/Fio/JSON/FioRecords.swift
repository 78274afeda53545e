internal import Foundation
public import Ledger
internal import Measure
internal import Storage

/// One job of a fio document as a trial of Assay.
public struct FioTrial: Sendable {
  /// The trial; its `histograms` names no file yet.
  public var record: TrialRecord
  /// Its histograms; nil without json+'s bins.
  public var histograms: TrialHistograms?
}

extension FioDocument {
  /// Every job as a trial, in order.
  ///
  /// The system is the file that the job names, the workload is the job. fio's `lat` becomes
  /// latency, `clat` service and `slat` submission. `block` counts repetitions of one job, as
  /// `run` counts documents. Throws ``FioJSON/Failure`` where a histogram is not fio's.
  public func trials(run: Int = 1) throws(FioJSON.Failure) -> [FioTrial] {
    var trials: [FioTrial] = []
    for (number, job) in jobs.enumerated() {
      let converter = FioTrialConverter(document: self, job: job)
      do {
        trials.append(try converter.trial(id: "r\(run)j\(number + 1)", block: run))
      } catch {
        throw FioJSON.Failure("jobs[\(number)] (\(job.jobname)): \(error.description)")
      }
    }
    return trials
  }
}

/// Turns one job into a trial.
struct FioTrialConverter {
  let document: FioDocument
  let job: FioJob

  private var options: [String: String] {
    document.globalOptions.merging(job.jobOptions ?? [:]) { _, own in own }
  }

  func trial(id: String, block: Int) throws(FioJSON.Failure) -> FioTrial {
    let name = FioImport.word(job.jobname, or: "job")
    let base = options["filename"]?.split(separator: "/").last.map(String.init)
    let system = FioImport.word(base ?? job.hostname ?? "", or: "fio")
    var record = TrialRecord(
      id: id, key: CaseKey(system: system, workload: name), block: block)
    let distributions = try distributions()
    record.metrics = metrics(distributions)
    record.disclosure = disclosure
    record.startedAt = startedAt
    record.tookNs = .milliseconds(runtimeMs)
    record.detail = try detail()
    judge(&record)
    let histograms = distributions.isEmpty ? nil : TrialHistograms(distributions: distributions)
    return FioTrial(record: record, histograms: histograms)
  }

  private var runtimeMs: Int64 { job.directions.compactMap(\.direction.runtime).max() ?? 0 }

  private var startedAt: String {
    guard let timestamp = document.timestamp else { return "" }
    let start = Double(timestamp - (job.elapsed ?? 0))
    return Date(timeIntervalSince1970: start).formatted(.iso8601)
  }

  private func judge(_ record: inout TrialRecord) {
    record.findings.append(
      Finding(
        code: .imported, severity: .note,
        message: "measured by \(document.version ?? "fio"), imported from its JSON"))
    if let error = job.error, error != 0 {
      record.status = .failed
      record.findings.append(
        Finding(
          code: .fioError, severity: .error,
          message: "fio ended the job with error \(error): \(Self.meaning(error))"
        ))
    } else if job.directions.allSatisfy({ ($0.direction.totalIos ?? 0) == 0 }) {
      record.status = .invalid
      record.findings.append(
        Finding(code: .noIO, severity: .error, message: "the job completed no I/O"))
    }
  }

  private static func meaning(_ errno: Int) -> String {
    String(cString: strerror(Int32(truncatingIfNeeded: errno)))
  }

  // MARK: Numbers

  private static let kinds: [(name: String, of: @Sendable (FioDirection) -> FioLatency?)] = [
    ("latency", { $0.latNs }), ("service", { $0.clatNs }), ("submission", { $0.slatNs }),
  ]

  private func distributions() throws(FioJSON.Failure) -> [String: LatencyDistribution] {
    var result: [String: LatencyDistribution] = [:]
    for (name, direction) in job.directions {
      for kind in Self.kinds {
        if let found = try kind.of(direction)?.distribution() {
          result["\(name) \(kind.name)"] = found
        }
      }
    }
    if let sync = try job.sync?.latNs?.distribution() { result["sync latency"] = sync }
    return result
  }

  private func metrics(_ distributions: [String: LatencyDistribution]) -> [String: MetricValue] {
    var metrics: [String: MetricValue] = [:]
    var iops = 0.0
    var bandwidth = 0.0
    let active = job.directions.filter { ($0.direction.totalIos ?? 0) > 0 }
    for (name, direction) in active {
      let prefix = name == "mixed" ? "" : name + " "
      metrics[prefix + "iops"] = direction.iops.map { MetricValue($0, "1/s") }
      if name != "trim" {
        metrics[prefix + "bandwidth"] = bytesPerSecond(direction).map { MetricValue($0, "B/s") }
      }
      // With unified_rw_reporting=both the sum stands beside its parts.
      if name != "mixed" || active.count == 1 {
        iops += direction.iops ?? 0
        // Trims move no bytes: the catalogue's bandwidth is reads and writes.
        bandwidth += name == "trim" ? 0 : bytesPerSecond(direction) ?? 0
      }
      for kind in Self.kinds {
        guard let latency = kind.of(direction), (latency.count ?? 1) > 0 else { continue }
        add(latency, distributions["\(name) \(kind.name)"], prefix + kind.name, to: &metrics)
        if active.count == 1 {
          add(latency, distributions["\(name) \(kind.name)"], kind.name, to: &metrics)
        }
      }
    }
    metrics["iops"] = MetricValue(iops, "1/s")
    metrics["bandwidth"] = MetricValue(bandwidth, "B/s")
    if let sync = job.sync?.latNs, (job.sync?.totalIos ?? 0) > 0 {
      add(sync, distributions["sync latency"], "sync latency", to: &metrics)
      if runtimeMs > 0 {
        let rate = Double(job.sync?.totalIos ?? 0) * 1000 / Double(runtimeMs)
        metrics["sync rate"] = MetricValue(rate, "1/s")
      }
    }
    if active.count > 1 { addMerged(distributions, to: &metrics) }
    metrics["errors"] = MetricValue(Double(job.totalErr ?? (job.error ?? 0 == 0 ? 0 : 1)), "1")
    let short = active.reduce(0) { $0 + ($1.direction.shortIos ?? 0) }
    metrics["short ios"] = MetricValue(Double(short), "1")
    if let cpu = cpuNanoseconds, runtimeMs > 0 {
      let percent = (cpu.user + cpu.system) / Double(runtimeMs) / 1e4
      metrics["worker cpu"] = MetricValue(percent, "%")
    }
    if let cpu = cpuNanoseconds, case let ios = ioCount, ios > 0 {
      metrics["cpu per io"] = MetricValue((cpu.user + cpu.system) / Double(ios), "ns")
    }
    return metrics
  }

  private var ioCount: UInt64 {
    let parts = job.directions.filter { $0.name != "mixed" }
    let whole = parts.isEmpty ? job.directions : parts
    return whole.reduce(0) { $0 + ($1.direction.totalIos ?? 0) }
  }

  private func bytesPerSecond(_ direction: FioDirection) -> Double? {
    direction.bwBytes.map(Double.init) ?? direction.bw.map { Double($0) * 1024 }
  }

  /// `usr_cpu` and `sys_cpu` are shares of the time of all threads together.
  private var cpuNanoseconds: (user: Double, system: Double)? {
    guard let user = job.usrCpu, let system = job.sysCpu, let runtime = job.jobRuntime
    else { return nil }
    let scale = Double(runtime) * 1e6 / 100
    return (user * scale, system * scale)
  }

  private func add(
    _ latency: FioLatency, _ distribution: LatencyDistribution?, _ name: String,
    to metrics: inout [String: MetricValue]
  ) {
    metrics[name + " min"] = MetricValue(Double(latency.min), "ns")
    metrics[name + " mean"] = MetricValue(latency.mean, "ns")
    metrics[name + " max"] = MetricValue(Double(latency.max), "ns")
    if let distribution { addQuantiles(distribution, name, to: &metrics) }
    for (percent, value) in latency.percentile ?? [:] {
      guard let percent = Double(percent), percent > 0, percent < 100 else { continue }
      metrics["\(name) p\(Self.short(percent))"] = MetricValue(Double(value), "ns")
    }
  }

  private func addQuantiles(
    _ distribution: LatencyDistribution, _ name: String, to metrics: inout [String: MetricValue]
  ) {
    for percent in [50.0, 90, 95, 99, 99.9, 99.99] {
      if let value = distribution.quantile(percent / 100) {
        metrics["\(name) p\(Self.short(percent))"] = MetricValue(Double(value), "ns")
      }
    }
  }

  /// All directions together, which only histograms can give.
  private func addMerged(
    _ distributions: [String: LatencyDistribution], to metrics: inout [String: MetricValue]
  ) {
    for kind in Self.kinds {
      var merged = LatencyDistribution()
      for name in ["read", "write", "trim"] {
        if let part = distributions["\(name) \(kind.name)"] { merged.merge(part) }
      }
      guard merged.count > 0 else { continue }
      metrics[kind.name + " min"] = MetricValue(Double(merged.minimum), "ns")
      metrics[kind.name + " mean"] = MetricValue(merged.mean, "ns")
      metrics[kind.name + " max"] = MetricValue(Double(merged.maximum), "ns")
      addQuantiles(merged, kind.name, to: &metrics)
    }
  }

  /// `99.9` for 99.900000.
  static func short(_ percent: Double) -> String {
    percent == percent.rounded() ? String(Int(percent)) : String(percent)
  }

  // MARK: What stands beside the numbers

  private var disclosure: [String: String] {
    var result = ["tool": document.version ?? "fio"]
    let options = options
    let names = [
      "rw": "pattern", "bs": "block size", "bssplit": "block size", "bsrange": "block size",
      "iodepth": "queue depth", "numjobs": "jobs", "ioengine": "engine", "direct": "direct",
      "filename": "target", "rwmixread": "read share", "rate_iops": "rate per job",
      "rate": "rate per job", "random_distribution": "distribution", "verify": "verify",
      "buffered": "buffered", "size": "region size",
    ]
    // fio leaves out what is at its default.
    for (name, value) in [
      ("pattern", "read"), ("block size", "4096"), ("queue depth", "1"), ("jobs", "1"),
      ("engine", "psync"), ("direct", "0"),
    ] { result[name] = value }
    for (option, name) in names.sorted(by: { $0.key < $1.key }) {
      if let value = options[option] { result[name] = value }
    }
    result["load"] =
      options["rate_iops"] != nil || options["rate"] != nil ? "rate-limited" : "closed loop"
    if let host = job.hostname { result["host"] = host }
    return result
  }

  /// The outcome as far as fio tells it, and under `fio` the job as fio wrote it, without bins.
  private func detail() throws(FioJSON.Failure) -> JSONValue {
    var outcome = StorageOutcome()
    outcome.elapsed = .milliseconds(runtimeMs)
    outcome.read = Self.direction(job.read)
    outcome.write = Self.direction(job.write)
    outcome.trim = Self.direction(job.trim)
    outcome.sync.ios = job.sync?.totalIos ?? 0
    outcome.errorCount = UInt64(max(job.totalErr ?? 0, 0))
    if let cpu = cpuNanoseconds {
      var worker = WorkerOutcome()
      worker.ios = ioCount
      worker.cpuNs = Nanoseconds(Int64(cpu.user + cpu.system))
      worker.userNs = Nanoseconds(Int64(cpu.user))
      worker.systemNs = Nanoseconds(Int64(cpu.system))
      worker.voluntarySwitches = Int(clamping: job.ctx ?? 0)
      outcome.workers = [worker]
    }
    var bare = job
    bare.dropBins()
    do {
      var value = try Self.json(outcome)
      if case .object(var members) = value {
        members["fio"] = try Self.json(bare)
        value = .object(members)
      }
      return value
    } catch {
      throw FioJSON.Failure("has no JSON form: \(error)")
    }
  }

  private static func direction(_ direction: FioDirection?) -> DirectionOutcome {
    var outcome = DirectionOutcome()
    outcome.ios = direction?.totalIos ?? 0
    outcome.bytes = direction?.ioBytes ?? 0
    outcome.shortIOs = direction?.shortIos ?? 0
    return outcome
  }

  private static func json(_ value: some Encodable) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }
}

extension FioJob {
  /// Leaves out json+'s bins, which a record keeps as histograms.
  mutating func dropBins() {
    func bare(_ direction: FioDirection?) -> FioDirection? {
      guard var direction else { return nil }
      direction.slatNs?.bins = nil
      direction.clatNs?.bins = nil
      direction.latNs?.bins = nil
      return direction
    }
    read = bare(read)
    write = bare(write)
    trim = bare(trim)
    mixed = bare(mixed)
    sync?.latNs?.bins = nil
  }
}
