/// A record or baseline that cannot be written, read or used.
public struct LedgerError: Error, CustomStringConvertible {
  /// Whether the fault is of the file system, of a file's content, of its use, or of the request.
  public enum Kind: Sendable {
    /// Reading or writing failed.
    case io
    /// What was read is not a whole record.
    case damaged
    /// It is whole, but does not serve what was asked.
    case unfit
    /// What was asked for makes no sense whatever the files hold: a record given twice, say.
    case usage
  }

  /// Which fault it is.
  public var kind: Kind
  /// Path and line, what is wrong.
  public var message: String
  /// How to mend it.
  public var hint: String

  /// Describes a fault.
  public init(_ kind: Kind, _ message: String, hint: String) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  /// Message and hint in two lines.
  public var description: String { message + "\n  hint: " + hint }
}
