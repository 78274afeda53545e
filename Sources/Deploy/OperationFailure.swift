/// Why an operation was not done.
public struct OperationFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public var message: String
  /// How to mend it; nil where there is nothing to advise.
  public var hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  /// Message and hint in one line.
  public var description: String { message + (hint.map { "; \($0)" } ?? "") }
}
