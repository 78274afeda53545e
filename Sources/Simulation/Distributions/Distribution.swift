public import Measure

/// A distribution of a span of time, to draw from in the event loop.
///
/// A plain value of 48 bytes: parameters hold it, threads share it, a draw neither allocates nor
/// counts references. Draws go by inversion wherever one number is enough, so that a larger random
/// number never gives a shorter time; what is below zero is drawn as zero, and what is above 2^62
/// ns (146 years) as that. They have the same bits on every machine, in debug and release builds.
public struct Distribution: BitwiseCopyable, Equatable, Sendable {
  /// The families, with their parameters in ns.
  enum Family: BitwiseCopyable, Equatable, Sendable {
    case constant(Double)
    case uniform(low: Double, width: Double)
    case exponential(mean: Double)
    case erlang(phases: Int, phaseMean: Double)
    case hyperexponential(firstWeight: Double, firstMean: Double, secondMean: Double)
    case normal(mean: Double, deviation: Double)
    case lognormal(mu: Double, sigma: Double)
    case mixture(tailWeight: Double, mu: Double, sigma: Double, tailMu: Double, tailSigma: Double)
    case table(QuantileTable, scale: Double)
  }

  let family: Family
  /// The longest time that is drawn, ns.
  static let longest = 0x1p62

  init(_ family: Family) { self.family = family }

  /// Takes a distribution whose parameters are known to be possible, as constants in code are.
  ///
  /// Traps with the error's text where they are not; what a user wrote goes by `try` instead.
  public static func known(
    _ make: @autoclosure () throws(DistributionError) -> Distribution
  ) -> Distribution {
    do { return try make() } catch { preconditionFailure(error.description) }
  }

  /// Takes the next number or numbers of `stream` and makes a time of them.
  ///
  /// O(1).
  public func draw(_ stream: inout RandomStream) -> Nanoseconds {
    let value =
      switch family {
      case .constant(let value): value
      case .uniform(let low, let width): low + width * stream.openUnit()
      case .exponential(let mean): -mean * Elementary.log(1 - stream.openUnit())
      case .erlang(let phases, let phaseMean): phaseMean * Self.erlang(phases, &stream)
      case .hyperexponential(let weight, let first, let second):
        (stream.openUnit() < weight ? first : second) * -Elementary.log(1 - stream.openUnit())
      case .normal(let mean, let deviation):
        mean + deviation * Elementary.normalQuantile(stream.openUnit())
      case .lognormal(let mu, let sigma):
        Elementary.exp(mu + sigma * Elementary.normalQuantile(stream.openUnit()))
      case .mixture(let tailWeight, let mu, let sigma, let tailMu, let tailSigma):
        stream.openUnit() < tailWeight
          ? Elementary.exp(tailMu + tailSigma * Elementary.normalQuantile(stream.openUnit()))
          : Elementary.exp(mu + sigma * Elementary.normalQuantile(stream.openUnit()))
      case .table(let table, let scale): scale * table.quantile(stream.openUnit())
      }
    return Self.time(value)
  }

  /// The sum of so many exponential times of mean 1.
  private static func erlang(_ phases: Int, _ stream: inout RandomStream) -> Double {
    var sum = 0.0
    for _ in 0..<phases { sum -= Elementary.log(1 - stream.openUnit()) }
    return sum
  }

  /// Rounds to whole nanoseconds, within what is drawn.
  static func time(_ value: Double) -> Nanoseconds {
    Nanoseconds(Int64(min(max(value, 0), longest) + 0.5))
  }

  /// The same with every time `factor` times as long, as for a sweep over a slower disk.
  ///
  /// Throws `DistributionError` unless the factor is above 0 and the longer times are possible.
  public func scaled(by factor: Double) throws(DistributionError) -> Distribution {
    guard factor > 0, factor < .infinity else {
      throw DistributionError(
        "the factor \(decimalText(factor)) is not above 0: times can be made longer or shorter, "
          + "not turned round")
    }
    let shift = Elementary.log(factor)
    let family: Family =
      switch family {
      case .constant(let value): .constant(value * factor)
      case .uniform(let low, let width): .uniform(low: low * factor, width: width * factor)
      case .exponential(let mean): .exponential(mean: mean * factor)
      case .erlang(let phases, let phaseMean):
        .erlang(phases: phases, phaseMean: phaseMean * factor)
      case .hyperexponential(let weight, let first, let second):
        .hyperexponential(
          firstWeight: weight, firstMean: first * factor, secondMean: second * factor)
      case .normal(let mean, let deviation):
        .normal(mean: mean * factor, deviation: deviation * factor)
      case .lognormal(let mu, let sigma): .lognormal(mu: mu + shift, sigma: sigma)
      case .mixture(let tailWeight, let mu, let sigma, let tailMu, let tailSigma):
        .mixture(
          tailWeight: tailWeight, mu: mu + shift, sigma: sigma, tailMu: tailMu + shift,
          tailSigma: tailSigma)
      case .table(let table, let scale): .table(table, scale: scale * factor)
      }
    return try Distribution(family).checked(
      "this distribution, \(decimalText(factor)) times as long,")
  }
}

extension RandomStream {
  /// A real number strictly between 0 and 1: the middle of one of 2^52 equal parts.
  @inline(__always) mutating func openUnit() -> Double {
    (Double(next() >> 12) + 0.5) * 0x1p-52
  }
}
