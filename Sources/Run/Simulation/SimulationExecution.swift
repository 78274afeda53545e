internal import ControlPlane
internal import Foundation
internal import Ledger
internal import Measure
internal import Scenario

/// Makes the record of one planned simulation.
struct SimulationExecution {
  let trial: PlannedTrial
  let work: SimulationWork

  /// Takes the trial from the pool that simulates it; nil where the user stopped the run.
  func run(
    _ pool: SimulationPool, _ progress: any RunProgress
  ) throws(RunError) -> (record: TrialRecord, histograms: TrialHistograms)? {
    let taken = pool.take(trial.id) { time in
      progress.simulated(time, of: trial)
      return !progress.isInterrupted()
    }
    guard let simulated = taken else { return nil }
    let outcome = simulated.outcome
    let facts = SimulationFacts(outcome, work.load)
    let histograms = TrialHistograms(
      distributions: SimulationMetrics.distributions(of: outcome).filter { $0.value.count > 0 })
    var record = TrialRecord(id: trial.id, key: trial.key, block: trial.block)
    record.startedAt = simulated.startedAt
    record.tookNs = simulated.tookNs
    record.metrics = SimulationMetrics.of(facts, histograms)
    record.disclosure = disclosure
    (record.status, record.findings) = judge(facts)
    record.detail = try detail(facts, SimulationObservations(outcome))
    return (record, histograms)
  }

  private func judge(_ facts: SimulationFacts) -> (TrialRecord.Status, [Finding]) {
    if facts.spentBudget {
      let message =
        "its \(facts.events) events were spent after \(ClusterSnapshot.seconds(facts.simulatedNs)) "
        + "of simulated time; raise event-budget, or simulate less"
      return (
        .failed, [Finding(code: .eventBudgetSpent, severity: .error, message: message)]
      )
    }
    guard facts.requests.all > 0 else {
      let message = "no API request was answered in the measured time"
      return (.failed, [Finding(code: .nothingMeasured, severity: .error, message: message)])
    }
    if facts.databaseIsFull == true {
      let message =
        "etcd's database reached its quota of \(work.cluster.etcd.quota.text) and takes no more "
        + "writes (database space exceeded): raise etcd.quota, or write less between compactions"
      return (.valid, [Finding(code: .saturated, severity: .warning, message: message)])
    }
    if let message = saturation(facts) {
      let end = "; pod startup latency has no mean, and its percentiles are lower bounds"
      return (
        .valid, [Finding(code: .saturated, severity: .warning, message: message + end)]
      )
    }
    guard facts.overduePods > 0 else { return (.valid, []) }
    let message =
      "\(counted(facts.overduePods, "pod")) had waited \(ClusterOutcome.overdue.text) or longer at "
      + "the end and were not ready: the cluster does not keep up, its latencies grow with the "
      + "length of the trial"
    return (.valid, [Finding(code: .saturated, severity: .warning, message: message)])
  }

  /// That the load is above the cluster's capacity, and how much; nil where it is not.
  private func saturation(_ facts: SimulationFacts) -> String? {
    if let churn = facts.missedChurn {
      let seconds = max(facts.measuredNs.inSeconds, 1)
      let done = Double(churn.asked - churn.missed) / seconds
      return "saturated: pods are to be replaced at \(work.load.podChurn.text), and the cluster "
        + "replaces \(significant(done, 3))/s: for \(churn.missed) of \(churn.asked) none was ready"
    }
    return facts.backlogGrowth.map {
      "saturated: the pods that wait become more by \(significant($0, 3)) a second, without end"
    }
  }

  /// What must stand beside the figures for them to mean anything.
  private var disclosure: [String: String] {
    let (cluster, load) = (work.cluster, work.load)
    let pools = cluster.nodes.pools
    var nodes = counted(cluster.nodes.count, "node")
    if pools.count > 1 {
      nodes += ": " + pools.map { "\($0.name) \($0.nodes)" }.joined(separator: ", ")
    }
    let loads = ScenarioWriter.settings(of: load).filter {
      !["duration", "warm-up", "event-budget", "sampling"].contains($0.key)
    }
    let settings = ScenarioWriter.settings(of: cluster)
    var facts = [
      "kubernetes": cluster.profile.rawValue,
      "cluster": nodes,
      "etcd": counted(cluster.etcd.members, "member"),
      "api servers": "\(cluster.apiServer.servers) with \(counted(cluster.apiServer.cpus, "CPU"))",
      "load": "open loop: "
        + (loads.isEmpty
          ? "nodes alone" : loads.map { "\($0.key) \($0.text)" }.joined(separator: ", ")),
      "simulated time": "\(load.duration.text) after \(load.warmUp.text) of warm-up",
      "simulator": "control plane model \(ClusterTrial.modelVersion)",
      "random numbers": "common to all trials of a block",
    ]
    for (key, source) in cluster.sources { facts["\(key) from"] = source }
    if !settings.isEmpty {
      facts["settings"] = settings.map { "\($0.key) \($0.text)" }.joined(separator: ", ")
    }
    return facts
  }

  private func detail(
    _ facts: SimulationFacts, _ observations: SimulationObservations
  ) throws(RunError) -> JSONValue {
    .object([
      "simulation": try Self.json(facts), "observations": try Self.json(observations),
      "cluster": try Self.json(work.cluster),
      "load": try Self.json(work.load), "seed": .string(String(trial.seed)),
      "kind": .string(trial.kind.rawValue),
    ])
  }

  private static func json(_ value: some Encodable) throws(RunError) -> JSONValue {
    do {
      return try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    } catch {
      throw RunError(.io, ["a trial's facts have no JSON form: \(error)"])
    }
  }
}
