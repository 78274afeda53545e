internal import Foundation
internal import Ledger

/// What was computed from the events: computed anew, it must be the same bytes.
enum OutcomeChecks {
  static func run(
    _ record: RunRecord, _ files: RecordFiles, version: String,
    page: (RunRecord) throws -> String, _ log: inout CheckLog
  ) {
    compare(.summary, "summary.json", record, files, version: version, &log) {
      try RecordFiles.bytes(of: RunSummary(of: record), pretty: true)
    }
    compare(.report, "report.html", record, files, version: version, &log) {
      Data(try page(record).utf8)
    }
  }

  private static func compare(
    _ name: RecordVerification.Name, _ file: String, _ record: RunRecord, _ files: RecordFiles,
    version: String, _ log: inout CheckLog, _ compute: () throws -> Data
  ) {
    guard files.has(file) else {
      return log.skip(name, "the record has no \(file)")
    }
    guard record.header.version == version else {
      return log.skip(name, "Assay \(record.header.version) wrote it, this is \(version)")
    }
    do {
      let due = try compute()
      log.looked(name, "\(file) computed anew is the same, byte for byte")
      let found = try files.data(file)
      guard found != due else { return }
      let same = zip(found, due).prefix { $0 == $1 }
      let line = same.count { $0.0 == 0x0A } + 1
      log.fail(name, "\(file):\(line)", "computed anew it is not the same from here on")
    } catch let error as LedgerError {
      log.fail(name, error, in: files.folder)
    } catch {
      log.fail(name, file, "cannot be computed: \(error)")
    }
  }
}
