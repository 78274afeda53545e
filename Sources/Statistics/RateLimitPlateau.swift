public import Measure

/// The trace of a token bucket in a rate over time: fast, then an abrupt fall to a flat limit.
///
/// Provisioned cloud disks let a volume run above its limit while credit lasts. A trial that spans
/// the end of the credit has measured neither the burst nor the limit, and its mean depends on how
/// long it ran; this says so and gives both rates.
///
/// What tells it from its likes: noise and a drift have no two levels; a decay into steady state
/// passes through the middle between them for more than one second; a write cliff of an SSD (its
/// fast cache is full) is abrupt too, but the rate after it swings with garbage collection, by
/// more than ``flattest`` as a rule, while a limiter is a clock.
/// What cannot be told apart from the rate alone: an SSD whose rate after the cliff is as even as a
/// clock, one that a firmware throttles for heat, and another tenant who arrives and stays. So the
/// shape is a reason to look at the device, not a proof. A burst shorter than three seconds is not
/// looked for: it cannot be told from a start-up.
public struct RateLimitPlateau: Hashable, Codable, Sendable {
  /// Median rate before the fall, a second.
  public var burstRate: Double
  /// Seconds before the plateau, the one in which the rate falls among them.
  public var burstSeconds: Int
  /// Median rate of the plateau, a second.
  public var limitRate: Double
  /// How much the plateau swings: the spread of its middle 80 % as a standard deviation, as a part
  /// of ``limitRate``.
  public var flatness: Fraction
  /// What went through above the limit before the plateau: the bucket's content at the start.
  public var credit: Double

  /// The most that a plateau may swing, see ``flatness``.
  static let flattest = Fraction.percent(3)
  /// The least that the burst must be, of the limit.
  static let leastRatio = 1.2
  private static let fewestBurstSeconds = 3
  private static let fewestPlateauSeconds = 5

  /// Looks for the trace in a rate of whole seconds, without warm-up and without a last part of a
  /// second.
  ///
  /// nil when there is none. The plateau must take the last third at least, and five seconds.
  /// Scaling the rate scales the result. O(n log n).
  public static func detect(perSecond rates: [Double]) -> RateLimitPlateau? {
    let fewest = max(fewestPlateauSeconds, (rates.count + 2) / 3)
    guard rates.count >= fewest + fewestBurstSeconds,
      rates.allSatisfy({ $0.isFinite && $0 >= 0 }),
      let level = Median.of(rates.suffix(fewest)), level > 0
    else { return nil }
    // Half of the way up to the smallest burst there can be.
    let (fall, misplaced) = split(rates, above: level * (1 + leastRatio) / 2)
    guard fall >= fewestBurstSeconds, rates.count - fall >= fewest,
      misplaced.high <= fall / 10, misplaced.low <= (rates.count - fall) / 10
    else { return nil }

    let plateau = Array(rates[fall...])
    // The bucket may run dry in the middle of a second; that one is of neither rate.
    let burst = Array(rates[..<(fall - 1)])
    guard let limit = Median.of(plateau), let peak = Median.of(burst), peak >= leastRatio * limit,
      let flatness = flatness(of: plateau, around: limit), flatness <= flattest,
      isOneLevel(burst, above: limit), isAbrupt(rates, at: fall, from: peak, to: limit)
    else { return nil }
    return RateLimitPlateau(
      burstRate: peak, burstSeconds: fall, limitRate: limit, flatness: flatness,
      credit: rates[..<fall].reduce(0) { $0 + ($1 - limit) })
  }

  /// The place that best parts high from low values, and how many are on the wrong side of it.
  private static func split(
    _ rates: [Double], above bound: Double
  ) -> (fall: Int, misplaced: (high: Int, low: Int)) {
    var misplaced = (high: 0, low: rates.count { $0 > bound })
    var best = (fall: 0, misplaced: misplaced)
    for (place, rate) in rates.enumerated() {
      if rate > bound { misplaced.low -= 1 } else { misplaced.high += 1 }
      if misplaced.high + misplaced.low < best.misplaced.high + best.misplaced.low {
        best = (place + 1, misplaced)
      }
    }
    return best
  }

  /// The swing of a plateau that does not drift; nil for one that does.
  private static func flatness(of plateau: [Double], around limit: Double) -> Fraction? {
    let half = plateau.count / 2
    guard let early = Median.of(Array(plateau[..<half])),
      let late = Median.of(Array(plateau[half...])),
      (early - late).magnitude <= flattest.value * limit
    else { return nil }
    let (low, high) = middle(of: plateau)
    // 80 % of a normal distribution lie within 1.2816 standard deviations.
    return Fraction((high - low) / (2 * 1.2816) / limit)
  }

  /// A burst may be as noisy as a device is, but not fade: its low tenth is at least 40 % as far
  /// above the limit as its high tenth.
  private static func isOneLevel(_ burst: [Double], above limit: Double) -> Bool {
    let (low, high) = middle(of: burst)
    return low - limit >= 0.4 * (high - limit)
  }

  /// At most one of the seconds around the fall is half-way between the two rates.
  private static func isAbrupt(
    _ rates: [Double], at fall: Int, from peak: Double, to limit: Double
  ) -> Bool {
    let around = rates[max(0, fall - 3)..<min(rates.count, fall + 3)]
    let between = around.count { rate in
      let height = (rate - limit) / (peak - limit)
      return height > 0.2 && height < 0.75
    }
    return between <= 1
  }

  /// The ends of the middle 80 %: a tenth, rounded down, is left out on either side.
  private static func middle(of values: [Double]) -> (low: Double, high: Double) {
    let sorted = values.sorted()
    let out = values.count / 10
    return (sorted[out], sorted[sorted.count - 1 - out])
  }
}
