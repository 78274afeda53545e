/// A run that cannot start or go on, with the exit code that says which kind of reason it is.
public struct RunError: Error, Sendable, CustomStringConvertible {
  /// Why a run ends.
  public enum Kind: Sendable {
    /// The machine or a target is not as the scenario needs it, or safety forbids it.
    case refused
    /// A device, tool or permission is missing.
    case unavailable
    /// Writing the record failed.
    case io
    /// What was given is not right: a record that cannot be resumed, say.
    case data
    /// What was asked for makes no sense with this scenario.
    case usage
  }

  /// Which kind.
  public var kind: Kind
  /// What is wrong, one entry each.
  public var messages: [String]

  /// Describes why.
  public init(_ kind: Kind, _ messages: [String]) {
    self.kind = kind
    self.messages = messages
  }

  /// All messages.
  public var description: String { messages.joined(separator: "\n") }
}
