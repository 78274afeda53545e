/// A storage trial that cannot run.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public var message: String
  /// How to mend it.
  public var hint: String
  /// Whether the cause is a missing permission, device or kernel feature rather than a fault.
  public var isEnvironment: Bool

  /// Describes why.
  public init(_ message: String, hint: String, isEnvironment: Bool = true) {
    self.message = message
    self.hint = hint
    self.isEnvironment = isEnvironment
  }

  /// Message and hint in two lines.
  public var description: String { message + "\n  " + hint }
}
