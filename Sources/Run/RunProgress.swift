public import Ledger
public import Measure
public import Scenario
public import Storage

/// Follows a run while it goes on; called from the thread that runs it.
public protocol RunProgress {
  /// The plan is known; `skipped` trials are already in the record.
  func runBegins(plan: Plan, skipped: Int, folder: String)
  /// Something is done that is not measured: `making /var/tmp/x.dat, 1 GiB`.
  func preparing(_ what: String)
  /// Something happened that the user should know of: a change of a killed run was undone.
  func noted(_ what: String)
  /// A trial begins; `remaining` is the known time of it and of all that follow.
  func trialBegins(_ trial: PlannedTrial, number: Int, of total: Int, remaining: Nanoseconds)
  /// A second of the trial has passed.
  func secondPassed(_ second: StorageSecond, of trial: PlannedTrial)
  /// A second of a trial of messages has passed.
  func messagesPassed(_ messages: UInt64, of trial: PlannedTrial)
  /// So much time has been simulated in the trial.
  func simulated(_ time: Nanoseconds, of trial: PlannedTrial)
  /// What the trial does now: `round 3 of at most 25, range 31 % > 20 %`, `verifying`.
  func phaseChanged(_ phase: String)
  /// A trial ended.
  func trialEnded(_ record: TrialRecord, number: Int, of total: Int)
  /// Whether the user wants to stop.
  func isInterrupted() -> Bool
}
