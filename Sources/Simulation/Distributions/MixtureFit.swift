public import Measure

/// A body with a tail that comes near given quantiles, such as those of a disk's flushes.
public struct MixtureFit: Sendable {
  /// The body: most of the times.
  public let body: Lognormal
  /// The tail.
  public let tail: Lognormal
  /// The part of all times that is of the tail.
  public let tailWeight: Fraction
  /// Both together.
  public let distribution: Distribution
  /// How far the worst quantile of the fit is from the one given, as a part of that.
  public let worstError: Fraction

  /// Fits to quantiles, each the time that a fraction of all do not exceed.
  ///
  /// Least squares of the distances in standard deviations, by the simplex of Nelder & Mead (The
  /// Computer Journal 7, 1965) from fixed starts: equal quantiles, equal fit. Throws
  /// `DistributionError` unless there are 5 or more, one for each parameter, rising in both
  /// fraction and time, with fractions between 0 and 1 and times above 0. O(10^4 x quantiles).
  public init(
    quantiles: [(fraction: Fraction, time: Nanoseconds)]
  ) throws(DistributionError) {
    try Self.check(quantiles)
    let points = quantiles.map {
      (z: Elementary.normalQuantile($0.fraction.value), log: Elementary.log(Double($0.time.count)))
    }
    var best = Self.start(points, weight: -1)
    var least = Double.infinity
    for weight in [-6.0, -4, -2, 0] {
      let found = Simplex.minimum(from: Self.start(points, weight: weight), step: 0.5) {
        Self.misfit($0, points)
      }
      if found.value < least { (best, least) = (found.place, found.value) }
    }
    (body, tail, tailWeight) = Self.parts(best)
    distribution = try .mixture(body: body, tail: tail, tailWeight: tailWeight)
    var worst = 0.0
    for (fraction, time) in quantiles {
      let ratio = Double(distribution.quantile(fraction).count) / Double(time.count)
      worst = max(worst, abs(ratio - 1))
    }
    worstError = Fraction(worst)
  }

  private static func check(
    _ quantiles: [(fraction: Fraction, time: Nanoseconds)]
  ) throws(DistributionError) {
    let name = "a fit of a body with a tail"
    guard quantiles.count >= 5 else {
      throw DistributionError(
        "\(name) cannot rest on \(counted(quantiles.count, "quantile")): it has 5 parameters; "
          + "give 5 or more, such as 10%, 50%, 90%, 99% and 99.9%")
    }
    for (fraction, time) in quantiles
    where !(fraction.value > 0 && fraction.value < 1 && time > .zero) {
      throw DistributionError(
        "\(name) cannot take \(time.text) at \(fraction.text): give times above 0 at fractions "
          + "between 0% and 100%")
    }
    for (left, right) in zip(quantiles, quantiles.dropFirst())
    where left.fraction >= right.fraction || left.time >= right.time {
      throw DistributionError(
        "\(name) cannot take \(right.time.text) at \(right.fraction.text) after \(left.time.text) "
          + "at \(left.fraction.text): both must rise from one quantile to the next")
    }
  }

  /// The largest sigma: a part whose 99th percentile is a thousand times its median.
  private static let widest = 3.0

  /// Parameters without bounds: body mu, log sigma; log-odds of the tail; log of the distance
  /// between the two mu, log of the tail's sigma.
  private static func start(_ points: [(z: Double, log: Double)], weight: Double) -> [Double] {
    let (first, last) = (points[0], points[points.count - 1])
    let middle = points.min { abs($0.z) < abs($1.z) } ?? first
    let slope = min(max((middle.log - first.log) / max(middle.z - first.z, 0.1), 0.05), 1)
    let reach = max(last.log - middle.log, 0.1)
    return [
      middle.log, Elementary.log(slope), weight, Elementary.log(reach),
      Elementary.log(min(reach / 3, 1)),
    ]
  }

  private static func parts(_ place: [Double]) -> (Lognormal, Lognormal, Fraction) {
    (
      Lognormal(mu: place[0], sigma: Elementary.exp(place[1])),
      Lognormal(mu: place[0] + Elementary.exp(place[3]), sigma: Elementary.exp(place[4])),
      Fraction(1 / (1 + Elementary.exp(-place[2])))
    )
  }

  private static func misfit(_ place: [Double], _ points: [(z: Double, log: Double)]) -> Double {
    let (body, tail, weight) = parts(place)
    // A part narrower than 1/1000 of its median would be a step, which attracts and fits nothing;
    // one beyond all that was given would stand on nothing.
    let end = points[points.count - 1].log + 1
    let widths = 1e-3...widest
    guard widths.contains(body.sigma), widths.contains(tail.sigma), tail.mu < end else {
      return .infinity
    }
    return points.reduce(0) { sum, point in
      // Above the middle the small probability is the one with the digits.
      let side: Double = point.z > 0 ? -1 : 1
      let mass =
        (1 - weight.value) * Elementary.normalCumulative(side * (point.log - body.mu) / body.sigma)
        + weight.value * Elementary.normalCumulative(side * (point.log - tail.mu) / tail.sigma)
      let z = side * Elementary.normalQuantile(min(max(mass, 1e-300), 1 - 0x1p-53))
      return sum + (z - point.z) * (z - point.z)
    }
  }
}
