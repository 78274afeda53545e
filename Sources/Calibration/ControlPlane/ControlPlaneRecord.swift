internal import Foundation
internal import Host
internal import Ledger
public import Measure

/// A file of experiments on a real control plane, with the machine that they were done on.
///
/// JSON with sorted keys; a file of another ``schemaVersion`` is not read.
public struct ControlPlaneRecord: Hashable, Codable, Sendable {
  /// What kind of file it is.
  public static let schemaName = "assay-control-plane"
  /// The version of its layout that this Assay writes and reads.
  public static let schemaVersion = 1

  /// ``schemaName``.
  public var schema = ControlPlaneRecord.schemaName
  /// ``schemaVersion``.
  public var version = ControlPlaneRecord.schemaVersion
  /// SHA-256 of the file with 64 zeros in the place of this, in hexadecimal.
  public var contentSHA256 = String(repeating: "0", count: 64)
  /// When it began, in UTC by RFC 3339.
  public var startedAt: String
  /// The machine before it.
  public var machine: [EnvironmentFact]
  /// The experiments in the order in which they were done.
  public var reports: [ControlPlaneReport]

  enum CodingKeys: String, CodingKey {
    case schema, version
    case contentSHA256 = "contentSha256"
    case startedAt, machine, reports
  }

  /// A record that begins now, on this machine, by this version of Assay.
  public init(toolVersion: String) {
    startedAt = WallClock.now()
    machine = Environment.capture(toolVersion: toolVersion).facts
    reports = []
  }

  /// The report of an experiment; nil where there is none.
  public func report(_ name: String) -> ControlPlaneReport? {
    reports.first { $0.name == name }
  }

  /// Whether it has that experiment, whatever its seed, and it ended well.
  public func has(_ name: String, _ experiment: ControlPlaneExperiment) -> Bool {
    guard let report = report(name), report.failure == nil else { return false }
    var other = experiment
    other.seed = report.experiment.seed
    return report.experiment == other
  }

  /// Adds a report, in the place of one of its name if there is one.
  public mutating func take(_ report: ControlPlaneReport) {
    if let place = reports.firstIndex(where: { $0.name == report.name }) {
      reports[place] = report
    } else {
      reports.append(report)
    }
  }

  /// The file's text, with its hash.
  public func text() throws -> String {
    var unsigned = self
    unsigned.contentSHA256 = SealedText.noHash
    return try SealedText.of(unsigned)
  }

  /// Reads a file's text.
  ///
  /// Throws ``CalibrationError`` where it is no such record, of another version, or was changed
  /// after it was written.
  public init(reading text: String) throws {
    struct Head: Decodable {
      var schema: String
      var version: Int
      var contentSha256: String
    }
    let decoder = JSONDecoder()
    guard let head = try? decoder.decode(Head.self, from: Data(text.utf8)),
      head.schema == Self.schemaName
    else { throw CalibrationError(.data, "no record of a control plane") }
    guard head.version == Self.schemaVersion else {
      throw CalibrationError(
        .data, "version \(head.version); \(Self.schemaVersion) is due",
        hint: "measure again with `assay calibrate control-plane`")
    }
    guard SealedText.isWhole(text, head.contentSha256) else {
      throw CalibrationError(
        .data, "changed after it was written: its contentSha256 is not that of its content")
    }
    self = try decoder.decode(ControlPlaneRecord.self, from: Data(text.utf8))
  }
}
