/// Why a calibration cannot begin or go on: what, where, and how to mend it.
public struct CalibrationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of fault it is, which decides the exit code.
  public enum Kind: Hashable, Sendable {
    /// An option has a value that is out of range or unknown.
    case usage
    /// A program, port or permission is missing.
    case unavailable
    /// A file could not be read or written.
    case io
    /// A file is not what it should be.
    case data
    /// What is measured failed in the middle.
    case failed
    /// The user asked to stop.
    case interrupted
  }

  /// What kind of fault it is.
  public let kind: Kind
  /// What is wrong, and where.
  public let problem: String
  /// What the user can do; nil when there is nothing to advise.
  public let hint: String?

  /// Makes an error.
  public init(_ kind: Kind, _ problem: String, hint: String? = nil) {
    self.kind = kind
    self.problem = problem
    self.hint = hint
  }

  /// The problem, and below it the hint.
  public var description: String { problem + (hint.map { "\n  hint: \($0)" } ?? "") }

  /// What a stop signal ends in.
  static let interrupted = CalibrationError(.interrupted, "stopped; nothing is left behind")
}
