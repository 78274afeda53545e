/// What an online operation changed, on this machine or in what serves it: a disk was attached, a
/// path was cut.
///
/// How it is taken back is known above this module; what that takes is text that is not read here.
public struct OperationChange: Hashable, Codable, Sendable {
  /// How far it has come.
  public enum Stage: String, Codable, Sendable {
    /// It is to be triggered, and has not been.
    case planned
    /// It is triggered: what it changed is there, or is about to be.
    case triggered
    /// It is taken back; only the record does not say so yet.
    case undone
  }

  /// What was done, in words.
  public var text: String
  /// Commands that take it back by hand.
  public var byHand: String
  /// How far it has come.
  public var stage: Stage
  /// What takes it back, as whoever made the entry wrote it; without secrets.
  public var undo: String

  /// Describes an operation that is not triggered yet.
  public init(text: String, byHand: String, undo: String) {
    self.text = text
    self.byHand = byHand
    stage = .planned
    self.undo = undo
  }
}
