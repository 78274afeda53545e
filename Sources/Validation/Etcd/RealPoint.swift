internal import Calibration
internal import Measure
internal import Statistics

/// What a point of a calibration showed, over the repetitions that may be used.
struct RealPoint: Sendable {
  /// A quantity over the repetitions.
  struct Spread: Sendable {
    let median: Double
    let least: Double
    let largest: Double

    init?(_ values: [Double]) {
      guard let median = Median.of(values), let least = values.min(), let largest = values.max()
      else { return nil }
      (self.median, self.least, self.largest) = (median, least, largest)
    }

    /// Whether a value is among those that the repetitions themselves showed.
    func contains(_ value: Double) -> Bool { (least...largest).contains(value) }
  }

  let rate: Spread
  /// Milliseconds.
  let mean: Spread
  let p50: Spread
  let p99: Spread
  /// Puts a write of the log; nil of reads.
  let batch: Spread?
  /// CPUs that all members used, and that their clients did.
  let serverCores: Spread
  let clientCores: Spread

  /// nil of a point without a repetition that may be used.
  init?(_ point: EtcdPoint) {
    let used = point.used.filter { $0.latency.count > 0 && $0.rate > 0 }
    let time = { (value: (LatencyDistribution) -> Double) in
      Spread(used.map { value($0.latency) / 1e6 })
    }
    let quantile = { (fraction: Double) in time { Double($0.quantile(fraction) ?? 0) } }
    guard let rate = Spread(used.map(\.rate)), let mean = time({ $0.mean }),
      let p50 = quantile(0.5),
      let p99 = quantile(0.99), let server = Spread(used.map(\.processors.subject)),
      let client = Spread(used.map(\.processors.client))
    else { return nil }
    (self.rate, self.mean, self.p50, self.p99) = (rate, mean, p50, p99)
    (serverCores, clientCores) = (server, client)
    batch = Spread(used.compactMap(\.batch))
  }
}
