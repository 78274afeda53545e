import Foundation
import Ledger
import Report
import Run

/// A run whose record is whole: the page written, everything sealed.
struct FinishedRun {
  let record: RunRecord
  let verdict: RunVerdict
  let input: ReportInput

  /// Writes the page and seals the record.
  ///
  /// Throws the exit code of an interrupted run, which stays open for `--resume`.
  init(_ end: RunEnd) throws {
    if end.wasInterrupted {
      Output.note("stopped; go on with: assay run --resume \(end.folder.path)")
      throw ExitStatus.interrupted.exit
    }
    do {
      record = try RunRecord.read(end.folder.path)
      verdict = RunVerdict(record)
      input = try verdict.reportInput(record)
      try end.folder.write(text: PageReport().render(input), to: Manifest.reportName)
      try end.folder.seal()
    } catch let error as LedgerError {
      throw Output.fail(error)
    }
  }
}
