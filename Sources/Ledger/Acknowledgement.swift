internal import Foundation
public import Measure

/// A change of level that somebody looked at: a line of `<results>/acknowledged.jsonl`.
public struct Acknowledgement: Codable, Hashable, Sendable {
  /// The first record of the new level.
  public var record: String
  /// The case, as `system/workload/point`; nil is every case.
  public var `case`: String?
  /// The metric; nil is every metric.
  public var metric: String?
  /// Why the level is as it is.
  public var reason: String
  /// Who looked at it.
  public var by: String
  /// When, UTC.
  public var at: String

  /// States what was looked at.
  public init(
    record: String, case: String?, metric: String?, reason: String, by: String, at: String
  ) {
    self.record = record
    self.case = `case`
    self.metric = metric
    self.reason = reason
    self.by = by
    self.at = at
  }

  /// The file's name within the results folder.
  public static let fileName = "acknowledged.jsonl"

  /// Whether it is about a case and metric.
  public func isAbout(_ key: CaseKey, _ metric: String) -> Bool {
    (self.case ?? key.description) == key.description && (self.metric ?? metric) == metric
  }

  /// Reads those of a results folder, in the order in which they were made.
  ///
  /// Throws ``LedgerError`` where a line is damaged.
  public static func all(in results: String) throws(LedgerError) -> [Acknowledgement] {
    let path = results + "/" + fileName
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    var found: [Acknowledgement] = []
    for (index, line) in EventLog.lines(of: data).enumerated() {
      found.append(
        try LedgerJSON.decode(Acknowledgement.self, from: line, at: "\(path):\(index + 1)"))
    }
    return found
  }

  /// Appends it to those of a results folder.
  ///
  /// The file is replaced as a whole, so that a kill leaves no half line. Throws ``LedgerError``.
  public func append(in results: String) throws(LedgerError) {
    let path = results + "/" + Self.fileName
    var data = FileManager.default.contents(atPath: path) ?? Data()
    data.append(try LedgerJSON.encode(self))
    data.append(0x0A)
    try DurableFile.write(data, to: path)
  }
}
