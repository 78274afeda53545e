internal import Foundation
public import Ledger
internal import Measure
public import Storage

extension FioJSON {
  /// A record in the form of `fio --output-format=json`, with `bins` as json+; one job a trial.
  ///
  /// `workload` gives what a trial did to what, for its "job options"; without it they are fio's
  /// own of an imported trial, or the disclosure.
  /// What Assay does not measure is written as fio writes it without observations: shares of
  /// depths are all 0, page faults 0; `disk_util` is left out. Percentiles follow fio's rule
  /// (`calc_clat_percentiles`): the midpoint of a bucket, not clamped to the extremes. Throws
  /// `LedgerError` where a histogram or a series cannot be read.
  public static func write(
    _ record: RunRecord, bins: Bool,
    workload: (TrialRecord) -> (StorageWorkload, StorageTarget)? = { _ in nil }
  ) throws(LedgerError) -> String {
    var jobs: [FioText] = []
    let systems = Set(record.trials.map(\.key.system))
    for (number, trial) in record.trials.enumerated() {
      let job = FioJobText(
        trial: trial, group: number, manySystems: systems.count > 1,
        histograms: try record.histograms(of: trial), series: try record.series(of: trial),
        withBins: bins, options: workload(trial).map { FioOptions.of($0, on: $1) } ?? [])
      jobs.append(job.text)
    }
    let start = try? Date(record.header.startedAt, strategy: Date.ISO8601FormatStyle())
    let fraction = try? Date(
      record.header.startedAt, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let time = fraction ?? start ?? Date(timeIntervalSince1970: 0)
    let seconds = time.timeIntervalSince1970
    return FioText.object([
      ("fio version", .text("fio-3.33-assay-\(record.header.version)")),
      ("timestamp", .integer(Int64(seconds))),
      ("timestamp_ms", .integer(Int64((seconds * 1000).rounded()))),
      ("time", .text(inWords(time))),
      ("global options", .object([])),
      ("jobs", .array(jobs)),
    ]).rendered
  }

  /// ctime's form, in UTC.
  private static func inWords(_ time: Date) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "EEE MMM d HH:mm:ss yyyy"
    return formatter.string(from: time)
  }
}

/// One trial as an entry of `jobs`.
struct FioJobText {
  let trial: TrialRecord
  let group: Int
  let manySystems: Bool
  let histograms: TrialHistograms
  let series: [SeriesRow]
  let withBins: Bool
  let options: [(String, String)]

  /// What fio said about it, where it was imported.
  private var original: JSONValue? { trial.detail["fio"] }

  private var elapsedNs: Int64 { Self.integer(trial.detail["elapsed"]) ?? trial.tookNs.count }

  private var elapsedMs: Int64 { max((elapsedNs + 500_000) / 1_000_000, 1) }

  var text: FioText {
    var members: [(String, FioText)] = [
      ("jobname", .text(name)),
      ("groupid", .integer(Int64(group))),
      ("error", .integer(error)),
      ("eta", .integer(0)),
      ("elapsed", .integer((elapsedMs + 999) / 1000)),
      ("job options", .object(jobOptions.map { ($0.0, .text($0.1)) })),
    ]
    for direction in ["read", "write", "trim"] {
      members.append((direction, directionText(direction)))
    }
    members.append(
      (
        "sync",
        .object([
          ("total_ios", .integer(Self.integer(trial.detail["sync"]?["ios"]) ?? 0)),
          ("lat_ns", latency("sync", "latency", original?["sync"]?["lat_ns"])),
        ])
      ))
    members += usage
    members += depths
    members += latencyShares
    members += [
      ("latency_depth", .integer(Int64(trial.disclosure["queue depth"] ?? "") ?? 1)),
      ("latency_target", .integer(0)),
      ("latency_percentile", .real(100)),
      ("latency_window", .integer(0)),
    ]
    let said = trial.findings.filter { $0.severity != .note }.map(\.message)
    let words = ["\(trial.id), block \(trial.block), \(trial.status.rawValue)"] + said
    members.append(("desc", .text(words.joined(separator: "; "))))
    return .object(members)
  }

  private var name: String {
    manySystems || !trial.key.point.isEmpty ? trial.key.description : trial.key.workload
  }

  /// The first errno of a failed trial; EIO where none is known.
  private var error: Int64 {
    if let error = Self.integer(original?["error"]) { return error }
    guard trial.status == .failed else { return 0 }
    if case .array(let errors)? = trial.detail["errors"], let first = errors.first {
      return Self.integer(first["errno"]) ?? Int64(EIO)
    }
    return Int64(EIO)
  }

  private var jobOptions: [(String, String)] {
    if !options.isEmpty { return options }
    if case .object(let members)? = original?["job options"] {
      return members.sorted { $0.key < $1.key }.compactMap { key, value in
        if case .string(let text) = value { (key, text) } else { nil }
      }
    }
    return trial.disclosure.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  // MARK: A direction

  private func directionText(_ name: String) -> FioText {
    let facts = trial.detail[name]
    let bytes = Self.integer(facts?["bytes"]) ?? 0
    let ios = Self.integer(facts?["ios"]) ?? 0
    let old = original?[name]
    let seconds = Double(max(elapsedNs, 1)) / 1e9
    let perSecond = ios == 0 ? 0 : Double(bytes) / seconds
    var members: [(String, FioText)] = [
      ("io_bytes", .integer(bytes)),
      ("io_kbytes", .integer(bytes >> 10)),
      ("bw_bytes", .integer(Int64(perSecond))),
      ("bw", .integer(Int64(perSecond / 1024))),
      ("iops", .real(ios == 0 ? 0 : Double(ios) / seconds)),
      ("runtime", .integer(ios == 0 ? 0 : elapsedMs)),
      ("total_ios", .integer(ios)),
      ("short_ios", .integer(Self.integer(facts?["shortIOs"]) ?? 0)),
      ("drop_ios", .integer(Self.integer(old?["drop_ios"]) ?? 0)),
      ("slat_ns", latency(name, "submission", old?["slat_ns"])),
      ("clat_ns", latency(name, "service", old?["clat_ns"])),
      ("lat_ns", latency(name, "latency", old?["lat_ns"])),
    ]
    members += samples(name, old, bandwidth: perSecond / 1024)
    return .object(members)
  }

  /// Minimum, maximum, mean and deviation of the full seconds of the series.
  private func samples(
    _ name: String, _ old: JSONValue?, bandwidth: Double
  ) -> [(String, FioText)] {
    let full = series.filter { Int64($0.second + 1) * 1_000_000_000 <= elapsedNs }
    let rows: [(ios: UInt64, bytes: UInt64?)] = full.map { row in
      switch name {
      case "read": (row.readIOs, row.readBytes)
      case "write": (row.writeIOs, row.writeBytes)
      default: (row.trimIOs, nil)
      }
    }
    let active = rows.contains { $0.ios > 0 }
    var bw = Samples(active ? rows.compactMap { $0.bytes.map { Double($0) / 1024 } } : [])
    var iops = Samples(active ? rows.map { Double($0.ios) } : [])
    var aggregate = bandwidth > 0 ? min(bw.mean / bandwidth * 100, 100) : 0
    if series.isEmpty, let old {
      bw = Samples(old, "bw", deviation: "bw_dev")
      iops = Samples(old, "iops", deviation: "iops_stddev")
      aggregate = Self.number(old["bw_agg"]) ?? 0
    }
    return [
      ("bw_min", .integer(Int64(bw.least))), ("bw_max", .integer(Int64(bw.most))),
      ("bw_agg", .real(aggregate)), ("bw_mean", .real(bw.mean)),
      ("bw_dev", .real(bw.deviation)), ("bw_samples", .integer(bw.count)),
      ("iops_min", .integer(Int64(iops.least))), ("iops_max", .integer(Int64(iops.most))),
      ("iops_mean", .real(iops.mean)), ("iops_stddev", .real(iops.deviation)),
      ("iops_samples", .integer(iops.count)),
    ]
  }

  private struct Samples {
    var least = 0.0
    var most = 0.0
    var mean = 0.0
    var deviation = 0.0
    var count: Int64 = 0

    init(_ values: [Double]) {
      guard let first = values.first else { return }
      count = Int64(values.count)
      least = values.reduce(first, min)
      most = values.reduce(first, max)
      let middle = values.reduce(0, +) / Double(values.count)
      mean = middle
      guard values.count > 1 else { return }
      let squares = values.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
      deviation = (squares / Double(values.count - 1)).squareRoot()
    }

    init(_ old: JSONValue, _ name: String, deviation key: String) {
      least = FioJobText.number(old[name + "_min"]) ?? 0
      most = FioJobText.number(old[name + "_max"]) ?? 0
      mean = FioJobText.number(old[name + "_mean"]) ?? 0
      deviation = FioJobText.number(old[key]) ?? 0
      count = FioJobText.integer(old[name + "_samples"]) ?? 0
    }
  }

  // MARK: Latencies

  /// fio's percentiles where none are asked for (`percentile_list`).
  private static let percentiles = [
    1.0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99,
  ]

  private func latency(_ direction: String, _ kind: String, _ old: JSONValue?) -> FioText {
    guard let found = histograms.distributions["\(direction) \(kind)"] else {
      return oldLatency(old)
    }
    var members: [(String, FioText)] = [
      ("min", .unsigned(found.minimum)), ("max", .unsigned(found.maximum)),
      ("mean", .real(found.mean)), ("stddev", .real(found.standardDeviation)),
      ("N", .unsigned(found.count)),
    ]
    guard found.count > 0 else { return .object(members) }
    // An imported job keeps the percentiles that its file asked for.
    var wanted = Self.percentiles
    if case .object(let asked)? = old?["percentile"] {
      wanted = asked.keys.compactMap { Double($0) }.sorted()
    }
    if original == nil || old?["percentile"] != nil {
      members.append(
        (
          "percentile",
          .object(
            wanted.map { (FioText.sixDigits($0), .unsigned(Self.quantile(found, $0 / 100))) })
        ))
    }
    if withBins {
      let bins = Self.bins(of: found).map {
        (String(LatencyBuckets.midpoint($0.index)), FioText.unsigned($0.count))
      }
      members.append(("bins", .object(bins)))
    }
    return .object(members)
  }

  /// The buckets as fio has them: whatever is past its layout falls into its last one.
  static func bins(of distribution: LatencyDistribution) -> [LatencyDistribution.Bucket] {
    let last = LatencyBuckets.fioCount - 1
    let beyond = distribution.buckets.filter { $0.index >= last }
    guard beyond.count > 0 else { return distribution.buckets }
    return distribution.buckets.filter { $0.index < last }
      + [.init(index: last, count: beyond.reduce(0) { $0 + $1.count })]
  }

  /// fio's percentile: the midpoint of the bucket, whatever the largest observation is.
  static func quantile(_ distribution: LatencyDistribution, _ fraction: Double) -> UInt64 {
    let rank = fraction * Double(distribution.count)
    var seen: UInt64 = 0
    for bucket in bins(of: distribution) {
      seen += bucket.count
      if Double(seen) >= rank { return LatencyBuckets.midpoint(bucket.index) }
    }
    return distribution.maximum
  }

  /// A latency without histogram: fio's own numbers, or none.
  private func oldLatency(_ old: JSONValue?) -> FioText {
    var members: [(String, FioText)] = [
      ("min", .integer(Self.integer(old?["min"]) ?? 0)),
      ("max", .integer(Self.integer(old?["max"]) ?? 0)),
      ("mean", .real(Self.number(old?["mean"]) ?? 0)),
      ("stddev", .real(Self.number(old?["stddev"]) ?? 0)),
      ("N", .integer(Self.integer(old?["N"]) ?? 0)),
    ]
    if case .object(let percentiles)? = old?["percentile"] {
      let sorted = percentiles.sorted { Double($0.key) ?? 0 < Double($1.key) ?? 0 }
      members.append(
        ("percentile", .object(sorted.map { ($0.key, .integer(Self.integer($0.value) ?? 0)) })))
    }
    return .object(members)
  }

  static func integer(_ value: JSONValue?) -> Int64? {
    switch value {
    case .integer(let number): number
    case .number(let number): Int64(exactly: number.rounded())
    default: nil
    }
  }

  static func number(_ value: JSONValue?) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .number(let number): number
    default: nil
    }
  }
}
