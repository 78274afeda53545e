public import Calibration
internal import Measure

/// Both arms of an experiment, figure by figure.
public struct ControlPlaneComparison: Hashable, Codable, Sendable {
  /// Values of repetitions: their median and extremes.
  public struct Spread: Hashable, Codable, Sendable {
    /// The median, or the mean of the two in the middle.
    public var median: Double
    /// The least.
    public var least: Double
    /// The most.
    public var most: Double

    /// Of one value at least; nil of none.
    init?(_ values: [Double]) {
      let sorted = values.sorted()
      guard let first = sorted.first, let last = sorted.last else { return nil }
      let middle = sorted.count / 2
      median =
        sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
      (least, most) = (first, last)
    }
  }

  /// A quantity on both arms.
  public struct Row: Hashable, Codable, Sendable {
    /// The experiment, or the two that are held against each other.
    public var experiment: String
    /// The figure, with its statistic where it has a value for each pod, node or watch.
    public var figure: String
    /// `s`, `ms`, `1/s`, `count` or `ratio`.
    public var unit: String
    /// Over the repetitions of the real arm.
    public var real: Spread
    /// Over the seeds of the simulated arm.
    public var simulated: Spread
    /// Simulated over real, of the medians; nil where the real one is 0.
    public var ratio: Double?
    /// How far apart they may be; nil where the row is for information.
    public var bar: String?
    /// Whether they are so near; nil without a bar.
    public var verdict: Verdict?
  }

  /// Whether a figure is within its bar.
  public enum Verdict: String, Hashable, Codable, Sendable {
    /// It is.
    case held
    /// It is not.
    case missed
    /// It is not, but it is among the real arm's own repetitions, which are as far apart.
    case undecided
  }

  /// All rows, by experiment in the order of the record.
  public var rows: [Row]

  /// Whether every bar holds; nil where none is missed, but the real arm's own repetitions differ
  /// too much to tell of some.
  public var holds: Bool? {
    if rows.contains(where: { $0.verdict == .missed }) { return false }
    return rows.contains { $0.verdict == .undecided } ? nil : true
  }

  /// Holds the arms against each other, experiment by experiment.
  public init(_ pairs: [(real: ControlPlaneReport, simulated: SimulatedControlPlane)]) {
    rows = pairs.flatMap { Self.rows($0.real, $0.simulated) }
    rows += Self.limitRows(pairs)
  }
}

extension ControlPlaneComparison {
  private static func rows(
    _ real: ControlPlaneReport, _ simulated: SimulatedControlPlane
  ) -> [Row] {
    var rows: [Row] = []
    let names = real.repetitions.first?.figures.map(\.name) ?? []
    for name in names {
      for statistic in Statistic.allCases {
        let values = { (figures: [ControlPlaneFigure]) in
          figures.first { $0.name == name }.flatMap { statistic.of($0.values) }
        }
        let figure = statistic.isSingle ? name : "\(name) \(statistic.rawValue)"
        rows += row(
          real.name, figure, real.repetitions.first?.figures.first { $0.name == name }?.unit,
          real.repetitions.compactMap { values($0.figures) },
          simulated.repetitions.compactMap { values($0.figures) })
      }
    }
    guard let operation = real.experiment.kind.operation else { return rows }
    for (name, of) in Self.latencies {
      let milliseconds = { (requests: [RequestFigures]) in
        requests.first { $0.operation == operation }.flatMap { of($0.latency) }.map { $0 / 1e6 }
      }
      rows += row(
        real.name, "\(operation.verb) \(operation.resource) \(name)", "ms",
        real.repetitions.compactMap { milliseconds($0.requests) },
        simulated.repetitions.compactMap { milliseconds($0.requests) })
    }
    return rows
  }

  /// What is compared of a latency, ns.
  private static let latencies: [(String, @Sendable (LatencyDistribution) -> Double?)] = [
    ("mean", { $0.count > 0 ? $0.mean : nil }), ("p50", { $0.quantile(0.5).map { Double($0) } }),
    ("p99", { $0.quantile(0.99).map { Double($0) } }),
  ]

  private static func row(
    _ experiment: String, _ figure: String, _ unit: String?, _ real: [Double],
    _ simulated: [Double]
  ) -> [Row] {
    guard let real = Spread(real), let simulated = Spread(simulated), let unit else { return [] }
    let bar = bar(of: figure)
    return [
      Row(
        experiment: experiment, figure: figure, unit: unit, real: real, simulated: simulated,
        ratio: real.median > 0 ? simulated.median / real.median : nil, bar: bar?.text,
        verdict: bar.map { verdict($0, real, simulated.median) })
    ]
  }

  private static func verdict(_ bar: Bar, _ real: Spread, _ simulated: Double) -> Verdict {
    if bar.holds(simulated: simulated, real: real.median) { return .held }
    return (real.least...real.most).contains(simulated) ? .undecided : .missed
  }

  /// The factor between default and raised client limits, which is larger than either arm's error.
  private static func limitRows(
    _ pairs: [(real: ControlPlaneReport, simulated: SimulatedControlPlane)]
  ) -> [Row] {
    guard let usual = pairs.first(where: { $0.real.name == "deployment" }),
      let raised = pairs.first(where: { $0.real.name == "deployment-raised-limits" })
    else { return [] }
    return ["all-created", "all-bound", "all-running"].flatMap { name in
      let median = { (repetitions: [[ControlPlaneFigure]]) in
        Spread(repetitions.compactMap { $0.first { $0.name == name }?.values.last })?.median
      }
      let factor = { (usual: [[ControlPlaneFigure]], raised: [[ControlPlaneFigure]]) in
        [(median(usual) ?? 0) / (median(raised) ?? 1)]
      }
      return row(
        "deployment / raised limits", "\(name) factor", "ratio",
        factor(usual.real.repetitions.map(\.figures), raised.real.repetitions.map(\.figures)),
        factor(
          usual.simulated.repetitions.map(\.figures),
          raised.simulated.repetitions.map(\.figures)))
    }
  }

  /// How far the arms may be apart, said before they were held against each other.
  ///
  /// Rates within 15 %, means within 20 %, as of etcd; medians within 25 %, 99th percentiles and
  /// largest values within a factor of 1.5, as of published figures. What timers and limiters
  /// decide is steadier, and so are counts.
  static func bar(of figure: String) -> Bar? {
    switch figure {
    case "pods-created", "requests": .within(.percent(15))
    case "lease-renewals": .within(.percent(5))
    case "all-created", "all-bound", "all-running": .within(.percent(20))
    case "pod-bound median", "pod-running median": .within(.percent(25))
    case _ where figure.hasSuffix(" factor"): .within(.percent(20))
    case "unknown-since-last-renewal median", "no-schedule-since-last-renewal median":
      .within(.percent(6))
    case "no-execute-since-last-renewal max": .within(.percent(20))
    case "watch-answered median", "watch-settled median": .within(.percent(25))
    case "watch-settled max": .factor(1.5)
    case "relists", "watches-expired-410": .within(.percent(10))
    case "nodes-not-ready": .within(.percent(0))
    case _ where figure.hasSuffix(" mean"): .within(.percent(20))
    case _ where figure.hasSuffix(" p50"): .within(.percent(25))
    case _ where figure.hasSuffix(" p99"): .factor(1.5)
    default: nil
    }
  }

  /// What is looked at of a figure.
  private enum Statistic: String, CaseIterable {
    case single, median
    case most = "max"

    var isSingle: Bool { self == .single }

    /// Of one value itself; of several the median and the largest.
    func of(_ values: [Double]) -> Double? {
      switch (self, values.count) {
      case (_, 0): nil
      case (.single, 1): values[0]
      case (.median, 2...): Spread(values)?.median
      case (.most, 2...): values.max()
      default: nil
      }
    }
  }

  /// The rows as a table for people.
  public var table: [String] {
    var table = TextTable([
      "experiment, figure", "real", "", "simulated", "", "ratio", "bar", "held",
    ])
    for row in rows {
      table.add([
        "\(row.experiment): \(row.figure) [\(row.unit)]", Self.short(row.real.median),
        Self.range(row.real), Self.short(row.simulated.median), Self.range(row.simulated),
        row.ratio.map(Self.short) ?? "-", row.bar ?? "-",
        row.verdict.map { $0 == .held ? "yes" : $0 == .missed ? "NO" : "?" } ?? "",
      ])
    }
    let judged = rows.compactMap(\.verdict)
    return table.lines + [
      "",
      "\(judged.count { $0 == .held }) of \(judged.count) figures with a bar are within it, "
        + "\(judged.count { $0 == .undecided }) (?) are out of it but among the real repetitions",
      holds.map { $0 ? "held" : "NOT held" } ?? "held as far as the measurement can tell",
    ]
  }

  private static func range(_ spread: Spread) -> String {
    "\(short(spread.least)) to \(short(spread.most))"
  }

  private static func short(_ value: Double) -> String {
    let digits = abs(value) >= 100 ? 1.0 : abs(value) >= 10 ? 10 : abs(value) >= 1 ? 100 : 1000
    return decimalText((value * digits).rounded() / digits)
  }
}

extension ControlPlaneExperiment.Kind {
  /// The operation whose latency is compared; nil where latencies are not what it is about.
  var operation: APIOperation? {
    switch self {
    case .podCreation: APIOperation("POST", "pods")
    case .leaseRenewal: APIOperation("PUT", "leases")
    case .objectUpdate: APIOperation("PUT", "configmaps")
    case .objectRead: APIOperation("GET", "configmaps")
    case .objectCreation: APIOperation("POST", "podtemplates")
    case .deployment, .nodeFailure, .apiServerRestart: nil
    }
  }
}
