internal import ControlPlane
internal import Ledger
internal import Measure

/// What a simulation counted, as its record has it.
struct SimulationFacts: Codable {
  /// Simulated in all, and the part of it that was measured.
  var simulatedNs: Nanoseconds
  var measuredNs: Nanoseconds
  var events: UInt64
  /// The hash of every event with its time, 16 hexadecimal digits: the same for the same seed.
  var traceHash: String
  var spentBudget: Bool
  var modelVersion: Int
  var requests: ClusterOutcome.RequestCounts
  var leaderChanges: UInt64
  var failedProposals: UInt64
  var overduePods: Int

  init(_ outcome: ClusterOutcome, _ load: ClusterLoad) {
    simulatedNs = outcome.simulated
    measuredNs = max(outcome.simulated - load.warmUp, .zero)
    events = outcome.events
    let digits = String(outcome.trace, radix: 16)
    traceHash = String(repeating: "0", count: 16 - digits.count) + digits
    spentBudget = outcome.spentBudget
    modelVersion = ClusterTrial.modelVersion
    requests = outcome.requests
    leaderChanges = outcome.leaderChanges
    failedProposals = outcome.failedProposals
    overduePods = outcome.overduePods
  }
}

/// Metric values of a simulated trial, by their names in the catalogue.
enum SimulationMetrics {
  /// The latencies of an outcome by the names of their metrics' families.
  static func distributions(of outcome: ClusterOutcome) -> [String: LatencyDistribution] {
    [
      "mutating api latency": outcome.mutatingLatency,
      "get api latency": outcome.getLatency,
      "namespace list api latency": outcome.namespaceListLatency,
      "cluster list api latency": outcome.clusterListLatency,
      podStartup: outcome.podStartup,
      "etcd wal sync latency": outcome.walSync,
      "etcd backend commit latency": outcome.backendCommit,
    ]
  }

  private static let podStartup = "pod startup latency"

  static func of(
    _ facts: SimulationFacts, _ histograms: TrialHistograms
  ) -> [String: MetricValue] {
    var metrics: [String: MetricValue] = [:]
    for (name, distribution) in histograms.distributions {
      TrialMetrics.add(distribution, name, &metrics)
    }
    var lists = LatencyDistribution()
    for scope in ["namespace", "cluster"] {
      if let part = histograms.distributions["\(scope) list api latency"] { lists.merge(part) }
    }
    TrialMetrics.add(lists, "list api latency", &metrics)
    let requests = facts.requests
    for (name, count) in [
      ("rejected requests", requests.rejected), ("timed-out requests", requests.timedOut),
      ("unavailable requests", requests.unavailable), ("leader changes", facts.leaderChanges),
      ("failed proposals", facts.failedProposals), ("overdue pods", UInt64(facts.overduePods)),
      ("events simulated", facts.events),
    ] {
      metrics[name] = MetricValue(Double(count), "1")
    }
    let seconds = facts.measuredNs.inSeconds
    guard seconds > 0 else { return metrics }
    metrics["api request rate"] = MetricValue(Double(requests.all) / seconds, "1/s")
    let started = histograms.distributions[podStartup]?.count ?? 0
    metrics["pod start rate"] = MetricValue(Double(started) / seconds, "1/s")
    return metrics
  }
}
