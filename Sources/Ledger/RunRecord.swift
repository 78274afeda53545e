internal import Foundation
public import Measure

/// A record as read back: everything that a judgement or a report is made of.
public struct RunRecord: Sendable {
  /// The record's folder.
  public var folder: String
  /// What was known before the first trial.
  public var header: RunHeader
  /// The scenario as given, with overrides as comments at its end.
  public var scenario: String
  /// The plan as expanded.
  public var plan: JSONValue
  /// Finished trials in executed order.
  public var trials: [TrialRecord]
  /// What was noticed about the run as a whole.
  public var findings: [Finding]
  /// The machine before and after, `{"before": ..., "after": ...}`.
  public var environment: JSONValue
  /// Whether the plan was done to its end.
  public var isComplete: Bool
  /// Changes to the machine that were never undone.
  public var openChanges: [String]
  /// The planned looks that were taken, in order.
  public var looks: [LookRecord] = []

  /// Whether the engines' own facts are read too: most of an event file, and reports' matter only.
  public enum Details: Sendable {
    /// They are.
    case included
    /// They are passed over: every ``TrialRecord/detail`` is null.
    case omitted
  }

  /// Reads the record in `folder`.
  ///
  /// A record of a killed run is read as far as it goes. Throws ``LedgerError`` where a line or a
  /// file is damaged. O(bytes).
  public static func read(
    _ folder: String, details: Details = .included
  ) throws(LedgerError) -> RunRecord {
    let log = try EventLog.read(folder + "/events.jsonl", details: details)
    return try of(log.events, in: folder)
  }

  /// Makes a record of its events and the files beside them.
  ///
  /// Throws ``LedgerError`` where the first event is no header, or a file is damaged.
  public static func of(
    _ events: [RunEvent], in folder: String
  ) throws(LedgerError) -> RunRecord {
    guard let header = events.first?.run else {
      throw LedgerError(
        .damaged, "\(folder)/events.jsonl: the first event does not start a run",
        hint: "the run ended before it began; run the scenario again")
    }
    guard header.format == "assay-record-1" else {
      throw LedgerError(
        .damaged, "\(folder): the format \"\(header.format)\" is not known",
        hint: "read it with the version of Assay that wrote it: \(header.version)")
    }
    var record = RunRecord(
      folder: folder, header: header,
      scenario: String(decoding: try LedgerFile.read(folder + "/scenario.yaml"), as: UTF8.self),
      plan: try json(folder + "/plan.json"), trials: [], findings: [], environment: .null,
      isComplete: false, openChanges: [])
    if FileManager.default.fileExists(atPath: folder + "/environment.json") {
      record.environment = try json(folder + "/environment.json")
    }
    for event in events { record.apply(event) }
    return record
  }

  private static func json(_ path: String) throws(LedgerError) -> JSONValue {
    try LedgerJSON.read(try LedgerFile.read(path), at: path) { reader throws(JSONReader.Fault) in
      let value = try reader.value()
      try reader.end()
      return value
    }
  }

  private mutating func apply(_ event: RunEvent) {
    switch event.event {
    case .trialFinished: if let trial = event.trial { trials.append(trial) }
    case .finding: if let finding = event.finding { findings.append(finding) }
    case .changing: if let change = event.change { openChanges.append(change) }
    case .restored: openChanges.removeAll { $0 == event.change }
    case .look: if let look = event.look { looks.append(look) }
    case .runFinished: isComplete = true
    case .runStarted, .runResumed, .trialStarted: break
    }
  }

  /// The machine before the run, sorted by key; empty where the record does not tell.
  public var facts: [EnvironmentFact] {
    guard case .array(let facts)? = environment["before"]?["facts"] else { return [] }
    return facts.compactMap { fact in
      guard case .string(let key)? = fact["key"], case .string(let value)? = fact["value"],
        case .string(let name)? = fact["class"], let kind = EnvironmentFact.Class(rawValue: name)
      else { return nil }
      return EnvironmentFact(key: key, value: value, class: kind)
    }
  }

  /// The histograms of a trial; empty where it has none.
  public func histograms(of trial: TrialRecord) throws(LedgerError) -> TrialHistograms {
    guard let name = trial.histograms else { return TrialHistograms(distributions: [:]) }
    let path = folder + "/" + name
    return try LedgerJSON.decode(
      TrialHistograms.self, from: try LedgerFile.read(path), at: path)
  }

  /// The per-second rows of a trial; empty where it has none.
  public func series(of trial: TrialRecord) throws(LedgerError) -> [SeriesRow] {
    guard let name = trial.series else { return [] }
    let path = folder + "/" + name
    return try SeriesWriter.parse(
      String(decoding: try LedgerFile.read(path), as: UTF8.self), place: path)
  }

  /// SHA-256 in hex of what was there before the report: of each file by its name, of each folder
  /// that of what `sha256sum folder/*` prints, by this command.
  ///
  /// The report shows them, so neither it nor the manifest, which is of all, is among them; a line
  /// for each of thousands of trials would be most of its page. O(bytes of the record).
  public func hashes() throws(LedgerError) -> [String: String] {
    var hashes: [String: String] = [:]
    var folders: [String: String] = [:]
    let files = try Manifest.of(folder: folder).sha256.filter { $0.key != Manifest.reportName }
    for (name, hash) in files.sorted(by: { $0.key < $1.key }) {
      if let end = name.lastIndex(of: "/") {
        folders["sha256sum \(name[...end])*", default: ""] += "\(hash)  \(name)\n"
      } else {
        hashes[name] = hash
      }
    }
    return hashes.merging(folders.mapValues(Manifest.digest)) { $1 }
  }

  /// Checks every file against the manifest; nil where there is no manifest yet.
  public func integrity() throws(LedgerError) -> [String]? {
    try RecordFiles(folder).differences()
  }
}
