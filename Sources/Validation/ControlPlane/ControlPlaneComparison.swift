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
    public var holds: Bool?
  }

  /// All rows, by experiment in the order of the record.
  public var rows: [Row]

  /// Whether every bar holds.
  public var holds: Bool { rows.allSatisfy { $0.holds ?? true } }

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
    for (name, fraction) in [("p50", 0.5), ("p99", 0.99)] {
      let milliseconds = { (requests: [RequestFigures]) in
        requests.first { $0.operation == operation }?.latency.quantile(fraction)
          .map { Double($0) / 1e6 }
      }
      rows += row(
        real.name, "\(operation.verb) \(operation.resource) \(name)", "ms",
        real.repetitions.compactMap { milliseconds($0.requests) },
        simulated.repetitions.compactMap { milliseconds($0.requests) })
    }
    return rows
  }

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
        holds: bar?.holds(simulated: simulated.median, real: real.median))
    ]
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
  /// Two runs of one real control plane differ by a factor of 1.2 to 1.45 on a machine of two CPUs
  /// (what clients reach, and their latencies); what timers and limiters decide is far steadier.
  static func bar(of figure: String) -> Bar? {
    switch figure {
    case "pods-created", "requests": .within(.percent(30))
    case "lease-renewals": .within(.percent(5))
    case "all-created", "all-bound", "all-running", "pod-bound median", "pod-running median":
      .factor(1.5)
    case _ where figure.hasSuffix(" factor"): .factor(1.5)
    case "unknown-since-last-renewal median", "no-schedule-since-last-renewal median":
      .within(.percent(6))
    case "no-execute-since-last-renewal max": .within(.percent(20))
    case "watch-answered median", "watch-settled median", "watch-settled max": .factor(1.5)
    case "relists", "watches-expired-410": .within(.percent(10))
    case "nodes-not-ready": .within(.percent(0))
    case _ where figure.hasSuffix(" p50"): .factor(1.5)
    case _ where figure.hasSuffix(" p99"): .factor(2)
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
    var table = TextTable(["experiment, figure", "real", "", "simulated", "", "ratio", "bar", ""])
    for row in rows {
      table.add([
        "\(row.experiment): \(row.figure) [\(row.unit)]", Self.short(row.real.median),
        Self.range(row.real), Self.short(row.simulated.median), Self.range(row.simulated),
        row.ratio.map(Self.short) ?? "-", row.bar ?? "-",
        row.holds.map { $0 ? "holds" : "MISSED" } ?? "",
      ])
    }
    return table.lines
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
