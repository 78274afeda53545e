public import Measure
import RealModule

/// How long something took, or how long it was watched without its end being seen.
public struct Lifetime: Hashable, Codable, Sendable {
  /// The time, in whatever unit the caller uses.
  public var time: Double
  /// Whether the end was not seen: a deploy that ran into its timeout took longer than `time`.
  public var isCensored: Bool

  /// States a time.
  public init(_ time: Double, isCensored: Bool = false) {
    self.time = time
    self.isCensored = isCensored
  }
}

/// The share that lasts longer than each time, from times some of which are censored.
///
/// Kaplan & Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958). Timeouts
/// are not dropped, which would make a slow system look fast, and not taken for ends.
public struct KaplanMeier: Hashable, Codable, Sendable {
  /// A time at which something ended.
  public struct Step: Hashable, Codable, Sendable {
    /// The time.
    public var time: Double
    /// How many were watched until then.
    public var atRisk: Int
    /// How many ended.
    public var events: Int
    /// The share that lasts longer.
    public var survival: Fraction
    /// Its variance by Greenwood's formula; 0 where the share is 0.
    public var variance: Double
    /// The lower end of the share's interval.
    public var lower: Fraction
    /// The upper end of the share's interval; where the share is 0, that of the step before.
    public var upper: Fraction
  }

  /// A time by which a given share has ended, as far as it was seen.
  public struct Quantile: Hashable, Codable, Sendable {
    /// The time; nil if fewer ended.
    public var time: Double?
    /// The lower end of its interval; nil if not even that was reached.
    public var lower: Double?
    /// The upper end; nil if it lies beyond what was seen.
    public var upper: Double?
  }

  /// The steps in order of time; before the first the share is 1.
  public let steps: [Step]
  /// How many times there are, censored ones among them.
  public let count: Int
  /// How many of them are censored.
  public let censored: Int
  /// The confidence of all intervals.
  public let level: Fraction

  /// Estimates the shares, with pointwise intervals of log(-log S).
  ///
  /// Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data, 2nd ed. 2002, section
  /// 1.4.1. What is censored at the time of an end was watched until then. nil for no times or one
  /// that is negative or not finite. Traps unless 0 < confidence < 1. O(n log n).
  public init?(_ lifetimes: [Lifetime], confidence: Fraction) {
    precondition(confidence.value > 0 && confidence.value < 1, "a confidence is within 0 and 1")
    guard !lifetimes.isEmpty, lifetimes.allSatisfy({ $0.time.isFinite && $0.time >= 0 }) else {
      return nil
    }
    let z = -Normal.quantile((1 - confidence.value) / 2)
    var steps: [Step] = []
    var survival = 1.0
    var greenwood = 0.0
    for (time, atRisk, events) in Self.deaths(lifetimes) {
      let (risk, ended) = (Double(atRisk), Double(events))
      survival *= 1 - ended / risk
      greenwood += ended / (risk * (risk - ended))
      guard events < atRisk else {
        steps.append(
          Step(
            time: time, atRisk: atRisk, events: events, survival: Fraction(0), variance: 0,
            lower: Fraction(0), upper: steps.last?.upper ?? Fraction(1)))
        break
      }
      let factor = Double.exp(z * greenwood.squareRoot() / Double.log(survival).magnitude)
      steps.append(
        Step(
          time: time, atRisk: atRisk, events: events, survival: Fraction(survival),
          variance: survival * survival * greenwood,
          lower: Fraction(.pow(survival, factor)), upper: Fraction(.pow(survival, 1 / factor))))
    }
    self.steps = steps
    count = lifetimes.count
    censored = lifetimes.count(where: \.isCensored)
    level = confidence
  }

  /// The first time by which at least `share` has ended: the median for one half.
  ///
  /// The interval holds the times at which the share's own interval includes 1 - share (Brookmeyer
  /// & Crowley, A confidence interval for the median survival time, Biometrics 38, 1982). Traps
  /// unless 0 < share < 1. O(steps).
  public func quantile(_ share: Fraction) -> Quantile {
    precondition(share.value > 0 && share.value < 1, "a share is within 0 and 1")
    // A product of quotients may be off by some bits where the share is met exactly.
    let left = 1 - share.value + 1e-12
    return Quantile(
      time: steps.first { $0.survival.value <= left }?.time,
      lower: steps.first { $0.lower.value <= left }?.time,
      upper: steps.first { $0.upper.value <= left }?.time)
  }

  /// The times at which something ended, with how many were watched until then.
  private static func deaths(
    _ lifetimes: [Lifetime]
  ) -> [(time: Double, atRisk: Int, events: Int)] {
    let sorted = lifetimes.sorted { $0.time < $1.time }
    var deaths: [(time: Double, atRisk: Int, events: Int)] = []
    var start = 0
    while start < sorted.count {
      let end = sorted[start...].firstIndex { $0.time > sorted[start].time } ?? sorted.count
      let events = sorted[start..<end].count { !$0.isCensored }
      if events > 0 { deaths.append((sorted[start].time, sorted.count - start, events)) }
      start = end
    }
    return deaths
  }
}

/// The log-rank test: whether two groups last equally long, censored times among them.
///
/// Mantel, Evaluation of survival data and two new rank order statistics (1966); Kalbfleisch &
/// Prentice, section 1.5.
public struct LogRank: Hashable, Codable, Sendable {
  /// How many of the first group ended.
  public var observed: Int
  /// How many would have, were both groups alike.
  public var expected: Double
  /// The variance of their difference.
  public var variance: Double
  /// The squared difference over its variance, χ² of one degree; 0 if the variance is.
  public var statistic: Double
  /// The chance of so large a statistic if both groups are alike.
  public var p: Double

  /// Compares two groups.
  ///
  /// nil if one is empty or a time is negative or not finite. O(n log n).
  public init?(_ first: [Lifetime], _ second: [Lifetime]) {
    let all = first + second
    guard !first.isEmpty, !second.isEmpty,
      all.allSatisfy({ $0.time.isFinite && $0.time >= 0 })
    else { return nil }
    var observed = 0
    var expected = 0.0
    var variance = 0.0
    let sorted =
      (first.map { ($0, true) } + second.map { ($0, false) }).sorted { $0.0.time < $1.0.time }
    var atRisk = (first: first.count, all: all.count)
    var start = 0
    while start < sorted.count {
      let time = sorted[start].0.time
      let end = sorted[start...].firstIndex { $0.0.time > time } ?? sorted.count
      let group = sorted[start..<end]
      let events = Double(group.count { !$0.0.isCensored })
      let share = Double(atRisk.first) / Double(atRisk.all)
      observed += group.count { !$0.0.isCensored && $0.1 }
      expected += events * share
      if atRisk.all > 1 {
        variance +=
          events * share * (1 - share) * (Double(atRisk.all) - events) / Double(atRisk.all - 1)
      }
      atRisk.first -= group.count(where: \.1)
      atRisk.all -= group.count
      start = end
    }
    self.observed = observed
    self.expected = expected
    self.variance = variance
    let difference = Double(observed) - expected
    statistic = variance > 0 ? difference * difference / variance : 0
    p = .erfc((statistic / 2).squareRoot())
  }
}
