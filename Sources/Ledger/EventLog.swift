internal import Foundation

/// The events of a record as read back.
struct EventLog {
  /// All whole events, in order.
  var events: [RunEvent] = []
  /// Bytes of whole lines.
  var wholeBytes = 0
  /// Bytes after the last whole line: what a kill cut off.
  var cutBytes = 0

  /// Reads `events.jsonl`; a last line without its end is what a kill leaves, and is not an error.
  static func read(
    _ path: String, details: RunRecord.Details = .included
  ) throws(LedgerError) -> EventLog {
    let data = try LedgerFile.read(path)
    // Searched as bytes: Data's own search costs more than reading what it finds.
    let ends = data.withUnsafeBytes { bytes in bytes.indices.filter { bytes[$0] == 0x0A } }
    var log = EventLog()
    log.events.reserveCapacity(ends.count)
    var start = data.startIndex
    for (index, end) in ends.enumerated() {
      let lineNumber = index + 1
      let event = try EventLine.decode(
        data[start..<end], details: details, at: "\(path):\(lineNumber)")
      guard event.sequence == lineNumber else {
        throw LedgerError(
          .damaged, "\(path):\(lineNumber): event \(event.sequence) where \(lineNumber) is due",
          hint: "lines are missing: take the record from a copy")
      }
      log.events.append(event)
      start = end + 1
    }
    log.wholeBytes = start - data.startIndex
    log.cutBytes = data.endIndex - start
    return log
  }
}

/// Reading of a record's files.
enum LedgerFile {
  static func read(_ path: String) throws(LedgerError) -> Data {
    guard let data = FileManager.default.contents(atPath: path) else {
      // Where the log is there, it is a record, and this file was lost.
      let isLog = path.hasSuffix("/events.jsonl")
      throw LedgerError(
        .damaged, "cannot read \(path)",
        hint: isLog
          ? "a record is a folder that `assay run` wrote; `assay list runs` shows them"
          : "the record is not whole: take it from a copy")
    }
    return data
  }
}
