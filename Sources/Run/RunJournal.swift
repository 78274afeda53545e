internal import Ledger

/// Writes to a run's event file what is changed on the machine, before it is changed.
final class RunJournal {
  private let folder: RunFolder
  /// The first failure to write: the run ends on it.
  private(set) var failure: LedgerError?

  init(_ folder: RunFolder) { self.folder = folder }

  func changing(_ change: String) { append(.changing) { $0.change = change } }
  func restored(_ change: String) { append(.restored) { $0.change = change } }
  func note(_ finding: Finding) { append(.finding) { $0.finding = finding } }
  func began(_ trial: String) { append(.trialStarted) { $0.trialID = trial } }
  func looked(_ look: LookRecord) { append(.look) { $0.look = look } }
  func finished(_ trial: TrialRecord) { append(.trialFinished) { $0.trial = trial } }

  private func append(_ kind: RunEvent.Kind, _ fill: (inout RunEvent) -> Void) {
    guard failure == nil else { return }
    do {
      try folder.append(kind, fill)
    } catch {
      failure = error
    }
  }
}
