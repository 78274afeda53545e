internal import Ledger
internal import Measure

extension FioJobText {
  private var old: JSONValue? { trial.detail["fio"] }

  /// CPU time, context switches, page faults.
  var usage: [(String, FioText)] {
    var workers: [JSONValue] = []
    if case .array(let list)? = trial.detail["workers"] { workers = list }
    func sum(_ key: String) -> Double { workers.reduce(0) { $0 + (Self.number($1[key]) ?? 0) } }
    let elapsed = Self.number(trial.detail["elapsed"]) ?? 0
    var runtime = elapsed * Double(workers.count)
    // Imported: fio's time of all threads, which are one worker in the record.
    if let known = Self.number(old?["job_runtime"]) { runtime = known * 1e6 }
    let scale = runtime > 0 ? 100 / runtime : 0
    let switches = sum("voluntarySwitches") + sum("involuntarySwitches")
    return [
      ("job_runtime", .integer(Int64((runtime / 1e6).rounded()))),
      ("usr_cpu", .real(Self.number(old?["usr_cpu"]) ?? sum("userNs") * scale)),
      ("sys_cpu", .real(Self.number(old?["sys_cpu"]) ?? sum("systemNs") * scale)),
      ("ctx", .integer(Int64(switches))),
      ("majf", .integer(Self.integer(old?["majf"]) ?? 0)),
      ("minf", .integer(Self.integer(old?["minf"]) ?? 0)),
    ]
  }

  /// Shares of depths in percent: fio's own where the trial was imported, else of our I/Os as they
  /// were handed over; how many went with one call is not measured.
  var depths: [(String, FioText)] {
    var handed: [Double] = []
    if case .array(let counts)? = trial.detail["depthLevels"] {
      handed = counts.map { Self.number($0) ?? 0 }
    }
    let all = handed.reduce(0, +)
    let levels = ["1", "2", "4", "8", "16", "32", ">=64"]
    let calls = ["0", "4", "8", "16", "32", "64", ">=64"]
    return [
      ("iodepth_level", levels), ("iodepth_submit", calls), ("iodepth_complete", calls),
    ].map { name, keys in
      let shares = keys.enumerated().map { index, key -> (String, FioText) in
        let known = Self.number(old?[name]?[key])
        let isOurs = known == nil && name == "iodepth_level" && all > 0 && index < handed.count
        return (key, .real(known ?? (isOurs ? handed[index] / all * 100 : 0)))
      }
      return (name, .object(shares))
    }
  }

  /// Shares of I/Os by completion latency: bounds of `io_u_mark_latency`, from the histograms.
  var latencyShares: [(String, FioText)] {
    let parts: [(name: String, unit: UInt64, bounds: [UInt64], above: String?)] = [
      ("latency_ns", 1, Self.bounds, nil), ("latency_us", 1_000, Self.bounds, nil),
      ("latency_ms", 1_000_000, Self.bounds + [2000], ">=2000"),
    ]
    var merged = LatencyDistribution()
    for name in ["read", "write", "trim"] {
      if let part = histograms.distributions["\(name) service"] { merged.merge(part) }
    }
    return parts.map { part in
      var from: UInt64 = part.unit == 1 ? 0 : part.unit
      var members: [(String, FioText)] = []
      for bound in part.bounds {
        let to = bound * part.unit
        members.append((String(bound), share(merged, part.name, String(bound), from..<to)))
        from = to
      }
      if let above = part.above {
        members.append((above, share(merged, part.name, above, from..<UInt64.max)))
      }
      return (part.name, .object(members))
    }
  }

  private static let bounds: [UInt64] = [2, 4, 10, 20, 50, 100, 250, 500, 750, 1000]

  /// fio shows a share that is not nothing as at least 0.01 %.
  private func share(
    _ merged: LatencyDistribution, _ part: String, _ key: String, _ range: Range<UInt64>
  ) -> FioText {
    if let known = Self.number(old?[part]?[key]) { return .real(known) }
    guard merged.count > 0 else { return .real(0) }
    let inside = merged.buckets.reduce(UInt64(0)) {
      range.contains(LatencyBuckets.midpoint($1.index)) ? $0 + $1.count : $0
    }
    let percent = Double(inside) * 100 / Double(merged.count)
    return .real(percent > 0 ? max(percent, 0.01) : 0)
  }
}
