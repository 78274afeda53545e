public import Measure

/// What the limits came to at a planned look, as the event file holds it.
public struct LookRecord: Codable, Hashable, Sendable {
  /// Which look, from 1.
  public var number: Int
  /// How many there are at most.
  public var most: Int
  /// The confidence of each judgement at it.
  public var confidence: Fraction
  /// How many trials of the design had ended.
  public var trials: Int
  /// How long the run had taken.
  public var tookNs: Nanoseconds
  /// What each limit that can fail the run came to.
  public var limits: [Decision]
  /// Why no further look follows; nil where one does.
  public var end: End?

  /// What one limit came to in one case.
  public struct Decision: Codable, Hashable, Sendable {
    /// The limit as it stands in the scenario.
    public var limit: String
    /// The case; nil where it is about none.
    public var key: CaseKey?
    /// The verdict's word in records.
    public var verdict: String
    /// Whether more trials cannot be asked to change it.
    public var isDecided: Bool

    /// States what a limit came to.
    public init(limit: String, key: CaseKey?, verdict: String, isDecided: Bool) {
      self.limit = limit
      self.key = key
      self.verdict = verdict
      self.isDecided = isDecided
    }
  }

  /// Why a run ends at a look.
  public enum End: String, Codable, Sendable {
    /// Every limit that can fail the run is decided.
    case decided
    /// The next look would not fit into the budget.
    case budget
    /// It was the last look planned.
    case last
  }

  /// States what was seen at a look.
  public init(
    number: Int, most: Int, confidence: Fraction, trials: Int, tookNs: Nanoseconds,
    limits: [Decision], end: End?
  ) {
    self.number = number
    self.most = most
    self.confidence = confidence
    self.trials = trials
    self.tookNs = tookNs
    self.limits = limits
    self.end = end
  }
}
