/// The long text behind a stable code: what was seen, what it means, what to do.
public struct Explanation: Hashable, Codable, Sendable {
  /// What was seen.
  public let seen: String
  /// What it means for the numbers.
  public let meaning: String
  /// What to do about it.
  public let remedy: String

  /// Collects the three parts, each one or a few whole sentences.
  public init(seen: String, meaning: String, remedy: String) {
    self.seen = seen
    self.meaning = meaning
    self.remedy = remedy
  }
}
