public import Host

/// What killed runs have left changed on this machine.
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
  public static func undo(in journal: ChangeJournal = .ofMachine) -> [Outcome] {
    journal.leftovers().map { leftover in
      do throws(HostError) {
        return Outcome(leftover: leftover, undone: try leftover.undo(), failure: nil)
      } catch {
        return Outcome(leftover: leftover, undone: nil, failure: error)
      }
    }
  }

  /// The same at the start of a run, which tells of each.
  static func undo(_ progress: any RunProgress) {
    for outcome in undo() { progress.noted("left by a killed run: \(outcome.text)") }
  }
}
