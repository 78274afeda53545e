public import Measure

/// Every code that a finding of Assay's own can have.
///
/// The raw value is what records hold, so it never changes; a record may also hold codes that this
/// version does not know. A new case needs its text in `FindingExplanations.swift`.
public enum FindingCode: String, CaseIterable, Sendable {
  // Of the host.
  /// Something about the host spoils figures.
  case hostNotReady = "host-not-ready"
  /// A disk warned, erred or throttled meanwhile.
  case deviceHealth = "device-health"

  // Of a trial's end.
  /// The trial ended before its time.
  case stoppedEarly = "stopped-early"
  /// I/Os failed, and the trial went on.
  case ioErrors = "io-errors"
  /// I/Os took at least the hang bound.
  case hungIOs = "hung-ios"
  /// The measured time saw no completion.
  case nothingMeasured = "nothing-measured"
  /// What the trial needs could not be set up.
  case trialNotRun = "trial-not-run"
  /// The rate is a share of a maximum that was not found.
  case noMaximum = "no-maximum"

  // Of online operations.
  /// The operation was not accepted, or what was expected of it was not seen in time.
  case operationFailed = "operation-failed"
  /// The operation could not be taken back.
  case undoFailed = "undo-failed"
  /// I/O stopped for a while after the operation.
  case outage

  // Of verification.
  /// A block is not what was written.
  case verifyBadBlock = "verify-bad-block"
  /// A block could not be read back.
  case verifyUnreadable = "verify-unreadable"

  // Of load and validity.
  /// The target is slower than the offered rate.
  case rateNotReached = "rate-not-reached"
  /// Some I/Os were issued late.
  case lateIOs = "late-ios"
  /// The rounds never settled.
  case steadyStateNotReached = "steady-state-not-reached"
  /// A burst was followed by a flat limit.
  case rateLimitedPlateau = "rate-limited-plateau"
  /// The kernel counted other bytes than we did.
  case kernelCountDisagrees = "kernel-count-disagrees"
  /// The receiver counted other messages than were sent.
  case receiverCountDisagrees = "receiver-count-disagrees"

  // Of simulations.
  /// The simulated cluster does not keep up with its load.
  case saturated
  /// A simulated trial took all the events that it may.
  case eventBudgetSpent = "event-budget-spent"

  // Of imported records.
  /// Another tool measured this.
  case imported
  /// Somebody published this.
  case published
  /// fio ended the job with an error.
  case fioError = "fio-error"
  /// An imported job completed no I/O.
  case noIO = "no-io"

  // Of comparisons.
  /// A record did not finish its plan.
  case armIncomplete = "incomplete"
  /// A record does not tell its machine.
  case environmentUnknown = "environment-unknown"
  /// Two records are of different machines.
  case otherMachine = "other-machine"
  /// A difference that decides figures was named as meant.
  case despite = "compared-despite"
  /// What can shift figures differs between two records.
  case environmentDiffers = "environment-differs"
  /// A fact of the machine is known on one side only.
  case factUnknown = "fact-unknown"
  /// Two records are of different sessions.
  case otherSession = "other-session"
  /// Figures of different origin stand beside each other.
  case evidenceDiffers = "evidence-differs"
  /// Figures are not of hardware.
  case notHardware = "not-hardware"
  /// Systems of one record did not run in turn.
  case orderSequential = "order-sequential"
  /// Values rise or fall over a record.
  case driftSeen = "drift"
  /// Two cases agree in the middle and not in how their trials scatter.
  case shapeDiffers = "shape-differs"
  /// Trials of a compared case are invalid or failed.
  case trialsLeftOut = "trials-left-out"
  /// A publication leaves out what must be disclosed.
  case undisclosed
  /// So many intervals that some miss their truth.
  case manyIntervals = "many-intervals"
  /// A case has no counterpart.
  case unmatched

  // Of gates.
  /// The baseline has too few sessions for their spread to be known.
  case sessionsNotCovered = "sessions-not-covered"
  /// The run has a case that the baseline has not.
  case caseWithoutBaseline = "case-without-baseline"

  /// What was seen, what it means, what to do.
  public var explanation: Explanation {
    switch self {
    case .hostNotReady: .hostNotReady
    case .deviceHealth: .deviceHealth
    case .stoppedEarly: .stoppedEarly
    case .ioErrors: .ioErrors
    case .hungIOs: .hungIOs
    case .nothingMeasured: .nothingMeasured
    case .trialNotRun: .trialNotRun
    case .noMaximum: .noMaximum
    case .operationFailed: .operationFailed
    case .undoFailed: .undoFailed
    case .outage: .outage
    case .verifyBadBlock: .verifyBadBlock
    case .verifyUnreadable: .verifyUnreadable
    case .rateNotReached: .rateNotReached
    case .lateIOs: .lateIOs
    case .steadyStateNotReached: .steadyStateNotReached
    case .rateLimitedPlateau: .rateLimitedPlateau
    case .kernelCountDisagrees: .kernelCountDisagrees
    case .receiverCountDisagrees: .receiverCountDisagrees
    case .saturated: .saturated
    case .eventBudgetSpent: .eventBudgetSpent
    case .imported: .imported
    case .published: .published
    case .fioError: .fioError
    case .noIO: .noIO
    case .armIncomplete: .armIncomplete
    case .environmentUnknown: .environmentUnknown
    case .otherMachine: .otherMachine
    case .despite: .despite
    case .environmentDiffers: .environmentDiffers
    case .factUnknown: .factUnknown
    case .otherSession: .otherSession
    case .evidenceDiffers: .evidenceDiffers
    case .notHardware: .notHardware
    case .orderSequential: .orderSequential
    case .driftSeen: .driftSeen
    case .shapeDiffers: .shapeDiffers
    case .trialsLeftOut: .trialsLeftOut
    case .undisclosed: .undisclosed
    case .manyIntervals: .manyIntervals
    case .unmatched: .unmatched
    case .sessionsNotCovered: .sessionsNotCovered
    case .caseWithoutBaseline: .caseWithoutBaseline
    }
  }
}
