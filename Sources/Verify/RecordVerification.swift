public import Ledger

/// What was found when a record was checked against itself: everything that can be computed anew.
///
/// A fault never stops it: every check says all that it sees.
public struct RecordVerification: Codable, Hashable, Sendable {
  /// The record's folder.
  public var record: String
  /// Every check, from the files' bytes to what was computed from them.
  public var checks: [Check]

  /// Whether nothing is wrong.
  public var isSound: Bool { !checks.contains { $0.status == .failed } }

  /// One thing that was looked at.
  public struct Check: Codable, Hashable, Sendable {
    /// A stable name.
    public var name: Name
    /// What came of it.
    public var status: Status
    /// What was looked at, or why it could not be.
    public var about: String
    /// What is wrong; empty unless ``Status/failed``.
    public var faults: [Fault]
  }

  /// Checks, in their order.
  public enum Name: String, Codable, CaseIterable, Sendable {
    /// Every file against its hash.
    case manifest
    /// Versions of all formats.
    case formats
    /// Every line and file against its type, and the form in which Assay writes it.
    case schema
    /// The order of events.
    case events
    /// The plan against the scenario, and the trials against the plan.
    case plan
    /// Each histogram against itself and the counters.
    case histograms
    /// Every metric of every trial, from histograms and counters.
    case metrics
    /// The seconds against the counters.
    case series
    /// `summary.json` from the events, byte for byte.
    case summary
    /// `report.html` with its judgement from the record, byte for byte.
    case report
  }

  /// What came of a check.
  public enum Status: String, Codable, Sendable {
    /// Nothing is wrong.
    case ok
    /// Something is.
    case failed
    /// The record has nothing to compare.
    case notCompared = "not-compared"
  }

  /// Something wrong, and where.
  public struct Fault: Codable, Hashable, Sendable {
    /// File, line and trial.
    public var place: String
    /// What is wrong there.
    public var message: String
  }

  /// Checks the record in `folder`.
  ///
  /// `version` is that of this Assay: what another version wrote is not compared byte for byte.
  /// `page` makes the report's page of a record. O(bytes of the record).
  public static func of(
    _ folder: String, version: String, page: (RunRecord) throws -> String
  ) -> RecordVerification {
    let files = RecordFiles(folder)
    var log = CheckLog()
    ManifestCheck.run(files, &log)
    let events = EventChecks.run(files, version: version, &log)
    do throws(LedgerError) {
      let record = try RunRecord.of(events, in: folder)
      PlanCheck.run(record, files, version: version, &log)
      TrialChecks.run(record, files, version: version, &log)
      OutcomeChecks.run(record, files, version: version, page: page, &log)
    } catch {
      log.fail(.schema, error, in: folder)
    }
    return RecordVerification(record: folder, checks: log.checks)
  }
}

/// Checks as they are gathered.
struct CheckLog {
  private var about: [RecordVerification.Name: String] = [:]
  private var skipped: Set<RecordVerification.Name> = []
  private var faults: [RecordVerification.Name: [RecordVerification.Fault]] = [:]

  /// Says what a check looked at.
  mutating func looked(_ name: RecordVerification.Name, _ about: String) {
    self.about[name] = about
  }

  /// Says why there was nothing to compare.
  mutating func skip(_ name: RecordVerification.Name, _ reason: String) {
    about[name] = reason
    skipped.insert(name)
  }

  mutating func fail(_ name: RecordVerification.Name, _ place: String, _ message: String) {
    faults[name, default: []].append(.init(place: place, message: message))
  }

  /// Takes a reading error, which begins with the file's path.
  mutating func fail(_ name: RecordVerification.Name, _ error: LedgerError, in folder: String) {
    let inside = error.message.replacing(folder + "/", with: "")
    let parts = inside.split(separator: ": ", maxSplits: 1).map(String.init)
    if parts.count == 2 { fail(name, parts[0], parts[1]) } else { fail(name, ".", inside) }
  }

  var checks: [RecordVerification.Check] {
    RecordVerification.Name.allCases.map { name in
      let found = faults[name] ?? []
      let status: RecordVerification.Status =
        !found.isEmpty ? .failed : skipped.contains(name) || about[name] == nil ? .notCompared : .ok
      return .init(
        name: name, status: status, about: about[name] ?? "the record cannot be read so far",
        faults: found)
    }
  }
}
