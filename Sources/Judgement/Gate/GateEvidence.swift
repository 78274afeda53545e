internal import Measure
internal import RealModule
internal import Statistics

/// What a baseline's values and a run's say of the ratio between them.
struct GateEvidence {
  /// The run by the baseline.
  var ratio: Double
  /// The ratio with the interval whose ends are one-sided bounds of the rule's confidence.
  var interval: IntervalEstimate?
  /// p of "the loss is within the tolerance": small says that it is not.
  var pWithin: Double
  /// p of "the loss is beyond the tolerance": small says that it is not.
  var pBeyond: Double
  /// The smallest p that so many values can give at all.
  var smallestP: Double
  /// The true loss that would be failed in four of five runs, one row taken by itself.
  var smallestDetectable: Fraction?

  /// Weighs `subject`, the values of the run's trials, against the baseline's.
  ///
  /// Throws `RatioProblem` where there is no ratio.
  init(
    _ baseline: Replicates, _ subject: [Double], _ direction: MetricDefinition.Direction,
    _ rules: ComparisonRules
  ) throws(RatioProblem) {
    self =
      baseline.unit == .trial
      ? try Self.ofTrials(baseline.values, subject, direction, rules)
      : try Self.ofGroups(baseline, subject, direction, rules)
  }

  private init(
    ratio: Double, interval: IntervalEstimate?, pLess: Double, pGreater: Double,
    smallestP: Double, change: Double?, _ direction: MetricDefinition.Direction,
    _ rules: ComparisonRules
  ) {
    self.ratio = ratio
    self.interval = interval
    (pWithin, pBeyond) = direction == .higher ? (pLess, pGreater) : (pGreater, pLess)
    self.smallestP = smallestP
    // On top of the tolerance, as a loss: 1 - 0.95 / 1.03, or 1.05 x 1.03 - 1.
    let bound = rules.worst(direction)
    smallestDetectable = change.map {
      Fraction(direction == .higher ? 1 - bound / .exp($0) : bound * .exp($0) - 1)
    }
  }

  /// Both sides' trials by ranks: the spread from session to session is in neither.
  ///
  /// Mann & Whitney's test of the trials against the bound, and Hodges and Lehmann's interval.
  private static func ofTrials(
    _ baseline: [Double], _ subject: [Double], _ direction: MetricDefinition.Direction,
    _ rules: ComparisonRules
  ) throws(RatioProblem) -> GateEvidence {
    let test = try RatioEffect.unpairedTest(
      reference: baseline, subject: subject, ratio: rules.worst(direction))
    let effect = try RatioEffect.unpaired(
      reference: baseline, subject: subject, confidence: twoSided(rules.confidence))
    return GateEvidence(
      ratio: effect.ratio, interval: effect.interval, pLess: test.pLess, pGreater: test.pGreater,
      smallestP: smallest(baseline.count, subject.count),
      change: effect.smallestDetectable.map { .log(onePlus: $0.value) }, direction, rules)
  }

  /// One more session, or machine, against those of the baseline.
  ///
  /// Its logarithm lies off their mean by s sqrt(1 + 1/k) times Student's t with k - 1 degrees of
  /// freedom where it is one like them (prediction of one further value; Hahn & Meeker, Statistical
  /// Intervals, 1991, section 4.8). A run of fewer trials than theirs scatters more: its share of the
  /// variance is taken as that of theirs by the ratio of the numbers, which is never too little.
  private static func ofGroups(
    _ baseline: Replicates, _ subject: [Double], _ direction: MetricDefinition.Direction,
    _ rules: ComparisonRules
  ) throws(RatioProblem) -> GateEvidence {
    let count = Double(baseline.values.count)
    guard let median = Median.of(subject), count > 1 else { throw .empty }
    let all = baseline.values + [median]
    guard all.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .notPositive(zeros: all.count { $0 == 0 }, negatives: all.count { $0 < 0 })
    }
    let logs = baseline.values.map { Double.log($0) }
    let mean = logs.reduce(0, +) / count
    let variance = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let thinner = max(1, baseline.trialsEach / Double(subject.count))
    let error = (max(variance, resolution * resolution) * (thinner + 1 / count)).squareRoot()
    let shift = .log(median) - mean
    let off = (shift - .log(rules.worst(direction))) / error
    let reach = StudentT.quantile(rules.confidence.value, degrees: count - 1)
    let interval = IntervalEstimate(
      value: shift, lower: shift - reach * error, upper: shift + reach * error,
      level: twoSided(rules.confidence), count: baseline.values.count + 1)
    let power = StudentT.quantile(0.8, degrees: count - 1)
    return GateEvidence(
      ratio: .exp(shift), interval: interval.map { .exp($0) },
      pLess: StudentT.cumulative(off, degrees: count - 1),
      pGreater: StudentT.cumulative(-off, degrees: count - 1), smallestP: 0,
      change: (reach + power) * error, direction, rules)
  }

  /// Sessions that agree to the digit do so because a histogram rounds: the error of a value in a
  /// bucket of width 1/64 is that over the root of 12.
  private static let resolution = 0.0045

  /// The two-sided confidence of an interval whose ends are one-sided bounds of this one.
  private static func twoSided(_ confidence: Fraction) -> Fraction {
    Fraction(2 * confidence.value - 1)
  }

  /// One by the number of ways to choose the run's trials of all: all of them beyond all others.
  private static func smallest(_ one: Int, _ other: Int) -> Double {
    (1...max(other, 1)).reduce(1.0) { $0 * Double($1) / Double(one + $1) }
  }
}
