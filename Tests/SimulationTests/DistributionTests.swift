import Measure
import Statistics
import TestSupport
import Testing

@testable import Simulation

/// One of each family, with scipy's name for it; times in ns.
private let families: [(name: String, distribution: Distribution, oracle: String)] = [
  ("constant", .known(try .constant(.microseconds(7))), ""),
  (
    "uniform", .known(try .uniform(from: .microseconds(5), to: .microseconds(25))),
    "s.uniform(5000, 20000)"
  ),
  ("exponential", .known(try .exponential(mean: .milliseconds(1))), "s.expon(0, 1e6)"),
  ("Erlang", .known(try .erlang(phases: 4, mean: .milliseconds(1))), "s.gamma(4, 0, 2.5e5)"),
  (
    "hyperexponential",
    .known(try .hyperexponential(mean: .milliseconds(1), squaredVariation: 9)),
    "Mixture(0.5 + 0.8**0.5 / 2, lambda w: s.expon(0, 5e5 / w))"
  ),
  (
    "normal", .known(try .normal(mean: .microseconds(100), deviation: .microseconds(80))),
    "Rectified(1e5, 8e4)"
  ),
  (
    "lognormal",
    .known(try .lognormal(Lognormal(median: .microseconds(150), sigma: 0.5))),
    "s.lognorm(0.5, 0, 150e3)"
  ),
  (
    "mixture",
    .known(
      try .mixture(
        body: Lognormal(median: .microseconds(150), sigma: 0.3),
        tail: Lognormal(median: .milliseconds(2), sigma: 0.7), tailWeight: .percent(2))),
    "Pair(0.98, s.lognorm(0.3, 0, 150e3), s.lognorm(0.7, 0, 2e6))"
  ),
  (
    "samples", .known(try .samples([3, 10, 10, 40, 1000].map { Nanoseconds($0 * 1000) })), ""
  ),
]

private let scipy = """
  import scipy.stats as s
  from scipy.optimize import brentq
  class Pair:
    def __init__(self, w, a, b): self.w, self.a, self.b = w, a, b
    def cdf(self, x): return self.w * self.a.cdf(x) + (1 - self.w) * self.b.cdf(x)
    def moment(self, n): return self.w * self.a.moment(n) + (1 - self.w) * self.b.moment(n)
    def ppf(self, p): return brentq(lambda x: self.cdf(x) - p, 0, 1e12, xtol=1e-6, rtol=1e-14)
  def Mixture(w, make): return Pair(w, make(w), make(1 - w))
  class Rectified:
    def __init__(self, mean, sigma):
      self.of = s.norm(mean, sigma)
      self.above = s.truncnorm(-mean / sigma, float("inf"), mean, sigma)
    def cdf(self, x): return self.of.cdf(x)
    def ppf(self, p): return max(0, self.of.ppf(p))
    def moment(self, n): return self.above.moment(n) * self.of.sf(0)
  def answer(case):
    d = eval(case)
    quantiles = [d.ppf(p / 100) for p in (1, 25, 50, 90, 99)]
    return [d.moment(1), d.moment(2)] + quantiles + [d.cdf(q * 1.1) for q in quantiles]
  """

struct DistributionTests {
  @Test(Requires.python("scipy"))
  func meansVariationsQuantilesAndProbabilitiesAreThoseOfScipy() throws {
    let known = families.filter { !$0.oracle.isEmpty }
    let answers: [[Double]] = try PythonOracle.answers(scipy, to: known.map(\.oracle))
    for ((name, distribution, _), truth) in zip(known, answers) {
      let (mean, second) = (truth[0], truth[1])
      #expect(abs(distribution.mean / mean - 1) < 1e-9, "\(name)")
      let variation = second / (mean * mean) - 1
      #expect(abs(distribution.squaredVariation / variation - 1) < 1e-7, "\(name)")
      for (index, p) in [0.01, 0.25, 0.5, 0.9, 0.99].enumerated() {
        let quantile = distribution.quantile(Fraction(p))
        #expect(abs(Double(quantile.count) - truth[2 + index]) <= 1, "\(name) \(p)")
        let cumulative = distribution.cumulative(at: truth[2 + index] * 1.1)
        #expect(abs(cumulative - truth[7 + index]) < 1e-10, "\(name) \(p)")
      }
    }
  }

  /// Kolmogorov's distance of 10000 draws from the distribution they claim to be of.
  @Test func drawsFollowTheirDistribution() {
    let count = 10_000
    for (entity, (name, distribution, _)) in families.enumerated() where name != "constant" {
      var stream = RandomStream(seed: 19, entity: UInt32(entity), purpose: 1)
      let draws = (0..<count).map { _ in distribution.draw(&stream).count }.sorted()
      var worst = 0.0
      for (index, draw) in draws.enumerated() {
        // Draws are rounded: any probability within half a nanosecond is theirs.
        let low = draw > 0 ? distribution.cumulative(at: Double(draw) - 0.5) : 0
        let high = distribution.cumulative(at: Double(draw) + 0.5)
        worst = max(worst, low - Double(index + 1) / Double(count))
        worst = max(worst, Double(index) / Double(count) - high)
      }
      // The 99.99 % point of Kolmogorov's distribution is 2.226.
      #expect(worst * Double(count).squareRoot() < 2.226, "\(name): \(worst)")
    }
  }

  @Test func meansOfDrawsAreTheMean() {
    for (entity, (name, distribution, _)) in families.enumerated() {
      var stream = RandomStream(seed: 23, entity: UInt32(entity), purpose: 1)
      let count = 20_000
      let sum = (0..<count).reduce(0.0) { sum, _ in
        sum + Double(distribution.draw(&stream).count)
      }
      let deviation = distribution.mean * distribution.squaredVariation.squareRoot()
      let error = 4 * deviation / Double(count).squareRoot() + 0.01
      #expect(abs(sum / Double(count) - distribution.mean) <= error, "\(name)")
    }
  }

  @Test func aLongerDistributionDrawsTheSameTimesLonger() throws {
    for (name, distribution, _) in families {
      let longer = try distribution.scaled(by: 3)
      var (left, right) = (
        RandomStream(seed: 1, entity: 0, purpose: 0), RandomStream(seed: 1, entity: 0, purpose: 0)
      )
      for _ in 0..<100 {
        let (short, long) = (distribution.draw(&left), longer.draw(&right))
        #expect(abs(long.count - 3 * short.count) <= 2, "\(name)")
      }
      #expect(abs(longer.mean / distribution.mean - 3) < 1e-9, "\(name)")
    }
  }

  @Test func aMeasuredHistogramIsDrawnWithinItsBuckets() throws {
    let disk = families[7].distribution
    var stream = RandomStream(seed: 29, entity: 0, purpose: 0)
    var histogram = LatencyHistogram()
    for _ in 0..<50_000 { histogram.record(UInt64(disk.draw(&stream).count)) }
    let measured = histogram.snapshot()
    let distribution = try Distribution.measured(measured)
    #expect(abs(distribution.mean / measured.mean - 1) < 0.001)
    var again = LatencyHistogram()
    for _ in 0..<50_000 { again.record(UInt64(distribution.draw(&stream).count)) }
    #expect(again.minimum >= histogram.minimum && again.maximum <= histogram.maximum)
    for fraction in [0.1, 0.5, 0.9, 0.95] {
      let (before, after) = (try #require(measured.quantile(fraction)), again.snapshot())
      let ratio = Double(try #require(after.quantile(fraction))) / Double(before)
      #expect(abs(ratio - 1) < 0.03, "\(fraction): \(ratio)")
    }
    #expect(distribution.quantile(Fraction(0)).count == Int64(measured.minimum))
    #expect(distribution.quantile(Fraction(1)).count == Int64(measured.maximum))
  }

  @Test func singleNanosecondsOfAHistogramComeBackExactly() throws {
    var histogram = LatencyHistogram()
    for value: UInt64 in [5, 5, 5, 90] { histogram.record(value) }
    let distribution = try Distribution.measured(histogram.snapshot())
    var stream = RandomStream(seed: 2, entity: 0, purpose: 0)
    let draws = (0..<4000).map { _ in distribution.draw(&stream).count }
    #expect(Set(draws) == [5, 90])
    #expect(abs(draws.filter { $0 == 5 }.count - 3000) < 120)
  }

  @Test func equalTablesAreKeptOnce() throws {
    let samples = (1...50).map { Nanoseconds($0 * $0) }
    #expect(try Distribution.samples(samples) == Distribution.samples(samples))
    #expect(try Distribution.samples(samples) != Distribution.samples(samples.dropLast()))
  }

  @Test func impossibleParametersAreRefusedWithTheReason() {
    func refused(_ expected: String, _ make: () throws(DistributionError) -> Distribution) {
      do {
        _ = try make()
        Issue.record("\(expected) was taken")
      } catch {
        #expect(error.description.contains(expected))
      }
    }
    refused("median 0s") { () throws(DistributionError) in
      try .lognormal(Lognormal(median: .zero, sigma: 1))
    }
    refused("sigma -0.1") { () throws(DistributionError) in
      try .lognormal(Lognormal(median: .seconds(1), sigma: -0.1))
    }
    refused("p99 1ms below p50 2ms") { () throws(DistributionError) in
      try .lognormal(Lognormal(p50: .milliseconds(2), p99: .milliseconds(1)))
    }
    refused("mean -1ns") { () throws(DistributionError) in try .exponential(mean: Nanoseconds(-1)) }
    refused("before its start 2s") { () throws(DistributionError) in
      try .uniform(from: .seconds(2), to: .seconds(1))
    }
    refused("squared variation 0.5") { () throws(DistributionError) in
      try .hyperexponential(mean: .seconds(1), squaredVariation: 0.5)
    }
    refused("weight 101%") { () throws(DistributionError) in
      let part = try Lognormal(median: .seconds(1), sigma: 1)
      return try .mixture(body: part, tail: part, tailWeight: .percent(101))
    }
    refused("fall from 9ns to 8ns at number 3") { () throws(DistributionError) in
      try .samples([1, 9, 8].map(Nanoseconds.init))
    }
    refused("no sample") { () throws(DistributionError) in try .samples([]) }
    refused("no observation") { () throws(DistributionError) in try .measured(.init()) }
    refused("146 years") { () throws(DistributionError) in
      try .lognormal(Lognormal(median: .seconds(1), sigma: 9))
    }
    refused("factor -1") { () throws(DistributionError) in
      try Distribution.constant(.seconds(1)).scaled(by: -1)
    }
  }
}
