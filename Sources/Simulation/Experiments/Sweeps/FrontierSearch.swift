public import Measure
internal import RealModule
public import Statistics

/// The search for the smallest, or the largest, value of a parameter that keeps a metric within a
/// limit.
///
/// "The smallest in-flight limit that keeps p99 below 1 s." The metric must be monotone in the
/// parameter: bisection asks at few of the candidates. Each answer is judged by an interval, at
/// planned looks of ever more replications, and all answers hold together with the confidence
/// asked for: its complement is shared among the points that can be asked (Bonferroni) and, at a
/// point, among the looks (``PlannedLooks``).
public struct FrontierSearch: Hashable, Codable, Sendable {
  /// Which of the candidates that keep the limit is wanted.
  public enum Wanted: String, Hashable, Codable, Sendable {
    /// The smallest: the metric gets better as the parameter grows.
    case smallest
    /// The largest: the metric gets worse as the parameter grows.
    case largest
  }

  /// What the metric, on average over replications, must keep to.
  public enum Limit: Hashable, Codable, Sendable {
    /// At most this much, in the metric's unit.
    case atMost(Double)
    /// At least this much, in the metric's unit.
    case atLeast(Double)
  }

  /// The values of the parameter that come into question, ascending.
  public let candidates: [Double]
  /// Which of them is wanted.
  public let wanted: Wanted
  /// What the metric must keep to.
  public let limit: Limit
  /// That of all answers together.
  public let confidence: Fraction
  /// The replications of each look at a point.
  public let replicationsALook: Int
  /// The most looks at a point.
  public let looks: Int
  /// The most replications in all.
  public let budget: Int
  /// The confidence of each interval, so that all hold together.
  let confidenceALook: Fraction

  /// Plans a search.
  ///
  /// Traps unless candidates are finite and ascend, 0.5 <= confidence <= 0.999, there are 1 to 20
  /// looks of 5 replications at least, and the budget pays for one look.
  public init(
    candidates: [Double], wanted: Wanted = .smallest, limit: Limit,
    confidence: Fraction = .percent(95), replicationsALook: Int = 10, looks: Int = 5, budget: Int
  ) {
    precondition(!candidates.isEmpty, "a search has candidates")
    precondition(candidates.allSatisfy(\.isFinite), "candidates are finite")
    precondition(zip(candidates, candidates.dropFirst()).allSatisfy(<), "candidates ascend")
    precondition(0.5...0.999 ~= confidence.value, "a confidence is within 0.5 and 0.999")
    precondition(1...20 ~= looks && replicationsALook >= 5, "1 to 20 looks of 5 replications")
    precondition(budget >= replicationsALook, "the budget pays for one look")
    self.candidates = candidates
    self.wanted = wanted
    self.limit = limit
    self.confidence = confidence
    self.replicationsALook = replicationsALook
    self.looks = looks
    self.budget = budget
    // Both ends, and as many steps of bisection on either side of a point that stays undecided.
    let points = 2 + 2 * Double.log2(Double(candidates.count)).rounded(.up)
    let alpha = Fraction((1 - confidence.value) / points)
    confidenceALook = Fraction(1 - PlannedLooks.pocock(looks: looks, alpha: alpha).value)
  }

  /// Judges the values so far at a point; infinite ones are replications that saturated.
  ///
  /// A mean over runs of which one grew without bound is infinite: such a point never keeps a
  /// limit from above. It breaks it when the median, whose interval stays finite or not with its
  /// values, does.
  func judge(_ values: [Double]) -> (verdict: Frontier.Verdict, interval: IntervalEstimate?) {
    guard !values.contains(where: \.isNaN) else { return (.undecided, nil) }
    if let interval = Moments(values)?.interval(confidence: confidenceALook) {
      switch limit {
      case .atMost(let limit):
        let verdict: Frontier.Verdict =
          interval.upper <= limit ? .keeps : interval.lower > limit ? .breaks : .undecided
        return (verdict, interval)
      case .atLeast(let limit):
        let verdict: Frontier.Verdict =
          interval.lower >= limit ? .keeps : interval.upper < limit ? .breaks : .undecided
        return (verdict, interval)
      }
    }
    guard let median = OrderStatisticInterval(medianOf: values, confidence: confidenceALook) else {
      return (.undecided, nil)
    }
    let isBroken =
      switch limit {
      case .atMost(let limit): median.lower > limit
      case .atLeast(let limit): median.upper < limit
      }
    return (isBroken ? .breaks : .undecided, nil)
  }
}

/// What a search found, and all that it asked.
public struct Frontier: Hashable, Codable, Sendable {
  /// Whether a point keeps the limit, by its interval.
  public enum Verdict: String, Hashable, Codable, Sendable {
    /// The whole interval keeps it.
    case keeps
    /// No part of the interval keeps it.
    case breaks
    /// The interval holds the limit still.
    case undecided
  }

  /// A point that was asked.
  public struct Point: Hashable, Codable, Sendable {
    /// The parameter's value.
    public var candidate: Double
    /// The verdict at the last look.
    public var verdict: Verdict
    /// The mean of the metric at the last look; nil if a replication saturated.
    public var interval: IntervalEstimate?
    /// How many replications saturated: the metric was infinite.
    public var saturated: Int
    /// How many replications there were.
    public var replications: Int
  }

  /// The answer, of three values.
  public enum Answer: Hashable, Codable, Sendable {
    /// This candidate keeps the limit, and its neighbour, the first in the direction of the search,
    /// breaks it.
    case found(Double, breaking: Double)
    /// Every candidate keeps the limit, so the answer lies beyond them.
    case everyCandidateKeeps
    /// No candidate keeps the limit, so the answer lies beyond them.
    case noCandidateKeeps
    /// It lies between the candidates that certainly break and certainly keep the limit; nil for
    /// one that was not found.
    case undecided(breaking: Double?, keeping: Double?, because: Doubt)
  }

  /// Why there is no answer.
  public enum Doubt: String, Hashable, Codable, Sendable {
    /// The metric lies too near the limit there for the replications of a point.
    case tooNear
    /// The replications allowed in all are spent.
    case budgetSpent
  }

  /// The answer.
  public var answer: Answer
  /// What was asked, in order.
  public var points: [Point]
  /// The confidence of all answers together.
  public var confidence: Fraction

  /// How many replications were run.
  public var replications: Int { points.reduce(0) { $0 + $1.replications } }
}

extension Replications {
  /// Runs a search; `metric` runs one replication with the parameter at a value.
  ///
  /// Points share the seeds of their replications, so that neighbours differ by the parameter and
  /// not by chance. A replication that saturates returns `.infinity` (or `-.infinity` where the
  /// limit is from below). A candidate on the limit is never decided: the budget bounds that.
  /// Throws as ``run(_:progress:body:)``.
  public func search(
    _ search: FrontierSearch, metric: @escaping @Sendable (Double, Replication) throws -> Double
  ) async throws -> Frontier {
    var bracket = FrontierBracket(search)
    while let place = bracket.next() {
      let candidate = search.candidates[place]
      var values: [Double] = []
      var judged: (verdict: Frontier.Verdict, interval: IntervalEstimate?) = (.undecided, nil)
      for look in 0..<search.looks where judged.verdict == .undecided {
        guard bracket.spent + values.count + search.replicationsALook <= search.budget else {
          bracket.isBudgetSpent = true
          break
        }
        let start = look * search.replicationsALook
        values += try await run(start..<(start + search.replicationsALook)) {
          try metric(candidate, $0)
        }
        judged = search.judge(values)
      }
      guard !values.isEmpty else { break }
      bracket.add(
        Frontier.Point(
          candidate: candidate, verdict: judged.verdict, interval: judged.interval,
          saturated: values.count { $0.isInfinite }, replications: values.count), at: place)
    }
    return bracket.frontier
  }
}

/// Where the frontier can still be, in the order of the search: those that break come first.
private struct FrontierBracket {
  let search: FrontierSearch
  var isBudgetSpent = false
  private(set) var spent = 0
  private var points: [Frontier.Point] = []
  /// The last place that breaks and the first that keeps; one before and one behind all at first.
  private var breaking = -1
  private var keeping: Int
  /// The places that were asked in vain.
  private var vain: [Int] = []

  init(_ search: FrontierSearch) {
    self.search = search
    keeping = search.candidates.count
  }

  /// Places run in the order of the search, candidates ascend.
  private func index(_ place: Int) -> Int {
    search.wanted == .smallest ? place : search.candidates.count - 1 - place
  }

  /// What lies between, from the first to the last place that was asked in vain there.
  private var undecided: ClosedRange<Int>? {
    let between = vain.filter { breaking < $0 && $0 < keeping }
    guard let first = between.min(), let last = between.max() else { return nil }
    return first...last
  }

  /// The index of the candidate to ask next: the ends, then the middle of what is left on either
  /// side of those that stayed undecided; nil when all is known that can be.
  func next() -> Int? {
    guard !isBudgetSpent else { return nil }
    let last = search.candidates.count - 1
    if points.isEmpty { return index(last) }
    if points.count == 1, last > 0, breaking < 0 { return index(0) }
    let gaps =
      undecided.map { [(breaking, $0.lowerBound), ($0.upperBound, keeping)] }
      ?? [(breaking, keeping)]
    for (low, high) in gaps where high - low > 1 { return index((low + high) / 2) }
    return nil
  }

  mutating func add(_ point: Frontier.Point, at index: Int) {
    let place = self.index(index)
    points.append(point)
    spent += point.replications
    switch point.verdict {
    case .breaks: breaking = place
    case .keeps: keeping = place
    case .undecided: vain.append(place)
    }
  }

  var frontier: Frontier {
    Frontier(answer: answer, points: points, confidence: search.confidence)
  }

  private var answer: Frontier.Answer {
    let last = search.candidates.count
    if breaking == last - 1 { return .noCandidateKeeps }
    if keeping == 0 { return .everyCandidateKeeps }
    let broken = breaking >= 0 ? search.candidates[index(breaking)] : nil
    let kept = keeping < last ? search.candidates[index(keeping)] : nil
    if keeping - breaking == 1, let broken, let kept { return .found(kept, breaking: broken) }
    return .undecided(
      breaking: broken, keeping: kept, because: isBudgetSpent ? .budgetSpent : .tooNear)
  }
}
