public import Host

/// What runs that are over have left changed on this machine, being killed or unable to undo it.
public enum Leftovers {
  /// What became of one change.
  public struct Outcome: Sendable {
    /// The change and who left it.
    public var leftover: Leftover
    /// What was done; nil where it could not be undone.
    public var undone: UndoneChange?
    /// Why it could not be undone, and what mends it; nil where it could.
    public var failure: HostError?

    /// What was left and what became of it, in words.
    public var text: String {
      let end =
        undone?.text ?? "not undone: \(failure?.description ?? ""); by hand: "
        + leftover.byHand
      return "\(leftover.text): \(end)"
    }
  }

  /// Undoes them all, the newest first; what cannot be undone keeps its entry in the journal.
  ///
  /// `willUndo` is told of each before it is waited for.
  public static func undo(
    in journal: ChangeJournal = .ofMachine, willUndo: (Leftover) -> Void = { _ in }
  ) -> [Outcome] {
    journal.leftovers().map { leftover in
      willUndo(leftover)
      do throws(HostError) {
        let undone = try leftover.undo(operation: OperationJournal.undo)
        return Outcome(leftover: leftover, undone: undone, failure: nil)
      } catch {
        return Outcome(leftover: leftover, undone: nil, failure: error)
      }
    }
  }

  /// The same at the start of a run, which tells of each.
  static func undo(_ progress: any RunProgress) {
    let outcomes = undo { progress.preparing("undoing \($0.text)") }
    for outcome in outcomes { progress.noted("left by an earlier run: \(outcome.text)") }
  }
}
