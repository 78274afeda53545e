public import Calibration
internal import Foundation
public import Ledger
internal import Measure

/// Both arms as ordinary records, so that the ordinary comparison is the judge of them.
public enum ControlPlaneRunRecords {
  /// The names of the systems, which are also those of the records.
  public static let systems = ["real", "simulated"]

  /// Writes `control-plane-real` and `control-plane-simulated` to a folder; gives their paths.
  ///
  /// One trial a repetition, one workload an experiment; experiments without a counterpart are left
  /// out. Throws ``LedgerError`` where such a record is there already or writing fails.
  public static func write(
    _ pairs: [(real: ControlPlaneReport, simulated: SimulatedControlPlane)],
    of record: ControlPlaneRecord, toolVersion: String, to results: String
  ) throws(LedgerError) -> [String] {
    var real: [Trial] = []
    var simulated: [Trial] = []
    for pair in pairs {
      let load = load(pair.real.experiment)
      for (number, repetition) in pair.real.repetitions.enumerated() {
        real.append(
          Trial(
            workload: pair.real.name, block: number + 1, load: load, figures: repetition.figures,
            requests: repetition.requests))
      }
      for (number, repetition) in pair.simulated.repetitions.enumerated() {
        simulated.append(
          Trial(
            workload: pair.simulated.name, block: number + 1, load: load,
            figures: repetition.figures, requests: repetition.requests))
      }
    }
    let versions = pairs.first?.real.versions ?? [:]
    return [
      try write(real, systems[0], record, versions, toolVersion, to: results),
      try write(simulated, systems[1], record, versions, toolVersion, to: results),
    ]
  }

  private struct Trial {
    var workload: String
    var block: Int
    var load: String
    var figures: [ControlPlaneFigure]
    var requests: [RequestFigures]
  }

  private static func write(
    _ trials: [Trial], _ system: String, _ record: ControlPlaneRecord,
    _ versions: [String: String], _ toolVersion: String, to results: String
  ) throws(LedgerError) -> String {
    let id = "control-plane-\(system)"
    let path = (results as NSString).appendingPathComponent(id)
    guard !FileManager.default.fileExists(atPath: path) else {
      throw LedgerError(
        .io, "\(path) is there already", hint: "remove it, or choose another folder")
    }
    let isReal = system == systems[0]
    let folder = try RunFolder.create(in: results, id: id)
    try folder.write(text: "# none: assay simulator control-plane\n", to: "scenario.yaml")
    try folder.write([String: String](), to: "plan.json")
    try folder.write(["before": ["facts": record.machine]], to: "environment.json")
    try folder.append(.runStarted) { event in
      event.run = RunHeader(
        id: id, name: "control-plane", about: "The standard experiments on a control plane.",
        startedAt: record.startedAt, version: toolVersion, seed: 0,
        evidence: isReal ? .measured : .simulated)
    }
    for (number, trial) in trials.enumerated() {
      let digits = String(number + 1)
      var written = TrialRecord(
        id: "t" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits,
        key: CaseKey(system: system, workload: trial.workload), block: trial.block)
      written.startedAt = record.startedAt
      written.metrics = metrics(trial)
      written.disclosure = [
        "kubernetes": isReal ? versions["kubernetes"] ?? "unknown" : "model of 1.22",
        "cluster": "1 API server, 1 etcd member, all on one machine", "load": trial.load,
      ]
      try folder.append(.trialFinished) { $0.trial = written }
    }
    try folder.append(.runFinished)
    try folder.write(RunSummary(of: RunRecord.read(folder.path)), to: "summary.json")
    try folder.seal()
    return folder.path
  }

  /// What defines the workload, the same on both arms.
  private static func load(_ experiment: ControlPlaneExperiment) -> String {
    let parts: [String?] = [
      experiment.kind.rawValue,
      experiment.nodes > 0 ? counted(experiment.nodes, "node") : nil,
      experiment.clients > 0 ? counted(experiment.clients, "client") : nil,
      experiment.pods > 0 ? counted(experiment.pods, "pod") : nil,
      experiment.failures > 0 ? "\(experiment.failures) fail" : nil,
      experiment.clientLimits.map { "client limits \($0.queriesPerSecond)/\($0.burst)" },
      "lease interval \(experiment.leaseInterval.text)",
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }
}

extension ControlPlaneRunRecords {
  /// A trial's figures by the catalogue's names and units.
  private static func metrics(_ trial: Trial) -> [String: MetricValue] {
    var metrics: [String: MetricValue] = [:]
    for figure in trial.figures {
      guard let name = names[figure.name] else { continue }
      let factor = figure.unit == "s" ? 1e9 : 1.0
      let unit = figure.unit == "s" ? "ns" : figure.unit == "count" ? "1" : figure.unit
      let isFamily = MetricCatalogue.definition(of: name) == nil
      guard isFamily else {
        if let value = figure.values.first { metrics[name] = MetricValue(value * factor, unit) }
        continue
      }
      var histogram = LatencyHistogram()
      for value in figure.values { histogram.record(UInt64(max(value, 0) * 1e9)) }
      add(histogram.snapshot(), name, &metrics)
    }
    var all = LatencyDistribution()
    for request in trial.requests { all.merge(request.latency) }
    add(all, "api client latency", &metrics)
    metrics["api client rate"] = MetricValue(
      trial.requests.reduce(0) { $0 + $1.perSecond }, "1/s")
    return metrics
  }

  private static func add(
    _ latency: LatencyDistribution, _ name: String, _ metrics: inout [String: MetricValue]
  ) {
    for (statistic, fraction) in [("p50", 0.5), ("p99", 0.99), ("max", 1)] {
      guard let value = latency.quantile(fraction) else { continue }
      metrics["\(name) \(statistic)"] = MetricValue(Double(value), "ns")
    }
  }

  /// The catalogue's name of each figure; those that say how an experiment went have none.
  static let names = [
    "pods-created": "pod creation rate", "lease-renewals": "lease renewal rate",
    "nodes-not-ready": "nodes not ready", "all-created": "all pods created",
    "all-bound": "all pods bound", "all-running": "all pods running",
    "pod-bound": "pod bound latency", "pod-running": "pod running latency",
    "unknown-since-last-renewal": "node unknown latency",
    "no-schedule-since-last-renewal": "no-schedule taint latency",
    "no-execute-since-last-renewal": "no-execute taint latency",
    "api-server-outage": "api server outage", "watch-answered": "watch answered latency",
    "watch-settled": "watch recovery latency", "relists": "relists",
    "watches-expired-410": "expired watches",
  ]
}
