internal import Deploy
internal import Ledger
internal import Measure
internal import Scenario

/// Online operations in a run's journal: what is to be taken back is written down before.
enum OperationJournal {
  /// The entry of a trial whose operation has a way back; nil for others.
  ///
  /// What is not to be taken back is the user's wish, and part of the trial's record alone.
  static func change(_ trial: PlannedTrial) -> String? {
    guard let operation = trial.work.storage?.operation, operation.undo != nil else { return nil }
    return "operation of trial \(trial.id): \(operation.trigger.text)"
  }

  /// Whether nothing of the operation is left on the machine, as far as the record tells.
  static func isTakenBack(_ record: TrialRecord) -> Bool {
    let seen = record.detail["operation"]?["seen"]
    return seen?["triggeredNs"] == nil || seen?["undoAcceptedNs"] != nil
  }

  /// Takes back what a killed run has left.
  ///
  /// Throws where that is refused: the next trial would find the machine as it should not be.
  static func takeBack(
    _ changes: [String], of plan: Plan, _ journal: RunJournal, _ progress: any RunProgress
  ) throws(RunError) {
    for trial in plan.trials {
      guard let change = change(trial), changes.contains(change),
        let operation = trial.work.storage?.operation
      else { continue }
      progress.preparing("taking back the \(change)")
      if let failure = OnlineOperationRun.takeBack(operation) {
        throw RunError(
          .refused, ["the \(change) was not taken back: \(failure)\n  hint: take it back by hand"])
      }
      journal.restored(change)
    }
  }
}
