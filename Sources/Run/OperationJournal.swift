internal import Deploy
internal import Foundation
internal import Host
internal import Ledger
internal import Measure
internal import Scenario

/// Online operations in the journals: what is to be taken back is written down before.
///
/// The machine's journal has how far the operation has come and what takes it back; the run's event
/// file has whether that is still to be done. Whoever takes it back holds the record meanwhile, so
/// that a run that goes on with it and a cleanup do not both.
enum OperationJournal {
  /// What Host keeps as text: the record that tells whether it is still to be undone, and how.
  private struct Content: Codable {
    var record: String
    var undo: PendingUndo
  }

  /// Writes the operation of a trial down, here and in the record.
  ///
  /// Gives nil where there is none, or none that is to be taken back: that is the user's wish, and
  /// part of the trial's record alone. Throws where it cannot be written: then it must not be done.
  static func begin(
    _ trial: PlannedTrial, in folder: RunFolder, _ journal: RunJournal
  ) throws(RunError) -> ChangeEntry? {
    guard let change = change(trial), let operation = trial.work.storage?.operation,
      let undo = PendingUndo(of: operation)
    else { return nil }
    let content = Content(record: whole(folder.path), undo: undo)
    let entry: ChangeEntry
    do {
      let text = String(decoding: try JSONEncoder().encode(content), as: UTF8.self)
      entry = try ChangeJournal.ofMachine.begin(
        .operation(OperationChange(text: change, byHand: undo.byHand, undo: text)))
    } catch {
      throw RunError(.io, ["the \(change) cannot be written down: \(error)"])
    }
    journal.changing(change)
    if let failure = journal.failure { throw RunError(.io, [failure.description]) }
    return entry
  }

  /// Strikes out what was not triggered or is taken back; the rest stays for `assay cleanup`.
  static func end(_ entry: ChangeEntry?, after record: TrialRecord, _ journal: RunJournal) {
    guard let entry, case .operation(let change) = entry.change else { return }
    let isAccepted = record.detail["operation"]?["seen"]?["undoAcceptedNs"] != nil
    guard change.stage != .triggered || isAccepted else { return }
    journal.restored(change.text)
    if journal.failure == nil { entry.finish() }
  }

  /// Takes back what a process has left that is no more.
  ///
  /// Throws ``HostError`` where that is refused, or another process is at the record.
  static func undo(_ change: OperationChange) throws(HostError) -> UndoneChange {
    guard let content = content(of: change) else {
      throw HostError(
        change.text, "was written down by another version of Assay",
        remedy: "`assay cleanup` of that version undoes it")
    }
    let held = try hold(content.record)
    if let held, !held.record.openChanges.contains(change.text) {
      return .notNeeded("its record says that it is taken back")
    }
    var text: String
    switch change.stage {
    case .planned: text = "it was not triggered"
    case .undone: text = "it was taken back before the run ended"
    case .triggered:
      do throws(OperationFailure) {
        try content.undo.perform()
      } catch {
        throw HostError(content.undo.text, error.message, remedy: error.hint)
      }
      text = "called \(content.undo.text)"
    }
    do throws(LedgerError) {
      try held?.folder?.append(.restored) { $0.change = change.text }
    } catch {
      text += "; \(content.record) could not be told, and --resume would do it again: \(error)"
    }
    return change.stage == .triggered ? .undone(text) : .notNeeded(text)
  }

  /// Takes back what a killed run has left and the machine's journal knows nothing of: the machine
  /// has been booted since, say.
  ///
  /// Throws where that is refused: the next trial would find the machine as it should not be.
  static func takeBack(
    _ record: RunRecord, of plan: Plan, _ journal: RunJournal, _ progress: any RunProgress
  ) throws(RunError) {
    let place = whole(record.folder)
    let left = ChangeJournal.ofMachine.leftovers().compactMap { leftover -> String? in
      guard case .operation(let change)? = leftover.change, content(of: change)?.record == place
      else { return nil }
      return change.text
    }
    for trial in plan.trials {
      guard let change = change(trial), record.openChanges.contains(change),
        let operation = trial.work.storage?.operation, let undo = PendingUndo(of: operation)
      else { continue }
      // Tried a moment ago, and told why not.
      guard !left.contains(change) else { throw refused(change, "see above") }
      progress.preparing("taking back the \(change)")
      do throws(OperationFailure) {
        try undo.perform()
      } catch {
        throw refused(change, error.description)
      }
      journal.restored(change)
    }
  }

  private static func refused(_ change: String, _ reason: String) -> RunError {
    RunError(
      .refused,
      [
        "the \(change) was not taken back: \(reason)\n"
          + "  hint: mend what is in the way, or take it back by hand"
      ])
  }

  // MARK: The record

  /// A record that nobody else goes on with meanwhile.
  private struct HeldRecord {
    var record: RunRecord
    /// nil for a run that is done: its record stays as it is.
    var folder: RunFolder?
  }

  /// The record as it stands; nil where there is none any more, or none that could be resumed.
  private static func hold(_ path: String) throws(HostError) -> HeldRecord? {
    guard FileManager.default.fileExists(atPath: path + "/events.jsonl") else { return nil }
    do throws(LedgerError) {
      let record = try RunRecord.read(path, details: .omitted)
      if record.isComplete { return HeldRecord(record: record, folder: nil) }
      let folder = try RunFolder.reopen(path)
      return HeldRecord(record: try RunRecord.read(path, details: .omitted), folder: folder)
    } catch {
      guard error.kind == .io else { return nil }
      throw HostError(path, error.message, remedy: error.hint)
    }
  }

  /// The entry of a trial in the event file; nil where nothing is to be taken back.
  private static func change(_ trial: PlannedTrial) -> String? {
    guard let operation = trial.work.storage?.operation, operation.undo != nil else { return nil }
    return "operation of trial \(trial.id): \(operation.trigger.text)"
  }

  private static func content(of change: OperationChange) -> Content? {
    try? JSONDecoder().decode(Content.self, from: Data(change.undo.utf8))
  }

  /// The same path whoever asks.
  private static func whole(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
}
