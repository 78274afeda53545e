public import Measure
public import Statistics

/// What a run, or several, say of a metric in the long run: a mean only where there is one.
public enum LongRun: Hashable, Codable, Sendable {
  /// The series settles; its mean after the warm-up.
  case steady(SteadyMean)
  /// The series grows without bound in some run at least: the load is above capacity.
  case saturated(Saturation)
  /// It cannot be told: the run is too short.
  case unsettled(Unsettled)

  /// The mean of a series that settles.
  public struct SteadyMean: Hashable, Codable, Sendable {
    /// The mean after the warm-up, in the metric's unit.
    public var mean: IntervalEstimate
    /// The simulated time that was cut off as warm-up.
    public var warmUp: Nanoseconds
    /// The same as a part of the run.
    public var truncated: Fraction
    /// The batches from which the interval comes; nil if it comes from several runs.
    public var batches: BatchMeans?
  }

  /// A series that grows without bound.
  public struct Saturation: Hashable, Codable, Sendable {
    /// How it grows, on average over the runs that do.
    public var growth: Growth
    /// How many of the runs grow.
    public var growing: Int
    /// How many runs there are.
    public var runs: Int
  }

  /// Why nothing can be said.
  public enum Unsettled: String, Hashable, Codable, Sendable {
    /// Too few values, or one that is not a finite number.
    case tooFewValues
    /// The rule MSER-5 would cut more than half: the series may still be warming up.
    case stillWarmingUp
    /// Neighbouring batches of the longest kind are correlated: no interval from one such run.
    case correlatedBatches
  }

  /// Judges one run: growth first, then warm-up by MSER-5, then the mean by batches.
  ///
  /// Traps unless 0 < confidence < 1. O(n).
  public static func of(_ run: OutputSeries, confidence: Fraction = .percent(95)) -> LongRun {
    guard let growth = Growth(of: run, confidence: confidence) else {
      return .unsettled(.tooFewValues)
    }
    if growth.isUnbounded { return .saturated(Saturation(growth: growth, growing: 1, runs: 1)) }
    guard let start = InitialTransient.truncation(of: run.values) else {
      return .unsettled(run.values.count < 50 ? .tooFewValues : .stillWarmingUp)
    }
    let rest = Array(run.values.suffix(from: start))
    guard let batches = BatchMeans(of: rest, confidence: confidence) else {
      return .unsettled(.tooFewValues)
    }
    guard batches.areLongEnough else { return .unsettled(.correlatedBatches) }
    return .steady(
      SteadyMean(mean: batches.mean, cut: start, of: run, batches: batches))
  }

  /// Judges replications together: one warm-up for all, found on their average, and the mean of
  /// their means.
  ///
  /// MSER-5 on the average of runs is surer than on each (Hoad, Robinson & Davies, Automating
  /// warm-up length estimation, 2010). A single run that grows makes the whole saturated: no mean
  /// describes a system that now and then runs away. One run alone is judged by batches. Traps
  /// unless 0 < confidence < 1 and all have one spacing. O(values).
  public static func of(
    replications runs: [OutputSeries], confidence: Fraction = .percent(95)
  ) -> LongRun {
    if runs.count == 1 { return of(runs[0], confidence: confidence) }
    guard let average = OutputSeries.mean(of: runs),
      let growth = Growth(of: average, confidence: confidence)
    else { return .unsettled(.tooFewValues) }
    let growing = runs.filter { Growth(of: $0, confidence: confidence)?.isUnbounded == true }
    if growth.isUnbounded || !growing.isEmpty {
      let theirs = OutputSeries.mean(of: growing).flatMap { Growth(of: $0, confidence: confidence) }
      return .saturated(
        Saturation(
          growth: growth.isUnbounded ? growth : theirs ?? growth, growing: growing.count,
          runs: runs.count))
    }
    guard let start = InitialTransient.truncation(of: average.values) else {
      return .unsettled(average.values.count < 50 ? .tooFewValues : .stillWarmingUp)
    }
    let means = runs.compactMap { Moments(Array($0.values[start..<average.values.count]))?.mean }
    guard let mean = Moments(means)?.interval(confidence: confidence) else {
      return .unsettled(.tooFewValues)
    }
    return .steady(SteadyMean(mean: mean, cut: start, of: average, batches: nil))
  }
}

extension LongRun.SteadyMean {
  fileprivate init(mean: IntervalEstimate, cut: Int, of run: OutputSeries, batches: BatchMeans?) {
    self.mean = mean
    warmUp = run.spacing * Int64(cut)
    truncated = Fraction(Double(cut) / Double(run.values.count))
    self.batches = batches
  }
}
