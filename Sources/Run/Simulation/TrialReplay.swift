public import ControlPlane
internal import Foundation
public import Ledger
public import Measure
public import Scenario

/// A simulated trial of a scenario or a record, to be simulated (again) and looked at alone.
public struct TrialReplay: Sendable {
  /// The trial as it was planned.
  public var trial: PlannedTrial
  /// What the record has of it; nil for a scenario's, and for one that the record has not.
  public var recorded: Recorded?
  /// What is simulated.
  public var simulation: ClusterTrial

  /// A trial as its record has it.
  public struct Recorded: Hashable, Codable, Sendable {
    /// The hash of all events.
    public var traceHash: String
    /// The version of the model that gave it.
    public var modelVersion: Int64
    /// When it was simulated.
    public var startedAt: String
  }

  private init?(_ trial: PlannedTrial, _ recorded: Recorded?) {
    guard let work = trial.work.simulation else { return nil }
    self.trial = trial
    self.recorded = recorded
    simulation = ClusterTrial(model: work.cluster, load: work.load, seed: trial.seed)
  }

  /// The simulated trials of a plan; throws ``RunError`` where there are none.
  public static func all(of plan: Plan) throws(RunError) -> [TrialReplay] {
    let found = plan.trials.compactMap { TrialReplay($0, nil) }
    guard !found.isEmpty else {
      throw RunError(.data, ["\(plan.name) simulates nothing\n  hint: `assay run` measures it"])
    }
    return found
  }

  /// The trials of a simulated record; throws ``RunError`` where it is none.
  public static func all(in record: RunRecord) throws(RunError) -> [TrialReplay] {
    guard let plan = Plan(recordedIn: record), plan.isSimulated else {
      throw RunError(
        .data,
        [
          "\(record.folder) is \(record.header.evidence.rawValue): only what was simulated can be "
            + "simulated again\n  hint: `assay report` shows it"
        ])
    }
    let trials = Dictionary(record.trials.map { ($0.id, $0) }) { first, _ in first }
    return plan.trials.compactMap { TrialReplay($0, trials[$0.id].flatMap(recorded)) }
  }

  private static func recorded(_ trial: TrialRecord) -> Recorded? {
    guard let facts = trial.detail["simulation"], case .string(let hash)? = facts["traceHash"],
      case .integer(let version)? = facts["modelVersion"]
    else { return nil }
    return Recorded(traceHash: hash, modelVersion: version, startedAt: trial.startedAt)
  }

  /// The case, replication and name of it, for people.
  public var about: String { "\(trial.key), replication \(trial.block), \(trial.id)" }

  /// Those that fit: `key` is a case or its beginning, as `planned` or `planned/churn`.
  ///
  /// Throws ``RunError`` with what there is where none does.
  public static func chosen(
    among all: [TrialReplay], key: String?, replication: Int?, id: String?
  ) throws(RunError) -> [TrialReplay] {
    let found = all.filter { replay in
      let name = replay.trial.key.description
      return (key.map { name == $0 || name.hasPrefix($0 + "/") } ?? true)
        && [nil, replay.trial.block].contains(replication) && [nil, replay.trial.id].contains(id)
    }
    guard found.isEmpty else { return found }
    if let key, !all.contains(where: { "\($0.trial.key)/".hasPrefix(key + "/") }) {
      let cases = Set(all.map(\.trial.key)).sorted().map(\.description)
      let near = NearestWord.of(key, in: cases).map { "did you mean \($0)? " } ?? ""
      throw RunError(
        .usage,
        ["there is no case \"\(key)\"\n  hint: \(near)all: \(cases.joined(separator: "; "))"])
    }
    throw RunError(.usage, ["no trial is all of that\n  hint: \(list(all))"])
  }

  /// The only one of them, or of several replications of one case the first.
  ///
  /// Throws ``RunError`` with the cases where there are several.
  public static func one(of found: [TrialReplay]) throws(RunError) -> TrialReplay {
    guard let first = found.first, found.allSatisfy({ $0.trial.key == first.trial.key }) else {
      throw RunError(
        .usage,
        [
          "one trial is due, and \(found.count) fit\n  hint: choose by --case or --trial: "
            + list(found)
        ])
    }
    return found.min { $0.trial.block < $1.trial.block } ?? first
  }

  private static func list(_ all: [TrialReplay]) -> String {
    let more = all.count > 12 ? "; and \(all.count - 12) more" : ""
    return all.prefix(12).map(\.about).joined(separator: "; ") + more
  }
}

/// What a trial showed when it was simulated, beside what its record has.
public struct ReplayedTrial: Encodable, Sendable {
  /// The trial's name.
  public var trial: String
  /// Its case.
  public var key: CaseKey
  /// Which replication of the case.
  public var replication: Int
  /// From which its random numbers follow; as text, since JSON's numbers lose the last digits.
  public var seed: String
  /// How many events happened.
  public var events: UInt64
  /// The time simulated, warm-up included.
  public var simulatedNs: Nanoseconds
  /// How long the simulation took.
  public var tookNs: Nanoseconds
  /// Whether the budget of events ended it.
  public var spentBudget: Bool
  /// The hash of all events with their instants.
  public var traceHash: String
  /// The hash in the record; nil without one.
  public var recordedHash: String?
  /// Whether the two are the same; nil without a record.
  public var isSame: Bool?
  /// Its metrics by name.
  public var metrics: [String: MetricValue]
  /// What it waited for most; nil if nothing much.
  public var bottleneck: String?
  /// What machines waited for most on their way to ready nodes; nil if nothing much.
  public var joinBottleneck: String?
  /// The version of the model that the record is of, where it is another than this one's.
  public var otherModelVersion: Int64?

  /// Simulates trials on `threads` threads, and gives them to `each` in their order.
  ///
  /// `progress` is told the trial and the time simulated now and then, and says whether to go on;
  /// false is given where it said no.
  public static func simulate(
    _ replays: [TrialReplay], threads: Int, progress: (TrialReplay, Nanoseconds) -> Bool,
    each: (ReplayedTrial) -> Void
  ) -> Bool {
    let pool = SimulationPool(replays.map(\.trial), threads: threads)
    defer { pool.stop() }
    for replay in replays {
      let taken = pool.take(replay.trial.id) { progress(replay, $0) }
      guard let taken else { return false }
      each(ReplayedTrial(replay, taken.outcome, tookNs: taken.tookNs))
    }
    return true
  }

  init(_ replay: TrialReplay, _ outcome: ClusterOutcome, tookNs: Nanoseconds) {
    trial = replay.trial.id
    key = replay.trial.key
    replication = replay.trial.block
    seed = String(replay.trial.seed)
    self.tookNs = tookNs
    let facts = SimulationFacts(outcome, replay.simulation.load)
    events = facts.events
    simulatedNs = facts.simulatedNs
    spentBudget = facts.spentBudget
    traceHash = facts.traceHash
    recordedHash = replay.recorded?.traceHash
    isSame = recordedHash.map { $0 == facts.traceHash }
    otherModelVersion = replay.recorded.map(\.modelVersion).flatMap {
      $0 == Int64(ClusterTrial.modelVersion) ? nil : $0
    }
    let histograms = TrialHistograms(
      distributions: SimulationMetrics.distributions(of: outcome).filter { $0.value.count > 0 })
    metrics = SimulationMetrics.of(facts, histograms)
    bottleneck = outcome.bottleneck?.text
    joinBottleneck = outcome.join.bottleneck?.text
  }

  /// A table for people; of one alone its figures, too.
  public static func table(_ trials: [ReplayedTrial]) -> [String] {
    let heads = ["trial", "case", "replication", "events", "trace", "record", "speed"]
    let lines = PlainColumns.lines([heads] + trials.map(\.columns))
    guard trials.count == 1, let only = trials.first else { return lines }
    return lines + [""] + only.lines
  }

  private var columns: [String] {
    let speed = tookNs > .zero ? simulatedNs.inSeconds / tookNs.inSeconds : 0
    return [
      trial, key.description, String(replication), String(events), traceHash,
      isSame.map { $0 ? "the same" : "differs: \(recordedHash ?? "")" } ?? "-",
      "\(significant(speed, 2)) x time",
    ]
  }

  private var lines: [String] {
    let rows = metrics.keys.sorted().map { name in
      let unit = MetricCatalogue.definition(of: name)?.unit ?? .count
      return [name, unit.text(metrics[name]?.value ?? 0)]
    }
    return ["seed \(seed), simulated \(simulatedNs.text)"]
      + (spentBudget ? ["its budget of events ended it"] : [])
      + [("bottleneck", bottleneck), ("bottleneck of joining", joinBottleneck)].compactMap {
        name, text in text.map { "\(name): \($0)" }
      } + PlainColumns.lines(rows)
  }
}
