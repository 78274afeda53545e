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
  /// By how many a second pods that wait become more, where that has no bound; else nil.
  var backlogGrowth: Double?
  /// The churn that was asked for, where the cluster did not keep up with it; else nil.
  var missedChurn: ClusterOutcome.ChurnCounts?
  /// Whether etcd's database had reached its quota; nil where it had not.
  var databaseIsFull: Bool?
  /// What only some loads show, by the names of metrics: machines that join, faults, autoscalers.
  var others: [String: MetricValue]

  init(_ outcome: ClusterOutcome, _ load: ClusterLoad) {
    simulatedNs = outcome.simulated
    measuredNs = max(outcome.simulated - load.warmUp, .zero)
    events = outcome.events
    traceHash = ClusterOutcome.traceHash(outcome.trace)
    spentBudget = outcome.spentBudget
    modelVersion = ClusterTrial.modelVersion
    requests = outcome.requests
    leaderChanges = outcome.leaderChanges
    failedProposals = outcome.failedProposals
    overduePods = outcome.overduePods
    backlogGrowth = outcome.backlogGrowth
    missedChurn = outcome.churn.isAboveCapacity ? outcome.churn : nil
    databaseIsFull = outcome.isDatabaseFull ? true : nil
    others = SimulationMetrics.more(of: outcome, load)
  }
}

/// Metric values of a simulated trial, by their names in the catalogue.
enum SimulationMetrics {
  /// The latencies of an outcome by the names of their metrics' families.
  static func distributions(of outcome: ClusterOutcome) -> [String: LatencyDistribution] {
    let none = LatencyDistribution()
    return [
      "mutating api latency": sli(outcome) {
        ["POST", "PUT", "PATCH", "DELETE"].contains($0.verb)
      },
      "get api latency": sli(outcome) { $0.verb == "GET" },
      "namespace list api latency": sli(outcome) { $0.verb == "LIST" && $0.scope != "cluster" },
      "cluster list api latency": sli(outcome) { $0.verb == "LIST" && $0.scope == "cluster" },
      "deploy latency": outcome.join.createToPing,
      "join latency": outcome.join.createToReady,
      podStartup: outcome.podStartup,
      "etcd wal sync latency": outcome.walSync,
      "etcd backend commit latency": outcome.backendCommit,
      etcdClients: outcome.etcdLoad?.latency ?? none,
    ]
  }

  private static let podStartup = "pod startup latency"
  private static let etcdClients = "etcd client latency"

  /// Latencies as the objectives of Kubernetes count them: without the wait for a seat.
  private static func sli(
    _ outcome: ClusterOutcome, _ isOf: (RequestLatency) -> Bool
  ) -> LatencyDistribution {
    outcome.latencies.filter(isOf).reduce(into: LatencyDistribution()) {
      $0.merge($1.sliDuration)
    }
  }

  /// What only some loads show: machines that join, faults, autoscalers.
  static func more(of outcome: ClusterOutcome, _ load: ClusterLoad) -> [String: MetricValue] {
    var metrics: [String: MetricValue] = [:]
    let windows = outcome.serviceLevels.reduce(0) { $0 + $1.badWindows }
    metrics["missed slo windows"] = MetricValue(Double(windows), "1")
    join(outcome, load, &metrics)
    if !load.faults.isEmpty { availability(outcome, &metrics) }
    scaling(outcome, &metrics)
    disruptions(outcome, load.workloads, &metrics)
    if let etcd = outcome.etcdLoad {
      metrics["etcd client errors"] = MetricValue(Double(etcd.failed), "1")
      if let entries = etcd.entriesPerSync {
        metrics["etcd entries per sync"] = MetricValue(entries, "1")
      }
    }
    return metrics
  }

  private static func join(
    _ outcome: ClusterOutcome, _ load: ClusterLoad, _ metrics: inout [String: MetricValue]
  ) {
    let join = outcome.join
    guard join.wanted > 0 else { return }
    metrics["machines given up"] = MetricValue(Double(join.givenUp), "1")
    metrics["failed deployments"] = MetricValue(Double(join.failedAttempts), "1")
    metrics["nodes joined"] = MetricValue(Double(join.ready), "1")
    if join.ready == join.wanted, let last = join.lastReady {
      metrics["last node joined"] = MetricValue(Double((last - load.warmUp).count), "ns")
    }
  }

  private static func availability(
    _ outcome: ClusterOutcome, _ metrics: inout [String: MetricValue]
  ) {
    let availability = outcome.availability
    let workloads = availability.workloads
    for (name, least, longest) in [
      ("write", availability.writes.share.value, availability.writes.longest),
      ("read", availability.reads.share.value, availability.reads.longest),
      (
        "service", workloads.map(\.any.share.value).min(),
        workloads.map(\.any.longest).max() ?? .zero
      ),
      (
        "full service", workloads.map(\.full.share.value).min(),
        workloads.map(\.full.longest).max() ?? .zero
      ),
    ] as [(String, Double?, Nanoseconds)] {
      guard let least else { continue }
      metrics["\(name) availability"] = MetricValue(least * 100, "%")
      metrics["longest \(name) outage"] = MetricValue(Double(longest.count), "ns")
    }
    metrics["nodes lost"] = MetricValue(Double(outcome.nodesLost), "1")
  }

  /// Pods that had to go, where some may have had to.
  private static func disruptions(
    _ outcome: ClusterOutcome, _ workloads: [ClusterLoad.Deployment],
    _ metrics: inout [String: MetricValue]
  ) {
    if workloads.contains(where: { $0.priority != workloads[0].priority }) {
      metrics["preempted pods"] = MetricValue(Double(outcome.preemptedPods), "1")
    }
    if workloads.contains(where: \.usesMoreThanItAsksFor) {
      metrics["evicted pods"] = MetricValue(Double(outcome.evictedPods), "1")
    }
  }

  private static func scaling(
    _ outcome: ClusterOutcome, _ metrics: inout [String: MetricValue]
  ) {
    let scaling = outcome.scaling
    if !scaling.services.isEmpty {
      metrics["unserved requests"] = MetricValue(scaling.unserved.value * 100, "%")
      let times = scaling.services.compactMap(\.timeToEnoughPods)
      if times.count == scaling.services.count, let longest = times.max() {
        metrics["time to enough pods"] = MetricValue(Double(longest.count), "ns")
      }
    }
    if scaling.addOns.queries > 0 {
      metrics["dns cache hits"] = MetricValue(scaling.addOns.hitShare.value * 100, "%")
    }
    guard scaling.nodes.loops > 0 else { return }
    metrics["nodes added"] = MetricValue(Double(scaling.nodes.added), "1")
    let removed = scaling.nodes.removedEmpty + scaling.nodes.removedDrained
    metrics["nodes removed"] = MetricValue(Double(removed), "1")
    metrics["longest autoscaler loop"] = MetricValue(
      Double(scaling.nodes.longestLoop.count), "ns")
  }

  /// Above capacity pods wait the longer the later they come: there is no mean, and of any other
  /// statistic no more than a lower bound.
  private static func saturate(
    _ facts: SimulationFacts, _ metrics: inout [String: MetricValue]
  ) {
    if let growth = facts.backlogGrowth {
      metrics["pod backlog growth"] = MetricValue(growth, "1/s")
    }
    metrics[podStartup + " mean"] = nil
    for name in metrics.keys where name.hasPrefix(podStartup + " ") {
      metrics[name]?.bound = .atLeast
    }
  }

  static func of(
    _ facts: SimulationFacts, _ histograms: TrialHistograms
  ) -> [String: MetricValue] {
    var metrics = facts.others
    for (name, distribution) in histograms.distributions {
      TrialMetrics.add(distribution, name, &metrics)
    }
    var lists = LatencyDistribution()
    for scope in ["namespace", "cluster"] {
      if let part = histograms.distributions["\(scope) list api latency"] { lists.merge(part) }
    }
    TrialMetrics.add(lists, "list api latency", &metrics)
    if facts.backlogGrowth != nil || facts.missedChurn != nil { saturate(facts, &metrics) }
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
    if let answered = histograms.distributions[etcdClients]?.count {
      metrics["etcd client rate"] = MetricValue(Double(answered) / seconds, "1/s")
    }
    return metrics
  }
}
