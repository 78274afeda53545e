import Measure
import Testing

@testable import Simulation

struct MixtureFitTests {
  private static let fractions = [0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999].map(Fraction.init)

  @Test(arguments: [(0.02, 2_000, 0.7), (0.1, 900, 0.4), (0.002, 10_000, 0.3)])
  func theQuantilesOfAMixtureAreFoundAgain(
    weight: Double, median: Int64, sigma: Double
  ) throws {
    let truth = try Distribution.mixture(
      body: Lognormal(median: .microseconds(150), sigma: 0.3),
      tail: Lognormal(median: .microseconds(median), sigma: sigma), tailWeight: Fraction(weight))
    let fit = try MixtureFit(quantiles: Self.fractions.map { ($0, truth.quantile($0)) })
    #expect(fit.worstError.value < 0.005, "\(fit)")
    #expect(abs(fit.distribution.mean / truth.mean - 1) < 0.005)
    // Between the quantiles that were given, too.
    for p in [0.25, 0.75, 0.97, 0.995] {
      let ratio =
        Double(fit.distribution.quantile(Fraction(p)).count)
        / Double(truth.quantile(Fraction(p)).count)
      #expect(abs(ratio - 1) < 0.01, "\(p): \(ratio)")
    }
  }

  @Test func quantilesThatAreNoMixtureAreFittedWithTheirError() throws {
    // A step in the middle: no two lognormals have it.
    let times: [Int64] = [100, 101, 500, 501, 502, 900]
    let fractions = [0.1, 0.4, 0.5, 0.8, 0.9, 0.999]
    let fit = try MixtureFit(
      quantiles: zip(fractions, times).map { (Fraction($0), .microseconds($1)) })
    #expect(fit.worstError.value > 0.01)
  }

  @Test func oneLognormalIsFittedToo() throws {
    let truth = try Distribution.lognormal(Lognormal(median: .milliseconds(1), sigma: 0.5))
    let fit = try MixtureFit(quantiles: Self.fractions.map { ($0, truth.quantile($0)) })
    #expect(fit.worstError.value < 0.005, "\(fit)")
  }

  @Test func quantilesThatCannotBeAreRefusedWithTheReason() {
    func refused(_ expected: String, _ quantiles: [(Fraction, Nanoseconds)]) {
      do throws(DistributionError) {
        _ = try MixtureFit(quantiles: quantiles)
        Issue.record("\(expected) was taken")
      } catch {
        #expect(error.description.contains(expected))
      }
    }
    let good = Self.fractions.enumerated().map { ($1, Nanoseconds.milliseconds(Int64($0 + 1))) }
    refused("4 quantiles", Array(good.prefix(4)))
    refused(
      "4ms at 95% after 9ms at 90%", good.map { $0.0.value == 0.9 ? ($0.0, .milliseconds(9)) : $0 })
    refused("7ms at 100%", good.dropLast() + [(Fraction(1), .milliseconds(7))])
  }
}
