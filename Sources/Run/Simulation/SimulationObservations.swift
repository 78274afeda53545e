internal import ControlPlane
internal import Measure

/// What a simulation showed beside its metrics, as its record has it: what reports draw.
struct SimulationObservations: Codable {
  /// What holds the cluster back.
  struct Held: Codable {
    /// The resource, alike in all trials that are held back by it.
    var resource: String
    /// A sentence with this trial's figures.
    var text: String
  }

  /// A percentile of a latency with its parts.
  struct Composed: Codable {
    var name: String
    var parts: [Part]
  }
  struct Part: Codable {
    var name: String
    var timeNs: Int64
  }

  /// Something limited, and how much of it was used.
  struct Resource: Codable {
    var name: String
    var limit: String
    var usedPercent: Double
  }

  /// Time series: each column has a value a sample.
  struct Series: Codable {
    var timesNs: [Int64]
    var columns: [Column]
  }
  struct Column: Codable {
    var name: String
    var unit: String
    var values: [Double?]
  }

  /// Machines that were begun together.
  struct Step: Codable {
    var beganNs: Nanoseconds
    var endedNs: Nanoseconds?
    var machines: Int
    var ready: Int
    var failed: Int
  }

  /// How an objective of Kubernetes was kept: windows of 5 minutes.
  struct Objective: Codable {
    var indicator: String
    var windows: UInt64
    var missed: UInt64
  }

  var bottleneck: Held?
  /// What holds machines up on their way to ready nodes.
  var joinBottleneck: Held?
  var compositions: [Composed]
  var resources: [Resource]
  var series: Series
  var objectives: [Objective]
  var steps: [Step]
  /// The part of all machines' time that each phase of provisioning took, percent.
  var phases: [String: Double]

  init(_ outcome: ClusterOutcome) {
    bottleneck = outcome.bottleneck.map(Self.held)
    joinBottleneck = outcome.join.bottleneck.map(Self.held)
    let composition = outcome.composition
    compositions = [
      ("mutating api latency p99", composition.mutatingAtServer, 0.99),
      ("pod startup latency p50", composition.podStartup, 0.5),
      ("pod startup latency p99", composition.podStartup, 0.99),
    ].compactMap { name, latencies, quantile in
      latencies.breakdown(of: quantile).map { breakdown in
        Composed(
          name: name,
          parts: breakdown.parts.map { Part(name: $0.part.rawValue, timeNs: $0.time.count) })
      }
    }
    resources = outcome.resources.map {
      Resource(name: $0.name, limit: $0.limit, usedPercent: Self.rounded($0.used.value * 100))
    }
    series = Self.series(outcome.series)
    objectives = outcome.serviceLevels.map {
      Objective(indicator: $0.indicator.rawValue, windows: $0.windows, missed: $0.badWindows)
    }
    steps = outcome.join.steps.map {
      Step(
        beganNs: $0.began, endedNs: $0.ended, machines: $0.machines, ready: $0.ready,
        failed: $0.failed)
    }
    phases = Dictionary(
      outcome.join.phases.map { ($0.phase.name, Self.rounded($0.share.value * 100)) }
    ) { $1 }
  }

  private static func held(_ bottleneck: Bottleneck) -> Held {
    Held(
      resource: "\(bottleneck.resource.name) (\(bottleneck.resource.limit))",
      text: bottleneck.text)
  }

  /// Columns that change: counters as rates, times in nanoseconds as everywhere in records.
  private static func series(_ series: ClusterSeries) -> Series {
    let columns = series.columns.compactMap { column -> Column? in
      let isCounter = column.kind == .counter
      let values = isCounter ? series.rates(of: column) : column.values
      let known = values.compactMap(\.self)
      guard let least = known.min(), let most = known.max(), least < most else { return nil }
      let isTime = column.unit == "seconds" && !isCounter
      let labels = column.labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",")
      return Column(
        name: column.name + (labels.isEmpty ? "" : "{\(labels)}"),
        unit: isTime ? "ns" : isCounter ? "1/s" : column.unit == "bytes" ? "B" : "1",
        values: values.map { $0.map { rounded(isTime ? $0 * 1e9 : $0) } })
    }
    return Series(timesNs: series.times.map(\.count), columns: columns)
  }

  /// Six significant digits are more than a chart shows, and half of the bytes.
  private static func rounded(_ value: Double) -> Double {
    Double(significant(value, 6)) ?? value
  }
}
