internal import Ledger
internal import Measure
internal import Statistics

/// The figures of one case: what every output shows.
struct CaseFigures: Sendable {
  /// The case.
  var key: CaseKey
  /// Its trials in executed order, the excluded ones too.
  var trials: [ReportInput.Trial]
  /// Lines of the results table: all I/O, then each direction where there are several, then sync.
  var lines: [Line]
  /// CPU time for one I/O or message over the valid trials.
  var cpuPerIO: Spread?
  /// Failed I/Os of all trials, the excluded ones too.
  var errors: Spread?
  /// Disclosure, with every value that occurs.
  var disclosure: [String: String]
  /// Required disclosure that at least one trial lacks.
  var undisclosed: [String]
  /// Metrics that no column shows, by name.
  var otherMetrics: [(name: String, spread: Spread)]
  /// Whether it counts messages over a fabric rather than I/Os.
  var isOfMessages: Bool
  /// Whether it counts requests to a simulated control plane.
  var isOfRequests: Bool
  /// Whether its trial only finds the maximum of which rates are shares: no replicate of a case.
  var findsMaximum: Bool

  /// Trials whose numbers count.
  var valid: [ReportInput.Trial] { trials.filter { $0.record.status == .valid } }
  /// Whether its numbers may stand beside others.
  var isComparable: Bool { undisclosed.isEmpty }
  /// Whether latency counts from the intended start: an open loop.
  var isOpenLoop: Bool {
    let load = trials.lazy.compactMap { $0.record.disclosed("load") }.first
    return load?.lowercased().hasPrefix("open") == true
  }

  /// One line of figures: all I/O or one direction.
  struct Line: Sendable {
    /// `read`, `write`, `trim`, `sync`; empty for all I/O together.
    var direction: String
    /// I/Os or messages per second.
    var iops: Spread?
    /// Bytes per second.
    var bandwidth: Spread?
    /// Latency of the valid trials' I/Os together: merged histograms.
    var latency: LatencyDistribution
    /// Per-trial quantiles and the like, by the column's name: for the spread, never averaged.
    var perTrial: [LatencyColumn: Spread]

    /// A latency figure: of all I/Os, or where one trial has no histogram, as its source gives it.
    func text(of column: LatencyColumn, ascii: Bool) -> String? {
      guard latency.count == 0 else {
        return column.value(of: latency).map { Quantity($0, .time).text(ascii: ascii) }
      }
      return perTrial[column]?.text(ascii: ascii)
    }
  }

  /// The values of a metric in several trials.
  struct Spread: Hashable, Sendable {
    /// One a trial, in executed order.
    var values: [Double]
    /// What they count.
    var kind: Quantity.Kind
    /// Set where the values are bounds, and nothing closer is known.
    var bound: MetricValue.Bound?

    /// Takes at least one value; nil without any.
    init?(
      _ values: [Double], _ kind: Quantity.Kind, bound: MetricValue.Bound? = nil
    ) {
      self.bound = bound
      let finite = values.filter(\.isFinite)
      guard !finite.isEmpty else { return nil }
      self.values = finite
      self.kind = kind
    }

    /// The smallest.
    var least: Double { values.reduce(values[0], min) }
    /// The largest.
    var largest: Double { values.reduce(values[0], max) }
    /// The median; the mean of the middle two for an even count.
    var median: Double { Median.of(values) ?? values[0] }

    /// The median, `≥` or `≤` before a bound.
    func text(ascii: Bool) -> String {
      let number = Quantity(median, kind).text(ascii: ascii)
      return switch bound {
      case .atLeast: (ascii ? ">= " : "≥ ") + number
      case .atMost: (ascii ? "<= " : "≤ ") + number
      case nil: number
      }
    }

    /// `84.1–92.0 µs`, or `1.20 µs–3.40 ms` where units differ; nil for a single trial.
    func range(ascii: Bool) -> String? {
      guard values.count > 1 else { return nil }
      let low = Quantity(least, kind).text(ascii: ascii)
      let high = Quantity(largest, kind).text(ascii: ascii)
      if low == high { return low }
      let isNumber = { (character: Character) in character.isNumber || ".-".contains(character) }
      let number = low.prefix(while: isNumber)
      let unit = high.drop(while: isNumber)
      let start = low.dropFirst(number.count) == unit ? String(number) : low
      return start + (ascii ? ".." : "–") + high
    }
  }
}

/// A latency figure that every results table shows.
enum LatencyColumn: String, CaseIterable, Sendable {
  /// The mean.
  case mean
  /// The median.
  case p50
  /// One in a hundred is longer.
  case p99
  /// One in a thousand is longer.
  case p999 = "p99.9"
  /// The longest.
  case max

  /// The figure, ns; nil where there are too few observations to tell: n(1-p) < 1.
  func value(of latency: LatencyDistribution) -> Double? {
    guard latency.count > 0 else { return nil }
    switch self {
    case .mean: return latency.mean
    case .max: return Double(latency.maximum)
    case .p50: return latency.quantile(0.5).map { Double($0) }
    case .p99: return quantile(0.99, of: latency)
    case .p999: return quantile(0.999, of: latency)
    }
  }

  private func quantile(_ share: Double, of latency: LatencyDistribution) -> Double? {
    guard Double(latency.count) * (1 - share) >= 1 - 1e-9 else { return nil }
    return latency.quantile(share).map { Double($0) }
  }
}

extension CaseFigures {
  static let directions = ["read", "write", "trim", "send"]
  /// What a simulated control plane does that takes time; each stands by itself.
  static let simulated = [
    "mutating api", "get api", "namespace list api", "cluster list api", "pod startup",
    "deploy", "join", "etcd wal sync", "etcd backend commit",
  ]
  private static let shownMetrics: Set<String> = [
    "iops", "message rate", "api request rate", "bandwidth", "errors", "cpu per io", "cpu-per-io",
    "cpu per message",
  ]

  /// The cases of a run in order of their first trial; what finds a maximum stands by itself.
  ///
  /// O(trials x buckets).
  static func all(of input: ReportInput) -> [CaseFigures] {
    struct Place: Hashable {
      var key: CaseKey
      var isMaximum: Bool
    }
    var order: [Place] = []
    var byCase: [Place: [ReportInput.Trial]] = [:]
    for trial in input.trials {
      let place = Place(key: trial.record.key, isMaximum: trial.record.block == 0)
      if byCase[place] == nil { order.append(place) }
      byCase[place, default: []].append(trial)
    }
    return order.map { CaseFigures($0.key, byCase[$0] ?? []) }
  }

  init(_ key: CaseKey, _ trials: [ReportInput.Trial]) {
    self.key = key
    self.trials = trials
    findsMaximum = trials.allSatisfy { $0.record.block == 0 }
    let valid = trials.filter { $0.record.status == .valid }
    func present(_ names: [String]) -> [String] {
      names.filter { name in
        valid.contains { ($0.distributions[name + " latency"]?.count ?? 0) > 0 }
      }
    }
    let used = present(Self.directions)
    lines = [Self.line("", used, valid)]
    if used.count > 1 { lines += used.map { Self.line($0, [$0], valid) } }
    lines += present(Self.simulated).map { Self.line($0, [$0], valid) }
    let sync = Self.line("sync", ["sync"], valid)
    if sync.latency.count > 0 { lines.append(sync) }
    cpuPerIO = Self.spread("cpu per io", valid) ?? Self.spread("cpu per message", valid)
    isOfMessages = trials.contains { $0.record.metrics["message rate"] != nil }
    isOfRequests = trials.contains { $0.record.metrics["api request rate"] != nil }
    errors = Self.spread("errors", trials)
    var values: [String: [String]] = [:]
    for (name, value) in trials.flatMap(\.record.disclosure) {
      if values[name]?.contains(value) != true { values[name, default: []].append(value) }
    }
    disclosure = values.mapValues { $0.sorted().joined(separator: " | ") }
    let kind = DisclosureRules.Kind(metrics: trials.flatMap(\.record.metrics.keys))
    undisclosed = DisclosureRules.required(for: kind).filter { name in
      trials.contains { $0.record.disclosed(name) == nil }
    }
    otherMetrics = Set(valid.flatMap(\.record.metrics.keys)).sorted()
      .filter { !Self.isShown($0) }
      .compactMap { name in Self.spread(name, valid).map { (name, $0) } }
  }

  /// Whether the results table has anything to show of it.
  var hasColumns: Bool {
    lines.contains { line in
      line.iops != nil || line.bandwidth != nil
        || LatencyColumn.allCases.contains { line.text(of: $0, ascii: true) != nil }
    }
  }

  private static func isShown(_ name: String) -> Bool {
    let words = name.replacing("-", with: " ")
    return shownMetrics.contains(name)
      || LatencyColumn.allCases.contains { column in
        ([""] + simulated.map { $0 + " " }).contains {
          words == $0 + "latency " + column.rawValue
        }
      }
  }

  /// The I/O latencies of a trial in some directions together.
  static func latency(
    of trial: ReportInput.Trial, _ directions: [String]
  ) -> LatencyDistribution {
    var merged = LatencyDistribution()
    for direction in directions {
      if let part = trial.distributions[direction + " latency"] { merged.merge(part) }
    }
    return merged
  }

  private static func line(
    _ name: String, _ directions: [String], _ valid: [ReportInput.Trial]
  ) -> Line {
    let prefix = name.isEmpty ? "" : name + " "
    let latencies = valid.map { latency(of: $0, directions) }
    var merged = LatencyDistribution()
    for latency in latencies { merged.merge(latency) }
    var perTrial: [LatencyColumn: Spread] = [:]
    for column in LatencyColumn.allCases {
      perTrial[column] =
        merged.count == 0 && valid.count == 1
        ? spread("\(prefix)latency \(column.rawValue)", valid)
        : Spread(latencies.compactMap(column.value), .time)
    }
    return Line(
      direction: name,
      iops: spread(prefix + "iops", valid) ?? spread(prefix + "message rate", valid)
        ?? spread(prefix + "api request rate", valid),
      bandwidth: spread(prefix + "bandwidth", valid), latency: merged, perTrial: perTrial)
  }

  private static func spread(_ name: String, _ trials: [ReportInput.Trial]) -> Spread? {
    let values = trials.compactMap { $0.record.metric(name) }
    guard let unit = values.first?.unit else { return nil }
    return Spread(
      values.map(\.value), Quantity.Kind(unit: unit), bound: values.lazy.compactMap(\.bound).first)
  }
}
