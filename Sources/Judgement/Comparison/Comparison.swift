public import Ledger
public import Measure

/// What a comparison found: who was compared, whether that is fair, and each row.
///
/// A pure function of records; what `assay compare --json` prints and every report renders.
public struct Comparison: Codable, Hashable, Sendable {
  /// Version of this format.
  public var format = "assay-comparison-1"
  /// Confidence of the intervals, both sides together.
  public var confidence: Fraction
  /// The relative difference that does not matter: 0.05 is 5 %.
  public var tolerance: Fraction
  /// Who was compared; the first is the reference.
  public var arms: [Arm]
  /// Where the machines, the disclosure or the origin of an arm differ from the reference's.
  public var differences: [Difference]
  /// What has to be said before the rows, the gravest first.
  public var caveats: [Finding]
  /// One row an arm (but the reference), case and metric: arms in order, cases in order of their
  /// first trial, metrics in the catalogue's order.
  public var rows: [ComparisonRow]
  /// Cases of one arm that the other has not.
  public var unmatched: [Unmatched]

  /// One side of a comparison.
  public struct Arm: Codable, Hashable, Sendable {
    /// What reports call it.
    public var label: String
    /// The record's folder or the baseline's file.
    public var source: String
    /// Name of the record or baseline.
    public var id: String
    /// The one system that it is about; nil is every system of the record.
    public var system: String?
    /// When it was measured, UTC.
    public var startedAt: String
    /// Where its numbers come from.
    public var evidence: RunHeader.Evidence
    /// Why its figures are not hardware figures; else nil.
    public var notHardware: String?
  }

  /// One fact in which an arm is not as the reference.
  public struct Difference: Codable, Hashable, Sendable {
    /// The arm's place in ``Comparison/arms``.
    public var arm: Int
    /// The fact's key, as in `environment.json`; of disclosure `disclosure.NAME`.
    public var key: String
    /// The reference's value; nil where it does not tell.
    public var reference: String?
    /// The arm's value; nil where it does not tell.
    public var subject: String?
    /// What the difference means.
    public var `class`: EnvironmentFact.Class
    /// Whether it is what is being compared, by `--despite`.
    public var isMeant: Bool
  }

  /// A case of one arm without a counterpart.
  public struct Unmatched: Codable, Hashable, Sendable {
    /// The arm that has it.
    public var arm: Int
    /// The case.
    public var key: CaseKey
  }
}
