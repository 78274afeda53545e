public import Measure

/// An interval of any statistic of several runs, by drawing runs, and values in them, anew.
///
/// What is drawn first is whole runs, with replacement, for the runs differ by more than the values
/// within one tell; then, in each, blocks of neighbouring values, for neighbours resemble each
/// other (Davison & Hinkley, Bootstrap Methods and their Application, 1997, section 3.8; Künsch,
/// The jackknife and the bootstrap for general stationary observations, 1989). For statistics which
/// have no interval of their own, such as the 99.9th percentile of merged latencies.
public struct HierarchicalBootstrap: Sendable {
  /// How the ends are taken from the statistics of what was drawn.
  public enum Method: String, Hashable, Codable, Sendable {
    /// Their quantiles: right for few runs.
    case percentile
    /// Their quantiles, corrected for bias and for a spread that changes with the value: better
    /// from about 20 runs on (Efron, Better bootstrap confidence intervals, 1987).
    case bca
  }

  /// How many values a block has; 1 where neighbours are independent.
  public var blockLength: Int
  /// How often is drawn.
  public var resamples: Int
  /// What all draws derive from: same seed, same interval.
  public var seed: UInt64
  /// How the ends are taken.
  public var method: Method

  /// Plans a bootstrap; traps unless there are blocks and draws.
  public init(
    blockLength: Int = 1, resamples: Int = 10_000, seed: UInt64, method: Method = .percentile
  ) {
    precondition(blockLength >= 1 && resamples >= 1, "there are blocks and draws")
    self.blockLength = blockLength
    self.resamples = resamples
    self.seed = seed
    self.method = method
  }

  /// The statistic of `runs` with its interval; `count` is the number of runs.
  ///
  /// A single run is no sample of runs: its interval says nothing of other runs. nil if there are
  /// no runs, an empty one, or a statistic that is not finite. Traps unless 0 < confidence < 1.
  /// O(resamples) times the values and the statistic; ``Method/bca`` takes the statistic once more
  /// a run.
  public func interval(
    of runs: [[Double]], confidence: Fraction, statistic: ([[Double]]) -> Double
  ) -> IntervalEstimate? {
    precondition(confidence.value > 0 && confidence.value < 1, "a confidence is within 0 and 1")
    guard !runs.isEmpty, runs.allSatisfy({ !$0.isEmpty }) else { return nil }
    let estimate = statistic(runs)
    var random = SeededRandom(seed: seed)
    var drawn: [Double] = []
    drawn.reserveCapacity(resamples)
    for _ in 0..<resamples {
      let sample = runs.map { _ in
        resampled(runs[Int(random.below(UInt64(runs.count)))], &random)
      }
      drawn.append(statistic(sample))
    }
    guard estimate.isFinite, drawn.allSatisfy(\.isFinite) else { return nil }
    drawn.sort()
    let outside = (1 - confidence.value) / 2
    var levels = (low: outside, high: 1 - outside)
    if method == .bca {
      let bias = Self.bias(drawn, estimate)
      guard let acceleration = acceleration(runs, statistic) else { return nil }
      levels.low = Self.adjusted(levels.low, bias: bias, acceleration: acceleration)
      levels.high = Self.adjusted(levels.high, bias: bias, acceleration: acceleration)
    }
    return IntervalEstimate(
      value: estimate, lower: Self.quantile(drawn, levels.low),
      upper: Self.quantile(drawn, levels.high), level: confidence, count: runs.count)
  }

  /// As many values as the run has, in blocks that begin anywhere.
  private func resampled(_ run: [Double], _ random: inout SeededRandom) -> [Double] {
    let length = min(blockLength, run.count)
    let starts = UInt64(run.count - length + 1)
    var values: [Double] = []
    values.reserveCapacity(run.count + length)
    while values.count < run.count {
      let start = Int(random.below(starts))
      values += run[start..<(start + length)]
    }
    values.removeLast(values.count - run.count)
    return values
  }

  /// z0: the normal quantile of the share of draws below the estimate, ties counting half.
  private static func bias(_ drawn: [Double], _ estimate: Double) -> Double {
    let below = drawn.count { $0 < estimate }
    let equal = drawn.count { $0 == estimate }
    return Normal.quantile((Double(below) + Double(equal) / 2) / Double(drawn.count))
  }

  /// Efron's a, by leaving out each run, or each block if there is one run; nil if not finite.
  private func acceleration(_ runs: [[Double]], _ statistic: ([[Double]]) -> Double) -> Double? {
    var without: [Double] = []
    if runs.count > 1 {
      for index in runs.indices {
        var rest = runs
        rest.remove(at: index)
        without.append(statistic(rest))
      }
    } else {
      let run = runs[0]
      guard run.count > blockLength else { return 0 }
      for start in stride(from: 0, to: run.count, by: blockLength) {
        var rest = run
        rest.removeSubrange(start..<min(start + blockLength, run.count))
        without.append(statistic([rest]))
      }
    }
    guard without.allSatisfy(\.isFinite) else { return nil }
    let mean = without.reduce(0, +) / Double(without.count)
    let squares = without.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let cubes = without.reduce(0) { $0 + (mean - $1) * (mean - $1) * (mean - $1) }
    return squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
  }

  /// The level whose quantile BCa takes instead: Efron 1987, formula 3.9.
  private static func adjusted(_ level: Double, bias: Double, acceleration: Double) -> Double {
    let moved = bias + Normal.quantile(level)
    let adjusted = Normal.cdf(bias + moved / (1 - acceleration * moved))
    // All draws on one side of the estimate: their end on that side is all that can be said.
    return adjusted.isNaN ? level : adjusted
  }

  /// The quantile between two order statistics (Hyndman & Fan 1996, type 7).
  private static func quantile(_ sorted: [Double], _ level: Double) -> Double {
    let place = level * Double(sorted.count - 1)
    let low = Int(place.rounded(.down))
    let part = place - Double(low)
    guard part > 0 else { return sorted[low] }
    return sorted[low] + part * (sorted[low + 1] - sorted[low])
  }
}
