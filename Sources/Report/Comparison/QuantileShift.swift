internal import Judgement
internal import Measure

/// How much longer or shorter a subject's latencies are than a reference's, percentile by
/// percentile: a shift function (Doksum 1974; Wilcox, Introduction to Robust Estimation, 3rd ed.,
/// section 5.1) of relative differences.
struct QuantileShift {
  /// Differences (share, subject / reference) of all I/Os of the trials together.
  var line: [Point]
  /// At each percentile the least and the largest ratio of single pairs of trials.
  var band: [Span]
  /// How many pairs the band is of.
  var pairs: Int

  /// One trial of a side: its block and its I/Os.
  typealias Trial = (block: Int, latency: LatencyDistribution)

  /// Sets two sides against each other.
  ///
  /// Paired by block, else every trial with every other. The line ends where fewer than
  /// ``PercentileCurve/least`` observations of a side lie beyond, the band where that is so of a
  /// trial. nil where a side has too few observations. O(pairs x points + trials x buckets).
  init?(
    reference: [Trial], subject: [Trial], method: ComparisonRow.Method, perNine: Int
  ) {
    let sides = [reference, subject].map { trials in
      trials.reduce(into: LatencyDistribution()) { $0.merge($1.latency) }
    }
    let shares = PercentileCurve.shares(
      count: min(sides[0].count, sides[1].count), perNine: perNine)
    guard shares.count > 1 else { return nil }
    let values = sides.map { PercentileCurve.values(of: $0, at: shares) }
    line = shares.indices.compactMap { index in
      values[0][index] > 0 ? Point(shares[index], values[1][index] / values[0][index]) : nil
    }
    let fewest = (reference + subject).map(\.latency.count).min() ?? 0
    let within = PercentileCurve.shares(count: fewest, perNine: perNine)
    let curves = [reference, subject].map { trials in
      trials.map { (block: $0.block, values: PercentileCurve.values(of: $0.latency, at: within)) }
    }
    var ratios: [[Double]] = []
    for before in curves[0] {
      for after in curves[1] where method == .unpaired || before.block == after.block {
        ratios.append(zip(after.values, before.values).map { $0 / $1 })
      }
    }
    pairs = ratios.count
    band = []
    // Fewer than three pairs show no range.
    guard pairs >= 3 else { return }
    band = within.indices.compactMap { index in
      let here = ratios.map { $0[index] }.filter(\.isFinite)
      guard let low = here.min(), let high = here.max() else { return nil }
      return Span(within[index], low: low, high: high)
    }
  }

  /// The largest distance from 1 as a factor, of the line and the band.
  var farthest: Double {
    let all = line.map(\.y) + band.flatMap { [$0.low, $0.high] }
    return all.filter { $0 > 0 }.map { max($0, 1 / $0) }.max() ?? 1
  }
}
