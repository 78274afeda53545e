/// How much the values of a series resemble their neighbours.
public enum Autocorrelation {
  /// What a correlated series is worth.
  public struct IntegratedTime: Hashable, Codable, Sendable {
    /// τ = 1 + 2 (ρ1 + ρ2 + ...): about so many values are worth one independent value.
    public var places: Double
    /// The last lag that was summed.
    public var window: Int
    /// The number of independent values that tell as much of the mean; at most those there are.
    public var effectiveCount: Double
    /// Whether the series is long enough for τ to be trusted: 50 τ (Goodman & Weare, 2010).
    public var isTrusted: Bool
  }

  /// The autocorrelation at each lag from 0 to `lag`.
  ///
  /// The estimate with divisor n at every lag, which is never above 1 (Box & Jenkins, Time Series
  /// Analysis, section 2.1.5). nil if all values are equal, one is not finite, or there are not
  /// more values than `lag`. Traps unless lag >= 0. O(n lag).
  public static func coefficients(of values: [Double], upTo lag: Int) -> [Double]? {
    precondition(lag >= 0, "a lag is not negative")
    guard values.count > lag, let centred = Centred(values) else { return nil }
    return (0...lag).map(centred.coefficient)
  }

  /// The integrated autocorrelation time, summed over Sokal's window.
  ///
  /// The window is the least M >= 5 τ(M): a longer one adds noise alone (Sokal, Monte Carlo Methods
  /// in Statistical Mechanics, 1997, section 3). The longest is n - 1. nil as ``coefficients``, or
  /// for fewer than two values. O(n M).
  public static func integratedTime(of values: [Double]) -> IntegratedTime? {
    guard values.count >= 2, let centred = Centred(values) else { return nil }
    let count = Double(values.count)
    var time = 1.0
    var window = 0
    while window < values.count - 1 {
      window += 1
      time += 2 * centred.coefficient(at: window)
      if Double(window) >= 5 * time { break }
    }
    // Alternating values may sum to nothing or less, which no number of values is worth.
    return IntegratedTime(
      places: time, window: window, effectiveCount: time > 1 ? count / time : count,
      isTrusted: count >= 50 * time)
  }

  private struct Centred {
    let values: [Double]
    let squares: Double

    init?(_ values: [Double]) {
      let mean = values.reduce(0, +) / Double(values.count)
      self.values = values.map { $0 - mean }
      squares = self.values.reduce(0) { $0 + $1 * $1 }
      // The mean of equal values may be off by a bit.
      guard values.contains(where: { $0 != values[0] }), squares.isFinite, squares > 0 else {
        return nil
      }
    }

    func coefficient(at lag: Int) -> Double {
      var sum = 0.0
      for place in 0..<(values.count - lag) { sum += values[place] * values[place + lag] }
      return sum / squares
    }
  }
}
