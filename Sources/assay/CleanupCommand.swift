import ArgumentParser
import Glibc
import Host
import Measure
import Run

/// `assay cleanup`.
struct CleanupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cleanup",
    abstract: "Undo what runs have left changed on this machine: killed, or unable to undo it.",
    discussion: """
      Connections, virtual functions, settings and online operations are written down before \
      they are changed, in /run/assay/changes, or for others than root below $XDG_RUNTIME_DIR or \
      /tmp. What is of a run that still goes on, or was changed by somebody else since, is left \
      alone. `assay run` does the same at its start. What cannot be undone stays written down, \
      and the exit code is 69. The undo of an operation is called as the run would have: where \
      it takes a token from a variable of the environment, set that.
      """)

  @Flag(help: "Only list what would be undone.")
  var dryRun = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  private struct Row: Encodable {
    enum Outcome: String, Encodable {
      case left, undone
      case notNeeded = "not-needed"
      case failed
    }

    var entry: String
    var change: Change?
    var owner: ChangeOwner?
    var outcome: Outcome
    var detail: String
    var byHand: String
  }

  func run() throws {
    let rows =
      dryRun
      ? ChangeJournal.ofMachine.leftovers().map { Self.row($0, .left, $0.text) }
      : Leftovers.undo().map(Self.row)
    if json {
      try Output.json(rows)
    } else {
      for row in rows { Output.result("\(row.outcome.rawValue): \(row.detail)") }
    }
    if rows.isEmpty { Output.note("nothing is left") }
    let rest = geteuid() == 0 ? 0 : ChangeJournal.ofRoot.leftovers().count
    if rest > 0 { Output.note("root's runs left \(counted(rest, "change")): sudo assay cleanup") }
    let failed = rows.count { $0.outcome == .failed }
    guard failed == 0 else {
      throw Output.fail(
        ["\(failed) of \(counted(rows.count, "change")) could not be undone"], .unavailable)
    }
  }

  private static func row(_ outcome: Leftovers.Outcome) -> Row {
    let kind: Row.Outcome =
      switch outcome.undone {
      case .undone: .undone
      case .notNeeded: .notNeeded
      case nil: .failed
      }
    return row(outcome.leftover, kind, outcome.text)
  }

  private static func row(_ leftover: Leftover, _ outcome: Row.Outcome, _ detail: String) -> Row {
    Row(
      entry: leftover.path, change: leftover.change, owner: leftover.owner, outcome: outcome,
      detail: detail, byHand: leftover.byHand)
  }
}
