import Ledger

/// What a record comes to: the worst of what its trials and limits say.
struct RunVerdict {
  let status: ExitStatus
  let text: String

  init(_ record: RunRecord) {
    let failed = record.trials.filter { $0.status == .failed }
    let invalid = record.trials.filter { $0.status == .invalid }
    if !failed.isEmpty {
      status = .failed
    } else if !invalid.isEmpty {
      status = .invalid
    } else {
      status = .success
    }
    text = "\(status)"
  }
}
struct RunResult: Encodable {
  let record: String
  let summary: RunSummary
  init(_ record: RunRecord, _ verdict: RunVerdict) {
    self.record = record.folder
    summary = RunSummary(of: record)
  }
  var text: String { "" }
}
