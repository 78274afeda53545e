public import Measure
internal import RealModule

/// Why values have no ratio.
public enum RatioProblem: Error, Hashable, Sendable {
  /// There are no values of the reference or of the subject.
  case empty
  /// Pairs were asked for, of different numbers of values.
  case unequalCounts
  /// So many values, or ratios of a pair, are not finite.
  case notFinite(count: Int)
  /// Values that are not above zero have no logarithm: so many are zero, so many below.
  case notPositive(zeros: Int, negatives: Int)
}

/// By which factor a subject differs from its reference.
///
/// The Hodges-Lehmann estimate of the logarithms, so that a factor and its inverse count alike and
/// no single trial decides (R3 of the project's research: Kalibera & Jones, Rigorous Benchmarking
/// in Reasonable Time, 2013, for ratios; ``HodgesLehmann`` for the method).
public struct RatioEffect: Hashable, Codable, Sendable {
  /// Subject over reference: 0.7 for a subject of 70 %.
  public var ratio: Double
  /// The ratio with its interval; nil when there are too few values for the confidence.
  public var interval: IntervalEstimate?
  /// The smallest relative change that this many values, scattered so, would show in four of five
  /// experiments; nil without an interval, which shows none, or with a single value on one side.
  public var smallestDetectable: Fraction?
  /// How many values the reference has.
  public var referenceCount: Int
  /// How many values the subject has.
  public var subjectCount: Int
  /// Whether values were compared pair by pair.
  public var isPaired: Bool

  /// The effect where each value of the subject belongs to the one of the reference at its place.
  ///
  /// Throws `RatioProblem`. O(n log n), and O(n^3) up to 50 pairs; traps unless 0 < confidence < 1.
  public static func paired(
    reference: [Double], subject: [Double], confidence: Fraction
  ) throws(RatioProblem) -> RatioEffect {
    let logs = try logRatios(reference: reference, subject: subject)
    guard let estimate = HodgesLehmann.centerEstimate(of: logs) else { throw .empty }
    let interval = HodgesLehmann.center(of: logs, confidence: confidence)
    return RatioEffect(
      ratio: .exp(estimate), interval: interval?.map(Double.exp),
      smallestDetectable: interval.flatMap { _ in detectable(in: [logs], confidence) },
      referenceCount: reference.count, subjectCount: subject.count, isPaired: true)
  }

  /// The effect between two samples whose values do not belong together.
  ///
  /// Throws `RatioProblem`. O(n log n), and O(n^2 * pairs) at most up to 784 pairs; traps unless
  /// 0 < confidence < 1.
  public static func unpaired(
    reference: [Double], subject: [Double], confidence: Fraction
  ) throws(RatioProblem) -> RatioEffect {
    try check(reference: reference, subject: subject)
    let from = reference.map { Double.log($0) }
    let to = subject.map { Double.log($0) }
    guard let estimate = HodgesLehmann.shiftEstimate(from: from, to: to) else { throw .empty }
    let interval = HodgesLehmann.shift(from: from, to: to, confidence: confidence)
    return RatioEffect(
      ratio: .exp(estimate), interval: interval?.map(Double.exp),
      smallestDetectable: interval.flatMap { _ in detectable(in: [from, to], confidence) },
      referenceCount: reference.count, subjectCount: subject.count, isPaired: false)
  }

  /// Wilcoxon's signed-rank test of pairs against a given ratio.
  ///
  /// `pLess` is of the alternative that the subject is less than `ratio` times its reference.
  /// Throws `RatioProblem`. Traps unless ratio > 0 and finite.
  static func pairedTest(
    reference: [Double], subject: [Double], ratio: Double
  ) throws(RatioProblem) -> RankTest {
    precondition(ratio > 0 && ratio.isFinite, "a ratio to test against is above zero")
    let logs = try logRatios(reference: reference, subject: subject)
    let bound = Double.log(ratio)
    guard let test = WilcoxonSignedRank.test(logs.map { $0 - bound }) else { throw .empty }
    return test
  }

  /// The test of Mann and Whitney of two samples against a given ratio.
  ///
  /// `pLess` is of the alternative that the subject is less than `ratio` times the reference.
  /// Throws `RatioProblem`. Traps unless ratio > 0 and finite.
  public static func unpairedTest(
    reference: [Double], subject: [Double], ratio: Double
  ) throws(RatioProblem) -> RankTest {
    precondition(ratio > 0 && ratio.isFinite, "a ratio to test against is above zero")
    try check(reference: reference, subject: subject)
    // Ranks are those of the logarithms; equal values stay equal so.
    guard let test = MannWhitney.test(subject.map { $0 / ratio }, reference) else { throw .empty }
    return test
  }

  /// The logarithm of each pair's ratio: divided first, so that equal ratios are equal numbers.
  private static func logRatios(
    reference: [Double], subject: [Double]
  ) throws(RatioProblem) -> [Double] {
    guard reference.count == subject.count else { throw .unequalCounts }
    try check(reference: reference, subject: subject)
    let logs = zip(reference, subject).map { Double.log($1 / $0) }
    let notFinite = logs.count { !$0.isFinite }
    guard notFinite == 0 else { throw .notFinite(count: notFinite) }
    return logs
  }

  private static func check(
    reference: [Double], subject: [Double]
  ) throws(RatioProblem) {
    guard !reference.isEmpty, !subject.isEmpty else { throw .empty }
    let all = reference + subject
    let notFinite = all.count { !$0.isFinite }
    guard notFinite == 0 else { throw .notFinite(count: notFinite) }
    let zeros = all.count { $0 == 0 }
    let negatives = all.count { $0 < 0 }
    guard zeros + negatives == 0 else {
      throw .notPositive(zeros: zeros, negatives: negatives)
    }
  }

  /// Normal theory with a power of 80 %, of a two-sided test at the confidence.
  ///
  /// (z(1 - alpha/2) + z(0.8)) standard errors of the mean logarithm, or of the difference of two
  /// (Cohen, Statistical Power Analysis, 2nd ed. 1988, section 2.4; R4 of the project's research).
  /// nil if a sample is of one value, whose spread is not known.
  private static func detectable(in samples: [[Double]], _ confidence: Fraction) -> Fraction? {
    guard samples.allSatisfy({ $0.count > 1 }) else { return nil }
    let squared = samples.reduce(0) { $0 + variance($1) / Double($1.count) }
    let z = Normal.quantile((1 + confidence.value) / 2) + Normal.quantile(0.8)
    return Fraction(.expMinusOne(z * squared.squareRoot()))
  }

  /// The unbiased variance.
  private static func variance(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  }
}
