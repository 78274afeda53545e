internal import Foundation
internal import Ledger

/// Keeps fio's own results as a record of Assay.
public enum FioRecord {
  /// Writes a sealed record of all documents; gives its folder.
  ///
  /// Throws ``FioJSON/Failure`` where a histogram is not fio's, `LedgerError` where the record
  /// cannot be written.
  public static func write(
    _ documents: [FioDocument], source: String, results: String, version: String
  ) throws -> String {
    let tool = documents.first?.version ?? "fio"
    let name = (source as NSString).lastPathComponent
    let id = "\(WallClock.fileStamp())-import-\(FioImport.word(name, or: "fio"))"
    let folder = try RunFolder.create(in: results, id: uniqueID(id, in: results))
    try folder.write(text: "# imported from \(source), written by \(tool)\n", to: "scenario.yaml")
    try folder.write([String: String](), to: "plan.json")
    try folder.append(.runStarted) { event in
      event.run = RunHeader(
        id: (folder.path as NSString).lastPathComponent, name: FioImport.word(name, or: "fio"),
        about: "Imported from \(source).",
        startedAt: documents.first?.timestamp.map { WallClock.text(unixSeconds: $0) }
          ?? WallClock.now(),
        version: version, seed: 0, notHardware: nil,
        evidence: .imported)
    }
    try folder.append(.finding) { event in
      event.finding = Finding(
        code: .imported, severity: .note,
        message: "measured by \(tool), not by Assay: what it did not write down is not known")
    }
    for (number, document) in documents.enumerated() {
      for trial in try document.trials(run: number + 1) {
        var record = trial.record
        if let histograms = trial.histograms {
          record.histograms = try folder.write(histograms, of: record.id)
        }
        try folder.append(.trialFinished) { $0.trial = record }
      }
    }
    try folder.append(.runFinished)
    try folder.write(RunSummary(of: RunRecord.read(folder.path)), to: "summary.json")
    try folder.seal()
    return folder.path
  }

  private static func uniqueID(_ id: String, in results: String) -> String {
    var candidate = id
    var number = 2
    while FileManager.default.fileExists(atPath: results + "/" + candidate) {
      candidate = "\(id)-\(number)"
      number += 1
    }
    return candidate
  }
}
