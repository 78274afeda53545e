public import Ledger
public import Measure
internal import Scenario

/// One side of a comparison with its trials: a record, one system of it, or a baseline.
public struct ComparisonArm: Sendable {
  /// What reports call it.
  public var label: String
  /// The record's folder or the baseline's file.
  public var source: String
  /// Name of the record or baseline; arms with the same one were measured together.
  public var id: String
  /// The one system that it is about; nil is every system that it has.
  public var system: String?
  /// When it was measured, UTC.
  public var startedAt: String
  /// Where its numbers come from.
  public var evidence: RunHeader.Evidence
  /// Why its figures are not hardware figures; else nil.
  public var notHardware: String?
  /// The machine; empty where it is not known.
  public var facts: [EnvironmentFact]
  /// The cases in order of their first trial; those of ``system`` where it names one.
  public var cases: [CaseSamples]
  /// Whether everything that was planned was measured.
  public var isComplete: Bool

  /// Makes an arm of anything that has trials, such as a baseline.
  public init(
    label: String, source: String, id: String, system: String? = nil, startedAt: String,
    evidence: RunHeader.Evidence, notHardware: String? = nil, facts: [EnvironmentFact],
    cases: [CaseSamples], isComplete: Bool = true
  ) {
    self.label = label
    self.source = source
    self.id = id
    self.system = system
    self.startedAt = startedAt
    self.evidence = evidence
    self.notHardware = notHardware
    self.facts = facts
    self.cases = cases.filter { system == nil || $0.key.system == system }
    self.isComplete = isComplete
  }

  /// Takes a record, or one system of it.
  ///
  /// O(trials x metrics).
  public init(record: RunRecord, system: String? = nil, label: String) {
    self.init(
      label: label, source: record.folder, id: record.header.id, system: system,
      startedAt: record.header.startedAt, evidence: record.header.evidence,
      notHardware: record.header.notHardware, facts: record.facts,
      cases: CaseSamples.all(of: record), isComplete: record.isComplete)
  }

  /// Takes each system of a record as an arm, in the scenario's order.
  ///
  /// O(trials x metrics).
  public static func systems(of record: RunRecord) -> [ComparisonArm] {
    let whole = ComparisonArm(record: record, label: "")
    return systemNames(of: record).map { name in
      var arm = whole
      arm.label = name
      arm.system = name
      arm.cases.removeAll { $0.key.system != name }
      return arm
    }
  }

  /// The systems that a record has trials of, in the scenario's order.
  ///
  /// Where the record's scenario is not one of ours, as in imported records, the order of the first
  /// trials counts: the first one may then be drawn, if the order was.
  public static func systemNames(of record: RunRecord) -> [String] {
    let scenario = try? ScenarioReader.read(
      text: record.scenario, file: "scenario.yaml", overrides: []
    ).scenario
    var names: [String] = []
    for trial in record.trials where trial.block > 0 && !names.contains(trial.key.system) {
      names.append(trial.key.system)
    }
    let places = scenario?.systems.map(\.name) ?? []
    return names.enumerated().sorted { left, right in
      (places.firstIndex(of: left.element) ?? places.count, left.offset)
        < (places.firstIndex(of: right.element) ?? places.count, right.offset)
    }.map(\.element)
  }

  /// The systems of the arm's cases, each once.
  var systems: Set<String> { Set(cases.map(\.key.system)) }

  /// What the comparison keeps of it.
  var kept: Comparison.Arm {
    Comparison.Arm(
      label: label, source: source, id: id, system: system, startedAt: startedAt,
      evidence: evidence, notHardware: notHardware)
  }
}
