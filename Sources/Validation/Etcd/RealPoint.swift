internal import Calibration
internal import Measure
internal import Statistics

/// What a point of a calibration showed at the machine's usual speed: medians over the repetitions
/// that may be used.
struct RealPoint: Sendable {
  let rate: Double
  let leastRate: Double
  let largestRate: Double
  /// Milliseconds.
  let mean: Double
  let p50: Double
  let p99: Double
  /// Puts a write of the log; nil of reads.
  let batch: Double?

  /// nil of a point without a repetition that may be used.
  init?(_ point: EtcdPoint, _ speeds: MachineSpeed) {
    let used = point.used.filter { $0.latency.count > 0 && $0.rate > 0 }
    let speed = { (one: EtcdRepetition) in speeds.speed(one, at: point.place) }
    let time = { (value: (LatencyDistribution) -> Double) in
      Median.of(used.map { value($0.latency) / 1e6 * speed($0) })
    }
    // What an open loop offers does not change with the machine.
    let isClosed = point.load.clients != nil
    let rates = used.map { isClosed ? $0.rate / speed($0) : $0.rate }
    let quantile = { (fraction: Double) in time { Double($0.quantile(fraction) ?? 0) } }
    guard let rate = Median.of(rates), let mean = time({ $0.mean }),
      let p50 = quantile(0.5), let p99 = quantile(0.99)
    else { return nil }
    self.rate = rate
    leastRate = rates.min() ?? rate
    largestRate = rates.max() ?? rate
    (self.mean, self.p50, self.p99) = (mean, p50, p99)
    batch = Median.of(used.compactMap(\.batch))
  }
}
