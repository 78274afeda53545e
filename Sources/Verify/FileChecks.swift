internal import Foundation
internal import Ledger
internal import Measure

/// Every file against its hash.
enum ManifestCheck {
  static func run(_ files: RecordFiles, _ log: inout CheckLog) {
    do throws(LedgerError) {
      guard let differences = try files.differences() else {
        return log.skip(.manifest, "the record was never sealed: the run did not end")
      }
      for difference in differences {
        let words = difference.split(separator: " ", maxSplits: 1).map(String.init)
        log.fail(.manifest, words[0], words.count > 1 ? words[1] : "was changed")
      }
      log.looked(.manifest, "every file has its SHA-256")
    } catch {
      log.fail(.manifest, error, in: files.folder)
    }
  }
}

/// The lines of the event file: form and order.
enum EventChecks {
  private static let file = "events.jsonl"

  /// Gives the events that could be read.
  static func run(_ files: RecordFiles, version: String, _ log: inout CheckLog) -> [RunEvent] {
    let lines: [RecordFiles.Line]
    do throws(LedgerError) {
      let read = try files.events()
      lines = read.lines
      if read.cutBytes > 0 && files.has(Manifest.fileName) {
        log.fail(.events, "\(file):\(lines.count + 1)", "the last line is cut off")
      }
    } catch {
      log.fail(.events, error, in: files.folder)
      return []
    }
    var events: [RunEvent] = []
    for line in lines {
      switch line.event {
      case .success(let event): events.append(event)
      case .failure(let error): log.fail(.schema, error, in: files.folder)
      }
    }
    formats(events.first?.run, files, &log)
    form(lines, isOurs: events.first?.run?.version == version, &log)
    order(lines, &log)
    if files.has(Manifest.fileName) && events.last?.event != .runFinished {
      log.fail(.events, "\(file):\(lines.count)", "the record was sealed, but its run did not end")
    }
    log.looked(.events, "\(counted(lines.count, "event")) in order")
    return events
  }

  /// Format versions of files that carry one; a file that cannot be read is the schema's matter.
  private static func formats(
    _ header: RunHeader?, _ files: RecordFiles, _ log: inout CheckLog
  ) {
    struct Stamp: Decodable { var format: String? }
    guard let header else {
      return log.fail(.formats, "\(file):1", "the first event does not start a run")
    }
    var stamps = [("\(file):1", header.format, "assay-record-1")]
    for (name, due) in [
      ("plan.json", "assay-plan-2"), ("summary.json", "assay-summary-1"),
      (Manifest.fileName, "assay-manifest-1"),
    ] where files.has(name) {
      if let format = try? files.decode(Stamp.self, from: name).format {
        stamps.append((name, format, due))
      }
    }
    for (place, format, due) in stamps where format != due {
      log.fail(
        .formats, place,
        "the format \"\(format)\" is not \(due); Assay \(header.version) wrote it")
    }
    log.looked(
      .formats, stamps.map(\.1).joined(separator: ", ") + ", written by Assay \(header.version)")
  }

  /// What this version writes it writes in one form: other bytes are a key that no type has.
  private static func form(
    _ lines: [RecordFiles.Line], isOurs: Bool, _ log: inout CheckLog
  ) {
    log.looked(.schema, "\(counted(lines.count, "line")) of events, and every file, are readable")
    guard isOurs else { return }
    for line in lines {
      guard case .success(let event) = line.event,
        let bytes = try? RecordFiles.bytes(of: event, pretty: false), bytes != line.text
      else { continue }
      log.fail(.schema, "\(file):\(line.number)", "this is not how Assay writes the event")
    }
  }

  private static func order(_ lines: [RecordFiles.Line], _ log: inout CheckLog) {
    var started: String?
    var finished: Set<String> = []
    var isOver = false
    for line in lines {
      guard case .success(let event) = line.event else { continue }
      func fail(_ message: String) { log.fail(.events, "\(file):\(line.number)", message) }
      if event.sequence != line.number {
        fail("event \(event.sequence) where \(line.number) is due")
      }
      if (event.event == .runStarted) != (line.number == 1) {
        fail(line.number == 1 ? "a run begins with run-started" : "the run begins once more")
      }
      if isOver { fail("\(event.event.rawValue) after the run was finished") }
      switch event.event {
      case .trialStarted: started = event.trialID
      case .trialFinished:
        let id = event.trial?.id ?? ""
        // An imported trial never started here.
        if let begun = started, begun != id { fail("\(id) ends where \(begun) ran") }
        if !finished.insert(id).inserted { fail("\(id) ends a second time") }
        started = nil
      case .runFinished: isOver = true
      default: break
      }
    }
  }
}
