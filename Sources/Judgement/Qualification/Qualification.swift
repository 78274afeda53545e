public import Ledger
public import Measure
public import Scenario

/// A record held against a specification: a line a limit and case, and what they say together.
///
/// A pure function of both, of the waivers and of a day; what `assay qualify --json` prints and
/// every report renders.
public struct Qualification: Codable, Hashable, Sendable {
  /// Version of this format.
  public var format = "assay-qualification-1"
  /// What was asked for.
  public var specification: Document
  /// What was held against it.
  public var run: RunHeader
  /// How a number and a limit became a verdict.
  public var decision: DecisionRule
  /// Confidence of the intervals, both sides together.
  public var confidence: Fraction
  /// The run's system for each role of the specification that goes by another name.
  public var roles: [String: String]
  /// The day on which waivers were looked at.
  public var day: String
  /// One line a limit and case, in the specification's order.
  public var lines: [Line]
  /// Every waiver, with what became of it.
  public var waivers: [WaiverUse]
  /// What has to be said before the lines, the gravest first.
  public var caveats: [String]
  /// The whole in a word.
  public var verdict: Verdict

  /// The specification as far as a report names it.
  public struct Document: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its version.
    public var version: String
    /// What it is for.
    public var about: String
    /// Where it comes from.
    public var source: String
    /// SHA-256 of its file in hex.
    public var sha256: String

    /// Names a specification by its content and the hash of its file.
    public init(_ specification: Specification, sha256: String) {
      name = specification.name
      version = specification.version
      about = specification.about
      source = specification.source
      self.sha256 = sha256
    }
  }

  /// One limit in one case.
  public struct Line: Codable, Hashable, Sendable {
    /// The limit's name in the specification.
    public var id: String
    /// What the limit is for.
    public var about: String
    /// Where the limit comes from.
    public var source: String
    /// What became of it.
    public var judgement: LimitJudgement
    /// How far the estimate lies on the good side of the bound, in percent of the bound.
    ///
    /// Negative on the bad side; nil without an estimate, and for a bound of 0.
    public var marginPercent: Double?
    /// Who answers for the failure; the line stays a failure.
    public var waiver: Waiver?
  }

  /// A waiver with what became of it.
  public struct WaiverUse: Codable, Hashable, Sendable {
    /// The waiver.
    public var waiver: Waiver
    /// What became of it.
    public var state: State
    /// The same in a sentence.
    public var message: String

    /// What can become of a waiver.
    public enum State: String, Codable, Sendable {
      /// A failing line is waived by it.
      case used
      /// Its last day is past: it waives nothing.
      case expired
      /// The specification has no such limit, or the run no such system.
      case unknown
      /// Nothing that it is for fails.
      case idle
    }
  }

  /// The whole in a word.
  public enum Verdict: String, CaseIterable, Codable, Sendable {
    /// Every limit of severity fail holds, or is waived.
    case pass
    /// A limit of severity fail does not hold.
    case fail
    /// None is known to be violated, but one cannot be told or was not run.
    case inconclusive
    /// The numbers of a trial that counts here may not be used.
    case invalid
    /// A trial that counts here did not run to its end.
    case failed
  }
}
