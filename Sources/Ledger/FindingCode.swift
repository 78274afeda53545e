public import Measure

/// Every code that a finding of Assay's own can have.
///
/// The raw value is what records hold, so it never changes; a record may also hold codes that this
/// version does not know. A new case needs its text in `FindingExplanations.swift`.
public enum FindingCode: String, CaseIterable, Sendable {
  // Of the host.
  /// Something about the host spoils figures.
  case hostNotReady = "host-not-ready"

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

  // Of imported records.
  /// Another tool measured this.
  case imported
  /// Somebody published this.
  case published
  /// fio ended the job with an error.
  case fioError = "fio-error"
  /// An imported job completed no I/O.
  case noIO = "no-io"

  /// What was seen, what it means, what to do.
  public var explanation: Explanation {
    switch self {
    case .hostNotReady: .hostNotReady
    case .stoppedEarly: .stoppedEarly
    case .ioErrors: .ioErrors
    case .hungIOs: .hungIOs
    case .nothingMeasured: .nothingMeasured
    case .trialNotRun: .trialNotRun
    case .noMaximum: .noMaximum
    case .verifyBadBlock: .verifyBadBlock
    case .verifyUnreadable: .verifyUnreadable
    case .rateNotReached: .rateNotReached
    case .lateIOs: .lateIOs
    case .steadyStateNotReached: .steadyStateNotReached
    case .rateLimitedPlateau: .rateLimitedPlateau
    case .kernelCountDisagrees: .kernelCountDisagrees
    case .imported: .imported
    case .published: .published
    case .fioError: .fioError
    case .noIO: .noIO
    }
  }
}
