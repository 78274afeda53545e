public import Measure

/// What a thing must keep to be accepted, apart from any run: limits with their sources.
public struct Specification: Hashable, Sendable {
  /// Its name: a-z, 0-9 and hyphens.
  public var name: String
  /// Its version, as its author counts.
  public var version: String
  /// What it is for, in the author's words.
  public var about: String
  /// Where it comes from.
  public var source: String
  /// How a number and a limit become a verdict; nil leaves it to the reader.
  public var decision: String?
  /// Confidence of the intervals.
  public var confidence: Fraction
  /// What must hold, in the file's order.
  public var limits: [Entry]

  /// One limit.
  public struct Entry: Hashable, Sendable {
    /// Its name within the specification.
    public var id: String
    /// The limit; after binding, with the run's names.
    public var limit: Limit
    /// What it is for.
    public var about: String
    /// Where it comes from, if not from where the specification does.
    public var source: String
  }
}

/// A known failure that somebody answers for until a day.
public struct Waiver: Hashable, Codable, Sendable {
  /// The id of the limit.
  public var limit: String
  /// The system it is for; nil is every system.
  public var system: String?
  /// Who answers for it.
  public var who: String
  /// Why the failure is borne.
  public var why: String
  /// The last day on which it holds, `2027-01-31`.
  public var until: String
  /// Where it stands: `waivers.yaml:3`.
  public var place: String

  /// States a waiver.
  public init(
    limit: String, system: String? = nil, who: String, why: String, until: String, place: String
  ) {
    self.limit = limit
    self.system = system
    self.who = who
    self.why = why
    self.until = until
    self.place = place
  }
}
