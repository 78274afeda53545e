public import Measure
internal import Simulation

/// How long something takes, as parameters say it.
public enum LatencyLaw: Hashable, Codable, Sendable {
  /// Always the same.
  case constant(Nanoseconds)
  /// A lognormal distribution by its median and its 99th percentile.
  case lognormal(p50: Nanoseconds, p99: Nanoseconds)
  /// A lognormal body, and for a share of all cases a lognormal tail.
  ///
  /// A contended disk keeps its median while its p99 grows twenty-fold: one lognormal cannot.
  case mixture(
    p50: Nanoseconds, p99: Nanoseconds, tailP50: Nanoseconds, tailP99: Nanoseconds,
    tailShare: Fraction)
  /// What a histogram counted.
  case measured(LatencyDistribution)

  /// A local NVMe disk with power-loss protection: 20 to 100 us (etcd's tuning guide).
  public static let localNVMe = LatencyLaw.mixture(
    p50: .microseconds(60), p99: .microseconds(120), tailP50: .microseconds(400),
    tailP99: .milliseconds(2), tailShare: .percent(1))

  /// A commit of bbolt on such a disk: several pages written and two syncs.
  public static let backend = LatencyLaw.lognormal(p50: .microseconds(800), p99: .milliseconds(3))

  /// What is wrong with its parameters, for people; nil if nothing is.
  public var fault: String? {
    do {
      _ = try checked()
      return nil
    } catch { return error.description }
  }

  /// The distribution to draw from; the parameters have been checked.
  var distribution: Distribution { Distribution.known(try checked()) }

  private func checked() throws(DistributionError) -> Distribution {
    switch self {
    case .constant(let value): try .constant(value)
    case .lognormal(let p50, let p99): try .lognormal(Lognormal(p50: p50, p99: p99))
    case .mixture(let p50, let p99, let tailP50, let tailP99, let tailShare):
      try .mixture(
        body: Lognormal(p50: p50, p99: p99), tail: Lognormal(p50: tailP50, p99: tailP99),
        tailWeight: tailShare)
    case .measured(let histogram): try .measured(histogram)
    }
  }
}
