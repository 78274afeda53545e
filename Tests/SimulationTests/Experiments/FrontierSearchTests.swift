import Measure
import Simulation
import Statistics
import Testing

struct FrontierSearchTests {
  private static let plan = Replications(seed: 11, atOnce: 2)

  /// A metric that falls from 10 at candidate 0 by 0.1 a step, with noise of spread about 0.3.
  @Sendable private static func falling(_ value: Double, _ replication: Replication) -> Double {
    var random = SeededRandom(seed: replication.seed)
    return 10 - 0.1 * value + random.unit() - 0.5
  }

  private static func search(
    _ candidates: [Double] = (0...100).map(Double.init), wanted: FrontierSearch.Wanted = .smallest,
    limit: FrontierSearch.Limit = .atMost(6.95), replications: Int = 20, budget: Int = 100_000
  ) -> FrontierSearch {
    FrontierSearch(
      candidates: candidates, wanted: wanted, limit: limit, replicationsALook: replications,
      looks: 10, budget: budget)
  }

  @Test func theSmallestValueThatKeepsTheLimitIsFound() async throws {
    let frontier = try await Self.plan.search(
      Self.search(replications: 200), metric: Self.falling)
    #expect(frontier.answer == .found(31, breaking: 30))
    #expect(frontier.points.count <= 2 + 7)
    #expect(frontier.points.prefix(2).map(\.candidate) == [100, 0])
    #expect(frontier.points.allSatisfy { $0.interval?.count == $0.replications })
    let again = try await Replications(seed: 11, atOnce: 7).search(
      Self.search(replications: 200), metric: Self.falling)
    #expect(again == frontier)
  }

  @Test func theLargestAndLimitsFromBelowAreFoundToo() async throws {
    let largest = try await Self.plan.search(
      Self.search(wanted: .largest, limit: .atMost(6.95), replications: 200)
    ) { 10 - Self.falling($0, $1) }
    #expect(largest.answer == .found(69, breaking: 70))
    let below = try await Self.plan.search(
      Self.search(limit: .atLeast(3.05), replications: 200)
    ) { 10 - Self.falling($0, $1) }
    #expect(below.answer == .found(31, breaking: 30))
    let most = try await Self.plan.search(
      Self.search(wanted: .largest, limit: .atLeast(6.95), replications: 200),
      metric: Self.falling)
    #expect(most.answer == .found(30, breaking: 31))
  }

  @Test func whatLiesOutsideIsNotBracketed() async throws {
    let all = try await Self.plan.search(Self.search(limit: .atMost(20)), metric: Self.falling)
    #expect(all.answer == .everyCandidateKeeps && all.points.count == 2)
    let none = try await Self.plan.search(Self.search(limit: .atMost(-20)), metric: Self.falling)
    #expect(none.answer == .noCandidateKeeps && none.points.count == 1)
    let one = try await Self.plan.search(Self.search([40]), metric: Self.falling)
    #expect(one.answer == .everyCandidateKeeps && one.replications == 20)
    let onLimit = try await Self.plan.search(
      Self.search([30.5], replications: 10), metric: Self.falling)
    #expect(onLimit.answer == .undecided(breaking: nil, keeping: nil, because: .tooNear))
  }

  @Test func aMetricOnTheLimitIsUndecidedAndNarrowedFromBothSides() async throws {
    let frontier = try await Self.plan.search(
      Self.search(limit: .atMost(7), replications: 10), metric: Self.falling)
    guard case .undecided(let breaking?, let keeping?, because: .tooNear) = frontier.answer else {
      Issue.record("\(frontier.answer)")
      return
    }
    #expect(25...29 ~= breaking && 31...35 ~= keeping)
    let vain = frontier.points.filter { $0.verdict == .undecided }
    #expect(vain.allSatisfy { breaking < $0.candidate && $0.candidate < keeping })
    #expect(vain.allSatisfy { $0.replications == 100 })
  }

  @Test func theBudgetIsKept() async throws {
    for budget in [20, 39, 70, 110] {
      let frontier = try await Self.plan.search(
        Self.search(budget: budget), metric: Self.falling)
      #expect(frontier.replications <= budget)
      guard case .undecided(_, _, because: .budgetSpent) = frontier.answer else {
        Issue.record("\(budget): \(frontier.answer)")
        continue
      }
    }
  }

  @Test func aPointThatSaturatesNeverKeepsTheLimit() async throws {
    let frontier = try await Self.plan.search(
      Self.search((0...9).map(Double.init), limit: .atMost(9.5), replications: 10)
    ) { value, replication in
      // Below 4 all replications run away, at 4 and 5 a third of them.
      if value < 4 { return .infinity }
      if value < 6, replication.number.isMultiple(of: 3) { return .infinity }
      return 9 - value / 10
    }
    guard case .undecided(breaking: 3, keeping: 6, because: .tooNear) = frontier.answer else {
      Issue.record("\(frontier.answer)")
      return
    }
    let mixed = try #require(frontier.points.first { $0.candidate == 4 })
    #expect(mixed.interval == nil && mixed.saturated == 34 && mixed.replications == 100)
  }

  /// Of searches beside the frontier few give a wrong answer, fewer than the confidence says.
  @Test func answersAreSeldomWrong() async throws {
    let search = FrontierSearch(
      candidates: (0...15).map { Double($0) }, limit: .atMost(9.24), replicationsALook: 5,
      looks: 5, budget: 10_000)
    var wrong = 0
    var found = 0
    for seed in 0..<200 {
      let plan = Replications(seed: UInt64(seed), atOnce: 1)
      switch try await plan.search(search, metric: Self.falling).answer {
      case .found(8, breaking: 7): found += 1
      case .undecided(let breaking, let keeping, _):
        if breaking ?? -1 > 7 || keeping ?? 99 < 8 { wrong += 1 }
      default: wrong += 1
      }
    }
    #expect(wrong <= 10, "\(wrong)")
    #expect(found < 200)
  }
}
