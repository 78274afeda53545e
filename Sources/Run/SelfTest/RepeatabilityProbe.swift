internal import Host
internal import Judgement
internal import Measure
internal import Statistics
internal import Storage

/// Measures how much the same work differs from one trial to the next.
enum RepeatabilityProbe {
  /// Runs `trials` short trials without a device.
  ///
  /// Throws ``StorageError`` where a trial cannot be set up.
  static func measure(
    trials: Int, duration: Nanoseconds
  ) throws(StorageError) -> Repeatability {
    let clock = TickClock.calibrated(counterIsSteady: Environment.counterIsSteady)
    var values: [Double] = []
    for _ in 0..<trials {
      values.append(try EmptyTrial(engine: .null, clock: clock, duration: duration).cpuPerIO())
    }
    guard let middle = Median.of(values), middle > 0,
      let deviation = Median.of(values.map { ($0 - middle).magnitude }),
      let least = values.min(), let largest = values.max()
    else { return Repeatability(perTrialNs: values, variation: Fraction(0), range: Fraction(0)) }
    return Repeatability(
      perTrialNs: values, variation: Fraction(1.4826 * deviation / middle),
      range: Fraction((largest - least) / middle))
  }
}
