/// Whether a subject is the same as its reference within a tolerance: two one-sided tests.
///
/// Equivalence is what has to be shown, so few or scattered values never show it. Schuirmann, A
/// Comparison of the Two One-Sided Tests Procedure and the Power Approach, J. Pharmacokinetics and
/// Biopharmaceutics 15 (1987); by rank tests of the logarithms as in Hauschke, Steinijans &
/// Diletti, Int. J. Clinical Pharmacology 28 (1990).
public struct RatioEquivalence: Hashable, Codable, Sendable {
  /// The least ratio, subject over reference, that still counts as the same.
  public var lower: Double
  /// The largest one.
  public var upper: Double
  /// The test against `lower`; its `pGreater` is of the alternative that the ratio lies above.
  public var againstLower: RankTest
  /// The test against `upper`; its `pLess` is of the alternative that the ratio lies below.
  public var againstUpper: RankTest

  /// The p value of the alternative that the ratio lies within the tolerance.
  ///
  /// The larger of the two: no correction is needed, as both must hold (Berger & Hsu,
  /// Bioequivalence Trials, Intersection-Union Tests, Statistical Science 11, 1996, section 4).
  public var p: Double { max(againstLower.pGreater, againstUpper.pLess) }

  /// Tests pairs for a ratio within `tolerance`, such as 0.95...1.05.
  ///
  /// Throws `RatioProblem`. Traps unless the tolerance is above zero and finite.
  public static func paired(
    reference: [Double], subject: [Double], within tolerance: ClosedRange<Double>
  ) throws(RatioProblem) -> RatioEquivalence {
    RatioEquivalence(
      lower: tolerance.lowerBound, upper: tolerance.upperBound,
      againstLower: try RatioEffect.pairedTest(
        reference: reference, subject: subject, ratio: tolerance.lowerBound),
      againstUpper: try RatioEffect.pairedTest(
        reference: reference, subject: subject, ratio: tolerance.upperBound))
  }

  /// The same for two samples whose values do not belong together.
  public static func unpaired(
    reference: [Double], subject: [Double], within tolerance: ClosedRange<Double>
  ) throws(RatioProblem) -> RatioEquivalence {
    RatioEquivalence(
      lower: tolerance.lowerBound, upper: tolerance.upperBound,
      againstLower: try RatioEffect.unpairedTest(
        reference: reference, subject: subject, ratio: tolerance.lowerBound),
      againstUpper: try RatioEffect.unpairedTest(
        reference: reference, subject: subject, ratio: tolerance.upperBound))
  }
}
