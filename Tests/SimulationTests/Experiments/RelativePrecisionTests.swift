import Foundation
import Measure
import Simulation
import Statistics
import Testing

struct RelativePrecisionTests {
  /// A gamma variable of shape 4 and mean 1: skewed as means of waiting times are.
  private static func gamma(_ random: inout SeededRandom) -> Double {
    (0..<4).reduce(0) { sum, _ in sum - log(1 - random.unit()) / 4 }
  }

  /// The interval covers the truth as often as it says, though the data decided when to stop.
  @Test(arguments: [0.1, 0.2]) func coverageIsHonest(target: Double) async throws {
    let precision = RelativePrecision(target: Fraction(target), first: 20, most: 5000)
    var covered = 0
    var total = 0
    let experiments = 400
    for seed in 0..<experiments {
      let plan = Replications(seed: UInt64(seed), atOnce: 1)
      let (values, estimate) = try await plan.run(until: precision, of: \Double.self) {
        var random = SeededRandom(seed: $0.seed)
        return Self.gamma(&random)
      }
      let found = try #require(estimate)
      #expect(found.isReached && found.relativeHalfWidth <= precision.target)
      #expect(found.mean.count == values.count && values.count >= 20)
      if found.mean.lower <= 1, 1 <= found.mean.upper { covered += 1 }
      total += values.count
    }
    #expect(covered >= 370, "\(covered) of \(experiments)")
    // The deviation is 1/2: (1.96 * 0.5 / target)² would do if it were known.
    let needed = max(20, 0.9604 / (target * target))
    #expect(Double(total) / Double(experiments) <= 1.2 * needed)
  }

  /// The stopping rule that looks after each replication, with two to begin with, is not honest.
  @Test func lookingAfterEachReplicationMissesMoreOften() {
    var covered = 0
    for seed in 0..<400 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      var values = (0..<2).map { _ in Self.gamma(&random) }
      while let mean = ReplicatedMetric(values)?.mean, mean.upper - mean.value > 0.3 * mean.value {
        values.append(Self.gamma(&random))
      }
      if let mean = ReplicatedMetric(values)?.mean, mean.lower <= 1, 1 <= mean.upper {
        covered += 1
      }
    }
    #expect(covered < 364, "\(covered)")
  }

  @Test func theMostAllowedEndsItUnreached() async throws {
    let precision = RelativePrecision(target: .percent(0.1), first: 10, most: 60)
    let (values, estimate) = try await Replications(seed: 1, atOnce: 2).run(
      until: precision, of: \Double.self
    ) {
      var random = SeededRandom(seed: $0.seed)
      return random.unit()
    }
    #expect(values.count == 60 && estimate?.isReached == false)
    let (none, nothing) = try await Replications(seed: 1, atOnce: 2).run(
      until: precision, of: \Double.self
    ) { _ in .infinity }
    #expect(none.count == 10 && nothing == nil)
    let (level, certain) = try await Replications(seed: 1, atOnce: 2).run(
      until: precision, of: \Double.self
    ) { _ in 0 }
    #expect(level.count == 10 && certain?.isReached == true)
  }

  @Test func theNumberOfThreadsDecidesNothing() async throws {
    let precision = RelativePrecision(target: .percent(10), most: 1000)
    func run(_ atOnce: Int) async throws -> ([Double], RelativePrecision.Estimate?) {
      try await Replications(seed: 6, atOnce: atOnce).run(until: precision, of: \Double.self) {
        var random = SeededRandom(seed: $0.seed)
        return Self.gamma(&random)
      }
    }
    let (values, estimate) = try await run(1)
    for atOnce in [2, 5] {
      let (others, other) = try await run(atOnce)
      #expect(others == values && other == estimate)
    }
  }
}
