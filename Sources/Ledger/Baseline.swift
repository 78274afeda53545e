public import Measure

/// A named set of records that later runs are held against.
///
/// A file `<baselines>/<name>/<fingerprint>.json`, and self-contained: a gate needs the run and
/// this file, not the records that it was made from.
public struct Baseline: Codable, Hashable, Sendable {
  /// Version of this format.
  public var format = Baseline.currentFormat
  /// Its name: letters, digits, hyphen, dot and underscore.
  public var name: String
  /// What its replicates are.
  public var kind: Kind
  /// What kind of machine it is of, see ``fingerprint(of:)``.
  public var fingerprint: String
  /// The machine, sorted by key; where sessions differ the values are joined by ` | `.
  ///
  /// Without facts of class informational, and of a fleet without those of class identity.
  public var facts: [EnvironmentFact]
  /// The records that it was made from, in the order given.
  public var sessions: [Session]
  /// What the trials of every session came to.
  public var cases: [CaseSamples]
  /// What the machines of a fleet have in common; nil for a baseline of records.
  public var fleet: Fleet?

  /// States a baseline of sessions.
  public init(
    name: String, kind: Kind, fingerprint: String, facts: [EnvironmentFact], sessions: [Session],
    cases: [CaseSamples], fleet: Fleet? = nil
  ) {
    self.name = name
    self.kind = kind
    self.fingerprint = fingerprint
    self.facts = facts
    self.sessions = sessions
    self.cases = cases
    self.fleet = fleet
  }

  /// The format that this version writes and reads.
  static let currentFormat = "assay-baseline-1"

  /// What a baseline's replicates are.
  public enum Kind: String, Codable, Sendable {
    /// Sessions of one machine, or of machines that are alike.
    case record
    /// The machines of a fleet.
    case fleet
  }

  /// One record that a baseline was made from.
  public struct Session: Codable, Hashable, Sendable {
    /// Name of the record's folder.
    public var id: String
    /// The scenario's name.
    public var scenario: String
    /// When it was measured, UTC.
    public var startedAt: String
    /// Where its numbers come from.
    public var evidence: RunHeader.Evidence
    /// Why its figures are not hardware figures; else nil.
    public var notHardware: String?
    /// SHA-256 in hex of the record's `manifest.json`.
    public var manifest: String
    /// The machine's label: its host name where it tells one.
    public var machine: String

    /// States a session.
    public init(
      id: String, scenario: String, startedAt: String, evidence: RunHeader.Evidence,
      notHardware: String? = nil, manifest: String, machine: String
    ) {
      self.id = id
      self.scenario = scenario
      self.startedAt = startedAt
      self.evidence = evidence
      self.notHardware = notHardware
      self.manifest = manifest
      self.machine = machine
    }
  }

  /// What the machines of a fleet have in common.
  public struct Fleet: Codable, Hashable, Sendable {
    /// Labels of the machines that count, in order of their first record.
    public var machines: [String]
    /// Centre and spread over the machines' medians, by case and metric.
    public var spreads: [Spread]
    /// Machines that were left out, with the reason.
    public var outliers: [Outlier]

    /// States what was found.
    public init(machines: [String], spreads: [Spread], outliers: [Outlier]) {
      self.machines = machines
      self.spreads = spreads
      self.outliers = outliers
    }
  }

  /// Centre and spread of one metric of one case over a fleet's machines.
  public struct Spread: Codable, Hashable, Sendable {
    /// The case.
    public var key: CaseKey
    /// The metric's name in `MetricCatalogue`.
    public var metric: String
    /// The unit of centre and spread.
    public var unit: String
    /// Median of the machines' medians.
    public var centre: Double
    /// Median absolute deviation of the machines' medians from the centre, not scaled.
    public var deviation: Double
    /// How many machines have the metric.
    public var machines: Int

    /// States a centre with its spread.
    public init(
      key: CaseKey, metric: String, unit: String, centre: Double, deviation: Double, machines: Int
    ) {
      self.key = key
      self.metric = metric
      self.unit = unit
      self.centre = centre
      self.deviation = deviation
      self.machines = machines
    }
  }

  /// A machine that is not like the others.
  public struct Outlier: Codable, Hashable, Sendable {
    /// The machine's label.
    public var machine: String
    /// The case in which it lies farthest away.
    public var key: CaseKey
    /// The metric in which it does.
    public var metric: String
    /// Its median, in ``unit``.
    public var value: Double
    /// The fleet's median with it, in ``unit``.
    public var centre: Double
    /// The unit of value and centre.
    public var unit: String
    /// The modified z-score; nil where all other machines agree to the digit and it does not.
    public var distance: Double?

    /// Names a machine with its distance.
    public init(
      machine: String, key: CaseKey, metric: String, value: Double, centre: Double, unit: String,
      distance: Double?
    ) {
      self.machine = machine
      self.key = key
      self.metric = metric
      self.value = value
      self.centre = centre
      self.unit = unit
      self.distance = distance
    }
  }

  /// What kind of machine facts tell of: the first 12 hex digits of the SHA-256 over the facts of
  /// class must-match, `key=value` a line, sorted by key.
  ///
  /// Two machines with one fingerprint give figures that may stand beside each other. nil where no
  /// such fact is told.
  public static func fingerprint(of facts: [EnvironmentFact]) -> String? {
    let lines = facts.filter { $0.class == .mustMatch }.map { "\($0.key)=\($0.value)\n" }.sorted()
    guard !lines.isEmpty else { return nil }
    return String(Manifest.digest(of: lines.joined()).prefix(12))
  }
}

extension Baseline {
  /// Makes a baseline of records of machines of one fingerprint: several are several sessions.
  ///
  /// Throws ``LedgerError`` for a record that is not sealed, was changed since, is cut short, has
  /// failed trials or a case without a valid one, tells nothing of its machine, or is given twice;
  /// and where the machines differ in a fact that must match, or the records in their scenario.
  public static func of(
    _ records: [RunRecord], name: String, kind: Kind = .record
  ) throws(LedgerError) -> Baseline {
    try BaselineStore.check(name: name)
    try requireEachOnce(records)
    guard let first = records.first, let print = fingerprint(of: first.facts) else {
      let which = records.first.map(\.folder) ?? "no record"
      throw LedgerError(
        .unfit, "\(which) tells nothing of its machine: a baseline has no fingerprint without it",
        hint: "make baselines of records that `assay run` wrote")
    }
    var sessions: [Session] = []
    var machines = MachineLabels()
    for record in records {
      let manifest = try soundness(of: record)
      try requireSame(record, as: first)
      try SessionMatch.require(record, as: first)
      sessions.append(
        Session(
          id: record.header.id, scenario: record.header.name, startedAt: record.header.startedAt,
          evidence: record.header.evidence, notHardware: record.header.notHardware,
          manifest: manifest, machine: machines.label(of: record.facts)))
    }
    let kept: Set<EnvironmentFact.Class> =
      kind == .fleet ? [.mustMatch, .shouldMatch] : [.identity, .mustMatch, .shouldMatch]
    return Baseline(
      name: name, kind: kind, fingerprint: print,
      facts: joined(records.map(\.facts)).filter { kept.contains($0.class) }, sessions: sessions,
      cases: CaseSamples.joined(records.map(CaseSamples.all)), fleet: nil)
  }

  private static func requireEachOnce(_ records: [RunRecord]) throws(LedgerError) {
    var seen: Set<String> = []
    for record in records where !seen.insert(record.header.id).inserted {
      throw LedgerError(
        .usage, "\(record.folder) is given twice",
        hint: "a session counts once: give every record once")
    }
  }

  /// The SHA-256 of the record's manifest, where nothing speaks against the record.
  private static func soundness(of record: RunRecord) throws(LedgerError) -> String {
    func refused(_ reason: String, _ hint: String) -> LedgerError {
      LedgerError(.unfit, "\(record.folder) is no baseline: \(reason)", hint: hint)
    }
    guard record.isComplete else {
      throw refused(
        "the run was cut short", "finish it first: assay run --resume \(record.folder)")
    }
    guard let changed = try record.integrity() else {
      throw refused(
        "it has no manifest.json, so nobody can tell whether it was changed",
        "seal it: assay run --resume \(record.folder)")
    }
    guard changed.isEmpty else {
      throw refused(
        "it is not as it was sealed: " + changed.joined(separator: ", "),
        "take the record from a copy")
    }
    let cases = CaseSamples.all(of: record)
    let failed = cases.flatMap(\.failed)
    guard failed.isEmpty else {
      throw refused(
        "trials \(failed.joined(separator: ", ")) failed", "run the scenario again")
    }
    if let empty = cases.first(where: { $0.samples.isEmpty }) {
      throw refused(
        "\(empty.key) has no valid trial (\(empty.invalid.joined(separator: ", ")) invalid)",
        "`assay report \(record.folder)` says why; run the scenario again")
    }
    guard !cases.isEmpty else { throw refused("it has no trial", "run the scenario again") }
    return Manifest.hexDigest(try LedgerFile.read(record.folder + "/" + Manifest.fileName))
  }

  private static func requireSame(
    _ record: RunRecord, as first: RunRecord
  ) throws(LedgerError) {
    let differing = differing(record.facts, first.facts)
    guard differing.isEmpty else {
      throw LedgerError(
        .unfit,
        "\(record.folder) is of another kind of machine than \(first.folder): "
          + differing.map(\.sentence).joined(separator: "; "),
        hint: "a baseline of one name has one file a kind of machine: set them one by one")
    }
  }

  /// A fact in which two machines differ.
  public struct Differing: Hashable, Sendable {
    /// The fact's key.
    public var key: String
    private var here: String?
    private var there: String?

    fileprivate init(key: String, here: String?, there: String?) {
      self.key = key
      self.here = here
      self.there = there
    }

    /// `cpu.model (A here, B there)`.
    public var sentence: String {
      "\(key) (\(here ?? "not told") here, \(there ?? "not told") there)"
    }
  }

  /// Facts of class must-match in which two machines differ, sorted by key; O(facts).
  public static func differing(
    _ facts: [EnvironmentFact], _ others: [EnvironmentFact]
  ) -> [Differing] {
    let mine = mustMatch(facts)
    let theirs = mustMatch(others)
    return Set(mine.keys).union(theirs.keys).sorted().compactMap { key in
      guard mine[key] != theirs[key] else { return nil }
      return Differing(key: key, here: mine[key], there: theirs[key])
    }
  }

  private static func mustMatch(_ facts: [EnvironmentFact]) -> [String: String] {
    Dictionary(
      facts.filter { $0.class == .mustMatch }.map { ($0.key, $0.value) },
      uniquingKeysWith: { $1 })
  }

  private static func joined(_ lists: [[EnvironmentFact]]) -> [EnvironmentFact] {
    var facts: [String: EnvironmentFact] = [:]
    for fact in lists.joined() {
      facts[fact.key, default: fact].value.join(fact.value)
    }
    return facts.values.sorted { $0.key < $1.key }
  }
}

/// Names machines: one label a machine, however much a record tells of it.
struct MachineLabels {
  private var known: [(label: String, facts: [String: String])] = []

  /// The machine's label: its host name, or whatever else identifies it.
  ///
  /// A record of an ordinary user tells less than one of root (no serial numbers): it is the same
  /// machine where no fact that both tell differs.
  mutating func label(of facts: [EnvironmentFact]) -> String {
    let identity = Dictionary(
      facts.filter { $0.class == .identity }.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    if let place = known.firstIndex(where: { MachineLabels.isSame($0.facts, identity) }) {
      known[place].facts.merge(identity) { first, _ in first }
      return known[place].label
    }
    let name =
      identity["machine.hostname"] ?? identity.min { $0.key < $1.key }?.value ?? "unknown machine"
    let alike = known.count { $0.label == name || $0.label.hasPrefix(name + " #") }
    known.append((alike == 0 ? name : "\(name) #\(alike + 1)", identity))
    return known[known.count - 1].label
  }

  private static func isSame(_ one: [String: String], _ other: [String: String]) -> Bool {
    let both = one.keys.filter { other[$0] != nil }
    if both.isEmpty { return one.isEmpty && other.isEmpty }
    return both.allSatisfy { one[$0] == other[$0] }
  }
}

extension CaseSamples {
  /// The cases of several records as one list, in order of their first sight.
  ///
  /// O(samples x metrics).
  static func joined(_ records: [[CaseSamples]]) -> [CaseSamples] {
    var order: [CaseKey] = []
    var cases: [CaseKey: CaseSamples] = [:]
    for found in records.joined() {
      guard var known = cases[found.key] else {
        order.append(found.key)
        cases[found.key] = found
        continue
      }
      known.samples += found.samples
      known.invalid += found.invalid
      known.failed += found.failed
      for (name, value) in found.disclosure { known.disclosure[name, default: value].join(value) }
      cases[found.key] = known
    }
    return order.compactMap { cases[$0] }
  }
}

extension String {
  /// Adds another's values to a list `a | b`, each once, sorted.
  fileprivate mutating func join(_ other: String) {
    guard self != other else { return }
    let separator = " | "
    let values = Set(split(separator: separator)).union(other.split(separator: separator))
    self = values.sorted().joined(separator: separator)
  }
}
