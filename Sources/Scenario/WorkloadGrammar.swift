internal import Measure
internal import Networking
internal import Storage

/// The kinds of workload as a scenario file has them; each is known by its key.
enum WorkloadGrammar: String, CaseIterable {
  case storage
  case verbs
  case simulation

  /// The kind that a workload's mapping is of.
  init?(of workload: Value) {
    guard let kind = Self.allCases.first(where: { workload[$0.rawValue] != nil }) else {
      return nil
    }
    self = kind
  }

  /// What it is, for people.
  var noun: String {
    switch self {
    case .storage: "storage I/O"
    case .verbs: "verbs over a fabric"
    case .simulation: "a simulated control plane"
    }
  }

  /// The keys of the workload itself.
  var members: [Member] {
    switch self {
    case .storage: StorageFields.members
    case .verbs: VerbsFields.members
    case .simulation: SimulationFields.members
    }
  }

  /// The workload's own key, its sweep, and where it runs.
  var variant: [Member] {
    [
      Member(name: rawValue, kind: .record(members), doc: noun, required: true),
      Member(
        name: "sweep",
        kind: .record(members.map { Member(name: $0.name, kind: .list($0.kind), doc: $0.doc) }),
        doc: "keys of \(rawValue) with the values to try; several keys give every combination"),
      Member(
        name: "systems", kind: .list(.name),
        doc: "systems it runs against; without it, all that it can"),
    ] + more
  }

  /// What only this kind has beside its own key.
  private var more: [Member] {
    switch self {
    case .storage:
      [
        Member(
          name: "operation", kind: OperationGrammar.kind,
          doc: "what is done to the machine while I/O runs: hot-add, hot-remove, grow, an outage")
      ]
    case .verbs, .simulation: []
    }
  }

  /// A workload from checked values; nil where a required one is missing.
  func workload(_ values: Value) -> Workload? {
    switch self {
    case .storage: StorageFields.workload(values).map(Workload.storage)
    case .verbs: VerbsFields.workload(values).map(Workload.verbs)
    case .simulation: .simulation(SimulationFields.load(values))
    }
  }

  /// The key of that name of whichever kind has it.
  static func member(_ name: String) -> Member? {
    allCases.lazy.flatMap(\.members).first { $0.name == name }
  }

  /// Whether it can run against a system.
  func fits(_ target: Target) -> Bool {
    switch (self, target) {
    case (.storage, .storage), (.verbs, .fabric), (.simulation, .cluster): true
    case (.storage, _), (.verbs, _), (.simulation, _): false
    }
  }
}
