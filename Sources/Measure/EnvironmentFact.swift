/// One fact about the machine, under a key that stays the same from run to run.
public struct EnvironmentFact: Hashable, Codable, Sendable {
  /// What a difference between two runs means.
  public enum Class: String, Codable, Sendable {
    /// Tells which machine it is: differs between machines, never on one.
    case identity
    /// A difference makes figures incomparable, unless it is what is being compared.
    case mustMatch
    /// A difference can shift figures and has to be named beside a comparison.
    case shouldMatch
    /// Kept for the reader; differs from run to run.
    case informational
  }

  /// Stable dotted name: `cpu.model`, `kernel.release`.
  public var key: String
  /// The value as text, with its unit where it has one.
  public var value: String
  /// What a difference means.
  public var `class`: Class

  /// States a fact.
  public init(key: String, value: String, class: Class) {
    self.key = key
    self.value = value
    self.`class` = `class`
  }
}
