public import Measure

/// What an experiment on a real control plane gave: its description and each repetition.
public struct ControlPlaneReport: Hashable, Codable, Sendable {
  /// Times a repetition cost, in CPU.
  public struct Costs: Hashable, Codable, Sendable {
    /// Length of the repetition, ns.
    public var elapsed: Nanoseconds
    /// CPU time of each component, ns; empty when they are not on this machine.
    public var components: [String: Nanoseconds]
    /// CPU time of this process: the nodes, clients and watches.
    public var client: Nanoseconds
    /// CPU time of all else on this machine, kernel threads and interrupts among it: the noise.
    public var others: Nanoseconds
    /// Time taken by the hypervisor.
    public var steal: Nanoseconds
    /// Cores there are.
    public var cores: Int
    /// The machine's load average of one minute at the end.
    public var loadAverage: Double

    enum CodingKeys: String, CodingKey {
      case elapsed = "elapsedNs"
      case components = "componentsNs"
      case client = "clientNs"
      case others = "othersNs"
      case steal = "stealNs"
      case cores, loadAverage
    }

    /// A time as cores busy all the while.
    public func cores(_ time: Nanoseconds) -> Double {
      elapsed > .zero ? time.inSeconds / elapsed.inSeconds : 0
    }
  }

  /// One repetition.
  public struct Repetition: Hashable, Codable, Sendable {
    /// The experiment's results.
    public var figures: [ControlPlaneFigure]
    /// What clients saw, by verb and resource.
    public var requests: [RequestFigures]
    /// What API server and etcd say of the same time.
    public var servers: [ServerLatency]
    /// CPU.
    public var costs: Costs
  }

  /// The name it was asked for by.
  public var name: String
  /// What was done.
  public var experiment: ControlPlaneExperiment
  /// Versions of Kubernetes, etcd and Go.
  public var versions: [String: String]
  /// Flags of each component; empty when it was not started here.
  public var flags: [String: [String]]
  /// How the nodes ask: connections and watches.
  public var transport: String
  /// The repetitions in the order in which they were done.
  public var repetitions: [Repetition]
  /// Set when the experiment could not go on; the repetitions before it stand.
  public var failure: String?
}

extension ControlPlaneReport {
  /// A table for people: figures of each repetition, requests and servers of all together.
  public var table: String {
    var lines = ["\(name)   (\(summary))"]
    lines += figureLines
    lines.append("  " + Self.columns(["request", "per s", "p50 ms", "p99 ms", "max ms", "failed"]))
    lines += requestLines
    if let costs = repetitions.last?.costs {
      let parts = costs.components.sorted { $0.key < $1.key }.map {
        "\($0.key) \(Self.short(costs.cores($0.value)))"
      }
      let rest = [
        "Assay \(Self.short(costs.cores(costs.client)))",
        "others \(Self.short(costs.cores(costs.others)))",
      ]
      lines.append(
        "  cores (last repetition, of \(costs.cores); load \(Self.short(costs.loadAverage))): "
          + (parts + rest).joined(separator: ", "))
    }
    if let failure { lines.append("  failed: \(failure)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private var summary: String {
    let parts: [String?] = [
      experiment.nodes > 0 ? counted(experiment.nodes, "node") : nil,
      experiment.clients > 0 ? counted(experiment.clients, "client") : nil,
      experiment.pods > 0 ? counted(experiment.pods, "pod") : nil,
      experiment.failures > 0 ? "\(experiment.failures) fail" : nil,
      experiment.clientLimits.map { "client limits \($0.queriesPerSecond)/\($0.burst)" },
      counted(repetitions.count, "repetition"), "seed \(experiment.seed)",
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }

  /// A figure a line: the value of each repetition, or median and extremes of those of many values.
  private var figureLines: [String] {
    (repetitions.first?.figures ?? []).indices.map { index in
      let figures = repetitions.compactMap {
        $0.figures.indices.contains(index) ? $0.figures[index] : nil
      }
      let texts = figures.map { figure in
        let values = figure.values
        guard values.count > 1, let first = values.first, let last = values.last else {
          return values.first.map(Self.short) ?? "none"
        }
        return
          "\(Self.short(values[values.count / 2])) (\(Self.short(first)) to \(Self.short(last)))"
      }
      let figure = figures[0]
      return "  \(figure.name) [\(figure.unit)]: " + texts.joined(separator: ", ")
    }
  }

  private var requestLines: [String] {
    var sums: [APIOperation: RequestFigures] = [:]
    for request in repetitions.flatMap(\.requests) {
      guard var sum = sums[request.operation] else {
        sums[request.operation] = request
        continue
      }
      sum.latency.merge(request.latency)
      sum.perSecond += request.perSecond
      sum.failures.merge(request.failures) { $0 + $1 }
      sums[request.operation] = sum
    }
    let sorted = sums.values.sorted {
      ($1.latency.count, $0.operation.verb) < ($0.latency.count, $1.operation.verb)
    }
    return sorted.map { request in
      let milliseconds = { (value: UInt64?) in value.map { Self.short(Double($0) / 1e6) } ?? "-" }
      let failed = request.failures.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      return "  "
        + Self.columns([
          "\(request.operation.verb) \(request.operation.resource)",
          Self.short(request.perSecond / Double(repetitions.count)),
          milliseconds(request.latency.quantile(0.5)),
          milliseconds(request.latency.quantile(0.99)),
          milliseconds(request.latency.count == 0 ? nil : request.latency.maximum),
          failed.isEmpty ? "0" : failed.joined(separator: ", "),
        ])
    }
  }

  private static func columns(_ words: [String]) -> String {
    let widths = [28, 9, 9, 9, 9, 0]
    return zip(words, widths).enumerated().map { index, column in
      let gap = String(repeating: " ", count: max(column.1 - column.0.count, 1))
      return index == 0 ? column.0 + gap : gap + column.0
    }.joined()
  }

  /// Three significant digits, or all before the point.
  private static func short(_ value: Double) -> String {
    let digits =
      abs(value) >= 100 ? 1.0 : abs(value) >= 10 ? 10.0 : abs(value) >= 1 ? 100.0 : 1000.0
    return decimalText((value * digits).rounded() / digits)
  }
}
