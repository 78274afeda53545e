import Foundation
import Judgement
import Measure
import Statistics
import Testing

@testable import Ledger

struct ComparisonTests {
  private func row(
    _ arms: [ComparisonArm], _ rules: ComparisonRules = ComparisonRules()
  ) throws -> ComparisonRow {
    try #require(try ComparisonJudge.compare(arms, rules: rules).rows.first)
  }

  private static func mirrored(_ verdict: ComparisonRow.Verdict) -> ComparisonRow.Verdict {
    switch verdict {
    case .better: .worse
    case .worse: .better
    default: verdict
    }
  }

  // MARK: Properties

  @Test(arguments: ["iops", "latency p99"]) func swappingArmsTurnsEverythingRound(
    metric: String
  ) throws {
    var random = SeededRandom(seed: 11)
    var seen: Set<ComparisonRow.Verdict> = []
    for trial in 0..<300 {
      let effect = 0.85 + 0.3 * random.unit()
      let draw = { (random: inout SeededRandom) in
        (0..<8).map { _ in 1000 * (1 + 0.02 * noise(&random)) }
      }
      let first = draw(&random)
      let second = draw(&random).map { $0 * effect }
      let isPaired = trial.isMultiple(of: 2)
      let arms =
        isPaired
        ? Arms.oneRecord(.abba, blocks: 8, metric: metric) { system, place in
          system == "dpu" ? second[place / 2] : first[place / 2]
        } : Arms.twoRecords(first, second, metric: metric)
      let there = try row(arms)
      let back = try row(arms.reversed())
      #expect(there.method == (isPaired ? .paired : .unpaired))
      #expect(back.verdict == Self.mirrored(there.verdict), "\(there.reason) / \(back.reason)")
      let (one, other) = (try #require(there.interval), try #require(back.interval))
      for (value, inverse) in [
        (there.ratio ?? 0, back.ratio ?? 0), (one.lower, other.upper), (one.upper, other.lower),
      ] { #expect((value * inverse - 1).magnitude < 1e-9) }
      seen.insert(there.verdict)
    }
    #expect(seen == [.better, .worse, .same, .inconclusive], "every verdict occurs: \(seen)")
  }

  @Test func unitsDoNotMatter() throws {
    var random = SeededRandom(seed: 12)
    let values = (0..<20).map { _ in 1000 * (1 + 0.03 * noise(&random)) }
    for factor in [1e-9, 0.5, 1024, 1e12] {
      let plain = try row(Arms.oneRecord(.abba, blocks: 10) { _, place in values[place] })
      let scaled = try row(
        Arms.oneRecord(.abba, blocks: 10) { _, place in values[place] * factor })
      #expect(scaled.verdict == plain.verdict)
      #expect(((scaled.ratio ?? 0) / (plain.ratio ?? 1) - 1).magnitude < 1e-12)
      #expect(scaled.reason == plain.reason)
    }
  }

  /// Research R6: 5 % of linear drift over the run, values scattered by 1 %, and no difference.
  @Test func pairsInTurnSurviveDriftThatSequentialOrderDoesNot() throws {
    let blocks = 10
    var random = SeededRandom(seed: 13)
    var wrong: [Arms.Order: Int] = [:]
    var silent = 0
    let series = 1000
    for _ in 0..<series {
      let values = (0..<2 * blocks).map { place -> Double in
        let drift = 0.05 * Double(place) / Double(2 * blocks - 1)
        return 1000 * (1 + drift) * (1 + 0.01 * noise(&random))
      }
      for order in [Arms.Order.abba, .sequential] {
        let found = try ComparisonJudge.compare(
          Arms.oneRecord(order, blocks: blocks) { _, place in values[place] },
          rules: ComparisonRules(tolerance: .percent(0)))
        let interval = try #require(found.rows[0].interval)
        if interval.lower > 1 || interval.upper < 1 { wrong[order, default: 0] += 1 }
        let isTold = found.caveats.contains { $0.code == FindingCode.orderSequential.rawValue }
        #expect(found.rows[0].method == (order == .abba ? .paired : .unpaired))
        if isTold != (order == .sequential) { silent += 1 }
      }
    }
    // Three standard errors of a share of 5 % in 1000.
    #expect(wrong[.abba, default: 0] <= 50 + 21, "\(wrong)")
    #expect(wrong[.sequential, default: 0] > 900, "\(wrong)")
    #expect(silent == 0)
  }

  @Test func pairsAreOfOneBlockWhereverTrialsAreMissing() throws {
    var arms = Arms.oneRecord(.abba, blocks: 8) { system, place in
      (system == "dpu" ? 90 : 100) / Double(place / 2 + 1)
    }
    arms[0].cases[0].samples.remove(at: 0)
    arms[1].cases[0].samples.remove(at: 7)
    let found = try row(arms)
    #expect(found.method == .paired && found.pairs == 6, "\(found.reason)")
    #expect(((found.interval?.lower ?? 0) - 0.9).magnitude < 1e-9)
    #expect(((found.interval?.upper ?? 0) - 0.9).magnitude < 1e-9)
  }

  // MARK: Verdicts

  @Test(arguments: [
    ("iops", 0.94, ComparisonRow.Verdict.worse), ("iops", 0.955, .same), ("iops", 1, .same),
    ("iops", 1.05, .same), ("iops", 1.06, .better), ("latency p99", 1.06, .worse),
    ("latency p99", 1.045, .same), ("latency p99", 0.958, .same), ("latency p99", 0.94, .better),
  ])
  func theWholeIntervalIsHeldAgainstTheTolerance(
    metric: String, ratio: Double, verdict: ComparisonRow.Verdict
  ) throws {
    let arms = Arms.oneRecord(.abba, blocks: 8, metric: metric) { system, place in
      1000 * (1 + 0.0005 * Double(place % 3)) * (system == "dpu" ? ratio : 1)
    }
    let found = try row(arms)
    #expect(found.verdict == verdict, "\(found.reason)")
    // A tolerance which the interval spans decides nothing.
    let edge = (metric == "iops") == (ratio < 1) ? ratio : 1 / ratio
    let wide = try row(arms, ComparisonRules(tolerance: Fraction((edge - 1).magnitude)))
    #expect(ratio == 1 || wide.verdict == .inconclusive, "\(wide.reason)")
  }

  @Test func theReasonCarriesTheNumbers() throws {
    let found = try row(
      Arms.oneRecord(.abba, blocks: 10) { system, place in
        (system == "dpu" ? 736_000 : 980_000) * (1 + 0.003 * Double(place * 7 % 5 - 2))
      })
    #expect(
      found.reason == "0.751 of local (0.745 to 0.757, 95.1 %): 24.9 % lower; 10 pairs; "
        + "a change above 0.69 % would have been seen")
    #expect(found.verdict == .worse && found.pairs == 10)
  }

  @Test func tooFewTrialsHaveNoInterval() throws {
    let pairs = try row(Arms.oneRecord(.abba, blocks: 5) { _, place in 100 + Double(place) })
    #expect(pairs.verdict == .noInterval && pairs.interval == nil && pairs.ratio != nil)
    #expect(
      pairs.reason.hasSuffix(
        "5 pairs give no 95 % interval; 6 are needed (design: {blocks: 6})"))
    let trials = try row(Arms.twoRecords([1, 2, 3], [1, 2, 3]))
    #expect(
      trials.reason == "1.000 of before: no change; 3 and 3 trials give no 95 % interval; "
        + "4 of each are needed")
    #expect(trials.smallestDetectable == nil)
  }

  @Test(arguments: [
    ([1.0, 0, 2, 3], [1.0, 2, 3, 4], "iops of before is 0 in 1 of 4 trials: there is no ratio"),
    ([1, 2, 3, 4], [0, 0, 0, 0], "iops of after is 0: there is no ratio"),
    ([0], [0], "iops of before is 0, iops of after is 0: there is no ratio"),
    ([1, 2, -3, 4], [1, 2, 3, 4], "iops of before is negative in disk3"),
    ([1, 2, 3, 4], [1, .nan, 3, 4], "iops of after is not a number in disk2"),
    ([1, .infinity, 3, 4], [1, 2, 3, 4], "iops of before is not a number in disk2"),
    ([], [1, 2, 3, 4], "before has no valid trial of this case"),
  ])
  func whatHasNoRatioIsNamed(first: [Double], second: [Double], reason: String) throws {
    let found = try row(Arms.twoRecords(first, second))
    #expect(found.verdict == .notComparable && found.ratio == nil && found.interval == nil)
    #expect(found.reason == "not comparable: " + reason)
    // What cannot be compared can still be written down.
    #expect(throws: Never.self) { try JSONEncoder().encode(found) }
  }

  @Test func aBoundBoundsTheRatio() throws {
    func arms(
      _ first: (Double, MetricValue.Bound?), _ second: (Double, MetricValue.Bound?)
    ) -> [ComparisonArm] {
      [("ironic", first), ("dpu", second)].map { label, value in
        Arms.arm(
          [Arms.samples([value.0], of: label, metric: "create to ping", bound: value.1)],
          label: label, id: "p", system: label, evidence: .published)
      }
    }
    let below = try row(arms((1.2e12, .atLeast), (161e9, nil)))
    #expect(below.verdict == .noInterval && below.ratioBound == .atMost)
    #expect(
      below.reason
        == "at most 0.134 of ironic: at least 86.6 % lower; a published bound, no interval")
    #expect(try row(arms((161e9, nil), (1.2e12, .atLeast))).ratioBound == .atLeast)
    #expect(try row(arms((1.2e12, .atLeast), (161e9, .atMost))).ratioBound == .atMost)
    let neither = try row(arms((1.2e12, .atLeast), (161e9, .atLeast)))
    #expect(neither.verdict == .notComparable && neither.ratio == nil)
  }

  @Test func publishedFiguresSaySo() throws {
    let arms = [("local", 980_000.0), ("dpu", 736_000)].map { label, value in
      Arms.arm(
        [Arms.samples([value], of: label, disclosure: ["pattern": "random-read"])], label: label,
        id: "p", system: label, evidence: .published)
    }
    let found = try ComparisonJudge.compare(arms)
    #expect(
      found.rows[0].reason == "0.751 of local: 24.9 % lower; single published figures, no interval")
    #expect(found.rows[0].verdict == .noInterval)
    #expect(found.caveats.map(\.code) == ["undisclosed"])
    // Beside a figure from elsewhere it may not stand.
    let own = Arms.arm(
      [Arms.samples([1e6, 1e6, 1e6, 1e6], of: "local")], label: "own", id: "o", system: "local")
    let mixed = try ComparisonJudge.compare([arms[0], own])
    #expect(mixed.rows[0].verdict == .notComparable)
    #expect(mixed.rows[0].reason.contains("local does not disclose block size, queue depth"))
    let codes = Set(mixed.caveats.map(\.code))
    #expect(codes.isSuperset(of: ["evidence-differs", "environment-unknown"]))
  }

  @Test func aComparisonReadsBackTheSame() throws {
    let found = try ComparisonJudge.compare(
      Arms.oneRecord(.abba, blocks: 8) { _, place in 100 + Double(place) })
    let bytes = try JSONEncoder().encode(found)
    #expect(try JSONDecoder().decode(Comparison.self, from: bytes) == found)
  }
}
