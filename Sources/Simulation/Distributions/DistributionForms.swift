public import Measure

/// A lognormal part: times whose logarithms are normally distributed.
public struct Lognormal: BitwiseCopyable, Equatable, Sendable {
  /// The mean of the logarithm of the time in ns.
  let mu: Double
  /// Its standard deviation.
  let sigma: Double

  /// States the median, and the standard deviation of the logarithm.
  ///
  /// Throws `DistributionError` unless the median is above 0 and sigma is not below.
  public init(median: Nanoseconds, sigma: Double) throws(DistributionError) {
    guard median > .zero else {
      throw DistributionError(
        "a lognormal distribution cannot have the median \(median.text): times have a logarithm "
          + "only above 0; give the median as 1ns or more")
    }
    guard sigma >= 0, sigma < .infinity else {
      throw DistributionError(
        "a lognormal distribution cannot have the sigma \(decimalText(sigma)): it is the standard "
          + "deviation of the logarithm; give 0 or more, such as 0.3")
    }
    self.init(mu: Elementary.log(Double(median.count)), sigma: sigma)
  }

  /// States the median and the 99th percentile.
  ///
  /// Throws `DistributionError` unless 0 < p50 <= p99.
  public init(p50: Nanoseconds, p99: Nanoseconds) throws(DistributionError) {
    guard p99 >= p50 else {
      throw DistributionError(
        "a lognormal distribution cannot have p99 \(p99.text) below p50 \(p50.text): 99 % of all "
          + "times are at most p99; exchange them")
    }
    let known = try Lognormal(median: p50, sigma: 0)
    let distance = Elementary.log(Double(p99.count)) - known.mu
    self.init(mu: known.mu, sigma: distance / Elementary.normalQuantile(0.99))
  }

  init(mu: Double, sigma: Double) {
    self.mu = mu
    self.sigma = sigma
  }
}

extension Distribution {
  /// Always the same time.
  ///
  /// Throws `DistributionError` if it is below 0.
  public static func constant(_ value: Nanoseconds) throws(DistributionError) -> Distribution {
    try require(value >= .zero, "a constant time", "be \(value.text)", "give 0s or more")
    return try Distribution(.constant(Double(value.count))).checked("a constant time")
  }

  /// Every time from `low` to `high` alike.
  ///
  /// Throws `DistributionError` unless 0 <= low <= high.
  public static func uniform(
    from low: Nanoseconds, to high: Nanoseconds
  ) throws(DistributionError) -> Distribution {
    let name = "a uniform distribution"
    try require(low >= .zero, name, "start at \(low.text)", "give 0s or more")
    try require(
      low <= high, name, "end at \(high.text), before its start \(low.text)", "exchange them")
    let width = Double(high.count - low.count)
    return try Distribution(.uniform(low: Double(low.count), width: width)).checked(name)
  }

  /// Times without memory: the time between events that happen at a constant rate.
  ///
  /// Throws `DistributionError` unless the mean is above 0.
  public static func exponential(mean: Nanoseconds) throws(DistributionError) -> Distribution {
    let name = "an exponential distribution"
    try require(mean > .zero, name, "have the mean \(mean.text)", "give 1ns or more")
    return try Distribution(.exponential(mean: Double(mean.count))).checked(name)
  }

  /// The sum of `phases` equal exponential times, with 1 / phases of the variance of one.
  ///
  /// A draw takes O(phases). Throws `DistributionError` unless there are 1 to 1000 phases and the
  /// mean is above 0.
  public static func erlang(
    phases: Int, mean: Nanoseconds
  ) throws(DistributionError) -> Distribution {
    let name = "an Erlang distribution"
    try require(
      (1...1000).contains(phases), name, "have \(counted(phases, "phase"))", "give 1 to 1000")
    try require(mean > .zero, name, "have the mean \(mean.text)", "give 1ns or more")
    let phaseMean = Double(mean.count) / Double(phases)
    return try Distribution(.erlang(phases: phases, phaseMean: phaseMean)).checked(name)
  }

  /// A mixture of two exponentials, for times more variable than one.
  ///
  /// `squaredVariation` is variance / mean². Both parts carry half of the mean ("balanced means",
  /// Tijms, A First Course in Stochastic Models, 2003, appendix B). Throws `DistributionError`
  /// unless the mean is above 0 and the squared variation is at least 1.
  public static func hyperexponential(
    mean: Nanoseconds, squaredVariation: Double
  ) throws(DistributionError) -> Distribution {
    let name = "a hyperexponential distribution"
    try require(mean > .zero, name, "have the mean \(mean.text)", "give 1ns or more")
    try require(
      squaredVariation >= 1 && squaredVariation < .infinity, name,
      "have the squared variation \(decimalText(squaredVariation))",
      "give 1 or more, or take an Erlang distribution")
    let weight = (1 + ((squaredVariation - 1) / (squaredVariation + 1)).squareRoot()) / 2
    let half = Double(mean.count) / 2
    return try Distribution(
      .hyperexponential(
        firstWeight: weight, firstMean: half / weight, secondMean: half / (1 - weight))
    ).checked(name)
  }

  /// A normal distribution whose part below zero is drawn as zero; `mean` is that of the whole.
  ///
  /// Throws `DistributionError` if mean or deviation is below 0.
  public static func normal(
    mean: Nanoseconds, deviation: Nanoseconds
  ) throws(DistributionError) -> Distribution {
    let name = "a normal distribution of times"
    try require(mean >= .zero, name, "have the mean \(mean.text)", "give 0s or more")
    try require(
      deviation >= .zero, name, "have the standard deviation \(deviation.text)", "give 0s or more")
    return try Distribution(
      .normal(mean: Double(mean.count), deviation: Double(deviation.count))
    ).checked(name)
  }

  /// Times whose logarithms are normally distributed.
  ///
  /// Throws `DistributionError` if the mean is beyond what can be drawn.
  public static func lognormal(_ part: Lognormal) throws(DistributionError) -> Distribution {
    try Distribution(.lognormal(mu: part.mu, sigma: part.sigma)).checked("a lognormal distribution")
  }

  /// A body with a tail: a part `tailWeight` of all times is of the second kind.
  ///
  /// Throws `DistributionError` unless the weight is within 0 and 1.
  public static func mixture(
    body: Lognormal, tail: Lognormal, tailWeight: Fraction
  ) throws(DistributionError) -> Distribution {
    let name = "a mixture of two lognormal distributions"
    try require(
      tailWeight.value >= 0 && tailWeight.value <= 1, name,
      "have the tail's weight \(tailWeight.text)", "give 0% to 100%")
    return try Distribution(
      .mixture(
        tailWeight: tailWeight.value, mu: body.mu, sigma: body.sigma, tailMu: tail.mu,
        tailSigma: tail.sigma)
    ).checked(name)
  }

  /// Measured times, with every time between neighbours as likely as they are.
  ///
  /// The quantile function is linear between the samples in order (Hyndman & Fan, The American
  /// Statistician 50, 1996, definition 7). They are kept, once, until the process ends. Throws
  /// `DistributionError` if there are none, if they fall, or if one is below 0. O(samples).
  public static func samples(
    _ sorted: [Nanoseconds]
  ) throws(DistributionError) -> Distribution {
    let name = "a distribution of samples"
    guard let first = sorted.first else {
      throw DistributionError("\(name) cannot be of no sample: give at least one")
    }
    try require(first >= .zero, name, "hold \(first.text)", "times are 0s or more")
    for (index, (left, right)) in zip(sorted, sorted.dropFirst()).enumerated() {
      try require(
        left <= right, name,
        "fall from \(left.text) to \(right.text) at number \(index + 2)", "sort the samples")
    }
    return try Distribution(.table(.interpolating(sorted), scale: 1)).checked(name)
  }

  /// What a latency histogram counted, spread evenly over each of its buckets.
  ///
  /// Within a bucket the times are at most 1/64 of their value apart. The table is kept, once,
  /// until the process ends. Throws `DistributionError` if it is empty. O(buckets).
  public static func measured(
    _ histogram: LatencyDistribution
  ) throws(DistributionError) -> Distribution {
    let name = "a measured distribution"
    let total = histogram.buckets.reduce(0) { $0 + $1.count }
    try require(histogram.count > 0, name, "be of no observation", "measure first")
    try require(
      total == histogram.count, name,
      "have \(total) observations in its buckets and \(histogram.count) in all",
      "read the histogram again")
    return try Distribution(.table(.measured(histogram), scale: 1)).checked(name)
  }

  private static func require(
    _ holds: Bool, _ name: String, _ fault: String, _ remedy: String
  ) throws(DistributionError) {
    guard holds else { throw DistributionError("\(name) cannot \(fault): \(remedy)") }
  }

  /// Itself, if its mean can be drawn.
  func checked(_ name: String) throws(DistributionError) -> Distribution {
    guard mean < Self.longest else {
      throw DistributionError(
        "\(name) cannot have a mean beyond 146 years, the longest time that is drawn: "
          + "give smaller parameters")
    }
    return self
  }
}
