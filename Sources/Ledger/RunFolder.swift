internal import CLinux
internal import Foundation

/// A record that is being written: one process at a time, events first, files whole or not at all.
public final class RunFolder {
  /// The folder.
  public let path: String
  private let events: Int32
  private var nextSequence: Int
  /// Where a cut line begins that the next event takes the place of.
  private var wholeBytes: Int?

  /// Creates `<results>/<id>` with its sub-folders and an empty event file.
  ///
  /// Throws ``LedgerError`` where the folder cannot be created.
  public static func create(in results: String, id: String) throws(LedgerError) -> RunFolder {
    let path = (results as NSString).appendingPathComponent(id)
    for folder in [path, path + "/histograms", path + "/series"] {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw LedgerError(
          .io, "cannot create \(folder): \(FaultReason.of(error))",
          hint: "choose a folder that you may write to with --results FOLDER")
      }
    }
    return try RunFolder(path: path, nextSequence: 1)
  }

  /// Opens an unfinished record to go on with it.
  ///
  /// A line cut by the kill is removed by the first event that is appended, not before: a record
  /// that turns out to be finished stays as it is. Throws ``LedgerError`` where the record is
  /// damaged or another process is writing it.
  public static func reopen(_ path: String) throws(LedgerError) -> RunFolder {
    // Read before it is locked too: a folder that is no record is not given an event file.
    _ = try EventLog.read(path + "/events.jsonl")
    let folder = try RunFolder(path: path, nextSequence: 1)
    // Read again under the lock: whoever held it may have added events.
    let log = try EventLog.read(path + "/events.jsonl")
    folder.nextSequence = log.events.count + 1
    folder.wholeBytes = log.cutBytes > 0 ? log.wholeBytes : nil
    return folder
  }

  private init(path: String, nextSequence: Int) throws(LedgerError) {
    self.path = path
    self.nextSequence = nextSequence
    let file = path + "/events.jsonl"
    events = cl_open(file, O_WRONLY | O_CREAT | O_APPEND | Int32(O_CLOEXEC), 0o644)
    guard events >= 0 else { throw DurableFile.failed("open", file) }
    guard flock(events, LOCK_EX | LOCK_NB) == 0 else {
      // deinit does not run for a value that was never made whole.
      close(events)
      throw LedgerError(
        .io, "\(path) is being written by another process",
        hint: "wait until that run has ended, or stop it")
    }
  }

  deinit { close(events) }

  /// Appends an event and waits until it is on the disk.
  public func append(
    _ kind: RunEvent.Kind, _ fill: (inout RunEvent) -> Void = { _ in }
  ) throws(LedgerError) {
    var event = RunEvent(sequence: nextSequence, at: WallClock.now(), event: kind)
    fill(&event)
    var line = try LedgerJSON.encode(event)
    line.append(0x0A)
    if let whole = wholeBytes {
      guard ftruncate(events, off_t(whole)) == 0 else {
        throw DurableFile.failed("truncate", path + "/events.jsonl")
      }
      wholeBytes = nil
    }
    try DurableFile.writeAll(line, to: events, path: path + "/events.jsonl")
    guard fdatasync(events) == 0 else { throw DurableFile.failed("sync", path + "/events.jsonl") }
    nextSequence += 1
  }

  /// Writes `value` as JSON to a file of the record, whole or not at all.
  public func write(_ value: some Encodable, to name: String) throws(LedgerError) {
    try DurableFile.write(LedgerJSON.encode(value, pretty: true), to: path + "/" + name)
  }

  /// Writes text to a file of the record, whole or not at all.
  public func write(text: String, to name: String) throws(LedgerError) {
    try DurableFile.write(Data(text.utf8), to: path + "/" + name)
  }

  /// Stores a trial's histograms; gives the file's name within the record.
  public func write(_ histograms: TrialHistograms, of trial: String) throws(LedgerError) -> String {
    let name = "histograms/\(trial).json"
    try DurableFile.write(LedgerJSON.encode(histograms), to: path + "/" + name)
    return name
  }

  /// Opens a trial's series for appending rows; an older attempt's rows are dropped.
  public func series(of trial: String) throws(LedgerError) -> SeriesWriter {
    try SeriesWriter(folder: path, name: "series/\(trial).csv")
  }

  /// Writes `manifest.json`: the SHA-256 of every file of the record.
  public func seal() throws(LedgerError) {
    try write(try Manifest.of(folder: path), to: Manifest.fileName)
  }
}
