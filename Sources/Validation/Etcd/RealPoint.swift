internal import Calibration
internal import Measure
internal import Statistics

/// What a point of a calibration showed: medians over the repetitions that may be used.
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
  /// CPU that a request took, in microseconds: of all members, and of the client.
  let memberCPU: Double
  let clientCPU: Double

  /// nil of a point without a repetition that may be used.
  init?(_ point: EtcdPoint) {
    let used = point.used.filter { $0.latency.count > 0 && $0.rate > 0 }
    let middle = { (value: (EtcdRepetition) -> Double?) in Median.of(used.compactMap(value)) }
    let quantile = { (fraction: Double) in
      middle { $0.latency.quantile(fraction).map { Double($0) / 1e6 } }
    }
    guard let rate = middle(\.rate), let mean = middle({ $0.latency.mean / 1e6 }),
      let p50 = quantile(0.5), let p99 = quantile(0.99),
      let memberCPU = middle({ $0.processors.subject / $0.rate * 1e6 }),
      let clientCPU = middle({ $0.processors.client / $0.rate * 1e6 })
    else { return nil }
    self.rate = rate
    leastRate = used.map(\.rate).min() ?? rate
    largestRate = used.map(\.rate).max() ?? rate
    (self.mean, self.p50, self.p99) = (mean, p50, p99)
    (self.memberCPU, self.clientCPU) = (memberCPU, clientCPU)
    batch = middle(\.batch)
  }
}
