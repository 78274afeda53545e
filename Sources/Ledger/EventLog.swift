internal import Foundation

/// The events of a record as read back.
struct EventLog {
  /// All whole events, in order.
  var events: [RunEvent] = []
  /// Bytes of whole lines.
  var wholeBytes = 0
  /// Bytes after the last whole line: what a kill cut off.
  var cutBytes = 0

  /// The file's name within the record.
  static let fileName = "events.jsonl"

  /// Reads `events.jsonl`; a last line without its end is what a kill leaves, and is not an error.
  static func read(
    _ path: String, details: RunRecord.Details = .included
  ) throws(LedgerError) -> EventLog {
    let data = try LedgerFile.read(path)
    let lines = lines(of: data)
    var log = EventLog()
    log.events.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() {
      let number = index + 1
      let event = try EventLine.decode(line, details: details, at: "\(path):\(number)")
      guard event.sequence == number else {
        throw LedgerError(
          .damaged, "\(path):\(number): event \(event.sequence) where \(number) is due",
          hint: "lines are missing: take the record from a copy")
      }
      log.events.append(event)
    }
    log.wholeBytes = lines.reduce(0) { $0 + $1.count + 1 }
    log.cutBytes = data.count - log.wholeBytes
    return log
  }

  /// The whole lines without their ends.
  ///
  /// Ends are searched as bytes: Data's own search costs more than reading what it finds.
  static func lines(of data: Data) -> [Data] {
    let ends = data.withUnsafeBytes { bytes in bytes.indices.filter { bytes[$0] == 0x0A } }
    var start = data.startIndex
    return ends.map { end in
      defer { start = data.startIndex + end + 1 }
      return data[start..<data.startIndex + end]
    }
  }
}

/// Reading of a record's files.
enum LedgerFile {
  static func read(_ path: String) throws(LedgerError) -> Data {
    guard let data = FileManager.default.contents(atPath: path) else {
      let fault = access(path, R_OK) == 0 ? EIO : errno
      let message = "cannot read \(path): \(String(cString: strerror(fault)))"
      guard fault == ENOENT || fault == ENOTDIR else {
        throw LedgerError(.io, message, hint: "check the file's permissions and its disk")
      }
      // Where the log is there, it is a record, and this file was lost.
      let isLog = path.hasSuffix("/events.jsonl")
      throw LedgerError(
        .damaged, message,
        hint: isLog
          ? "a record is a folder that `assay run` wrote; `assay list runs` shows them"
          : "the record is not whole: take it from a copy")
    }
    return data
  }
}
