public import Measure

extension Distribution {
  /// The mean, ns, before draws are rounded to whole nanoseconds; in closed form.
  public var mean: Double { moment(1) }

  /// The variance over the square of the mean: 0 for a constant, 1 for an exponential time.
  public var squaredVariation: Double {
    mean > 0 ? max(moment(2) / (mean * mean) - 1, 0) : 0
  }

  /// The mean of the time to the power of 1 or 2, in ns or ns².
  private func moment(_ power: Int) -> Double {
    let n = Double(power)
    switch family {
    case .constant(let value): return power == 1 ? value : value * value
    case .uniform(let low, let width):
      let middle = low + width / 2
      return power == 1 ? middle : middle * middle + width * width / 12
    case .exponential(let mean): return power == 1 ? mean : 2 * mean * mean
    case .erlang(let phases, let phaseMean):
      let mean = Double(phases) * phaseMean
      return power == 1 ? mean : mean * (mean + phaseMean)
    case .hyperexponential(let weight, let first, let second):
      let mean = weight * first + (1 - weight) * second
      return power == 1 ? mean : 2 * (weight * first * first + (1 - weight) * second * second)
    case .normal(let mean, let deviation): return Self.rectified(power, mean, deviation)
    case .lognormal(let mu, let sigma): return Self.lognormal(n, mu, sigma)
    case .mixture(let weight, let mu, let sigma, let tailMu, let tailSigma):
      return (1 - weight) * Self.lognormal(n, mu, sigma)
        + weight * Self.lognormal(n, tailMu, tailSigma)
    case .table(let table, let scale):
      return table.moment(power) * (power == 1 ? scale : scale * scale)
    }
  }

  private static func lognormal(_ n: Double, _ mu: Double, _ sigma: Double) -> Double {
    Elementary.exp(n * mu + n * n * sigma * sigma / 2)
  }

  /// Moments of max(0, X) for a normal X (Greene, Econometric Analysis, 2003, theorem 22.3).
  private static func rectified(_ power: Int, _ mean: Double, _ deviation: Double) -> Double {
    guard deviation > 0 else { return power == 1 ? mean : mean * mean }
    let above = Elementary.normalCumulative(mean / deviation)
    let ratio = mean / deviation
    let density = Elementary.exp(-ratio * ratio / 2) / (2 * Double.pi).squareRoot()
    return power == 1
      ? mean * above + deviation * density
      : (mean * mean + deviation * deviation) * above + mean * deviation * density
  }

  /// The probability of a time of at most `value`.
  ///
  /// O(1), or O(buckets) of a measured one.
  public func cumulative(_ value: Nanoseconds) -> Fraction {
    Fraction(value < .zero ? 0 : cumulative(at: Double(value.count)))
  }

  func cumulative(at x: Double) -> Double {
    switch family {
    case .constant(let value): return x >= value ? 1 : 0
    case .uniform(let low, let width):
      return x < low ? 0 : width > 0 ? min(1, (x - low) / width) : 1
    case .exponential(let mean): return 1 - Elementary.exp(-x / mean)
    case .erlang(let phases, let phaseMean):
      var term = Elementary.exp(-x / phaseMean)
      var beyond = term
      for phase in 1..<phases {
        term *= x / phaseMean / Double(phase)
        beyond += term
      }
      return 1 - beyond
    case .hyperexponential(let weight, let first, let second):
      return 1 - weight * Elementary.exp(-x / first) - (1 - weight) * Elementary.exp(-x / second)
    case .normal(let mean, let deviation):
      return Self.standardized(x - mean, deviation)
    case .lognormal(let mu, let sigma):
      return Self.standardized(Elementary.log(x) - mu, sigma)
    case .mixture(let weight, let mu, let sigma, let tailMu, let tailSigma):
      let log = Elementary.log(x)
      return (1 - weight) * Self.standardized(log - mu, sigma)
        + weight * Self.standardized(log - tailMu, tailSigma)
    case .table(let table, let scale): return table.cumulative(x / scale)
    }
  }

  private static func standardized(_ distance: Double, _ deviation: Double) -> Double {
    deviation > 0
      ? Elementary.normalCumulative(distance / deviation) : distance >= 0 ? 1 : 0
  }

  /// The time that a part `fraction` of all draws does not exceed.
  ///
  /// In closed form where there is one, else by bisection. Traps unless 0 <= fraction <= 1; for 1,
  /// the longest time that is drawn. O(1), or 64 times the cost of `cumulative`.
  public func quantile(_ fraction: Fraction) -> Nanoseconds {
    let p = fraction.value
    precondition(p >= 0 && p <= 1, "a fraction is within 0 and 1")
    switch family {
    case .constant(let value): return Self.time(value)
    case .uniform(let low, let width): return Self.time(low + width * p)
    case .exponential(let mean): return Self.time(-mean * Elementary.log(1 - p))
    case .normal(let mean, let deviation):
      return Self.time(mean + (deviation > 0 ? deviation * Elementary.normalQuantile(p) : 0))
    case .lognormal(let mu, let sigma):
      return Self.time(
        Elementary.exp(mu + (sigma > 0 ? sigma * Elementary.normalQuantile(p) : 0)))
    case .table(let table, let scale): return Self.time(scale * table.quantile(p))
    case .erlang, .hyperexponential, .mixture: return bisected(p)
    }
  }

  private func bisected(_ p: Double) -> Nanoseconds {
    var low: Int64 = 0
    var high = Int64(Self.longest)
    while low < high {
      let middle = low + (high - low) / 2
      if cumulative(at: Double(middle)) >= p { high = middle } else { low = middle + 1 }
    }
    return Nanoseconds(low)
  }
}
