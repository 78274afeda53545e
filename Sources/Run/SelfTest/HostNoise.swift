internal import Host
public import Measure
internal import Statistics
internal import Storage

/// How much the same work differs on this machine from one trial to the next.
public struct HostNoise: Codable, Sendable {
  /// CPU time for one I/O of each trial, ns; no device, so that only the machine varies.
  public var perTrialNs: [Double]
  /// Standard deviation by mean, robust: 1.4826 MAD / median, so that one stolen trial does not
  /// set it (Rousseeuw & Croux 1993).
  public var variation: Fraction
  /// Largest less smallest, by the median.
  public var range: Fraction

  /// Runs `trials` short trials without a device.
  ///
  /// Throws ``StorageError`` where a trial cannot be set up.
  static func measure(
    trials: Int, duration: Nanoseconds
  ) throws(StorageError) -> HostNoise {
    let clock = TickClock.calibrated(counterIsSteady: Environment.counterIsSteady)
    var values: [Double] = []
    for _ in 0..<trials {
      values.append(try EmptyTrial(engine: .null, clock: clock, duration: duration).cpuPerIO())
    }
    let middle = Median.of(values) ?? 0
    let spread = Median.of(values.map { ($0 - middle).magnitude }) ?? 0
    let (least, largest) = (values.min() ?? 0, values.max() ?? 0)
    guard middle > 0 else {
      return HostNoise(perTrialNs: values, variation: Fraction(0), range: Fraction(0))
    }
    return HostNoise(
      perTrialNs: values, variation: Fraction(1.4826 * spread / middle),
      range: Fraction((largest - least) / middle))
  }
}
