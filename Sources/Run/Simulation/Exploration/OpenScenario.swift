internal import ControlPlane
internal import Ledger
public import Measure
internal import Scenario

/// A simulated scenario of which some leaves are open: what a search or a sweep asks.
public struct OpenScenario: Sendable {
  private let text: String
  private let file: String
  private let overrides: [String]
  /// The open leaves, in the order of the values that are asked for.
  public let leaves: [OpenLeaf]
  /// The case that is simulated.
  public let key: CaseKey
  /// What is asked for.
  public let metric: MetricDefinition

  /// Opens `leaves` of the scenario in `text`; `system` and `workload` choose its case.
  ///
  /// Throws ``RunError`` where the scenario is wrong at the least values or the largest ones, is
  /// not simulated, has more cases than one left, or has no such metric.
  public init(
    text: String, file: String, overrides: [String], leaves: [OpenLeaf], system: String?,
    workload: String?, metric: String
  ) throws(RunError) {
    guard let definition = MetricCatalogue.definition(of: metric) else {
      let near = MetricCatalogue.nearest(metric).map { "\n  hint: did you mean \"\($0)\"?" } ?? ""
      throw RunError(.usage, ["there is no metric \"\(metric)\"" + near])
    }
    (self.text, self.file, self.overrides) = (text, file, overrides)
    (self.leaves, self.metric) = (leaves, definition)
    let whole = try Self.plan(text, file, overrides, leaves, leaves.map(\.low))
    _ = try Self.plan(text, file, overrides, leaves, leaves.map(\.high))
    key = try Self.only(of: whole, system, workload)
  }

  /// One value of the metric, simulated; infinite where the cluster did not keep up.
  ///
  /// Throws ``RunError`` where the scenario is wrong at these values or the metric has no value.
  public func value(at values: [Double], seed: UInt64) throws(RunError) -> Double {
    let plan = try Self.plan(text, file, overrides, leaves, values)
    guard let work = plan.trials.first(where: { $0.key == key })?.work.simulation else {
      throw RunError(.data, ["the scenario has no case \(key) at \(place(values))"])
    }
    let outcome = ClusterTrial(model: work.cluster, load: work.load, seed: seed).run()
    let facts = SimulationFacts(outcome, work.load)
    let histograms = TrialHistograms(
      distributions: SimulationMetrics.distributions(of: outcome).filter { $0.value.count > 0 })
    if metric.unit == .nanoseconds, facts.overduePods > 0 { return .infinity }
    guard let value = SimulationMetrics.of(facts, histograms)[metric.name] else {
      throw RunError(
        .data, ["\(metric.name) has no value at \(place(values)): nothing of the kind happened"])
    }
    return value.value
  }

  /// The values beside their leaves, for people.
  public func place(_ values: [Double]) -> String {
    zip(leaves, values).map { "\($0.path)=\($0.text($1))" }.joined(separator: " ")
  }

  private static func plan(
    _ text: String, _ file: String, _ overrides: [String], _ leaves: [OpenLeaf],
    _ values: [Double]
  ) throws(RunError) -> Plan {
    let settings = zip(leaves, values).map { "\($0.path)=\($0.text($1))" }
    do throws(ScenarioError) {
      let scenario = try ScenarioReader.read(
        text: text, file: file, overrides: overrides + settings, records: StoredLatencies.find
      ).scenario
      return Plan.expand(scenario, seed: 0)
    } catch {
      throw RunError(.data, error.diagnostics.map(\.description))
    }
  }

  private static func only(
    of plan: Plan, _ system: String?, _ workload: String?
  ) throws(RunError) -> CaseKey {
    guard plan.isSimulated else {
      throw RunError(.data, ["not all of this scenario is simulated: it cannot be searched"])
    }
    let keys = Set(plan.trials.map(\.key)).filter {
      [nil, $0.system].contains(system) && [nil, $0.workload].contains(workload)
    }.sorted()
    guard keys.count == 1, let key = keys.first else {
      let all = Set(plan.trials.map(\.key)).sorted().map(\.description)
      throw RunError(
        .usage,
        [
          "one case is due, and \(keys.isEmpty ? "none" : String(keys.count)) fits: "
            + all.joined(separator: "; ")
            + "\n  hint: choose by --system and --workload, or with --set sweep less"
        ])
    }
    return key
  }
}
