import Foundation
import Measure
import Simulation
import Statistics
import Testing

struct LongRunTests {
  /// A normal walk that is drawn back to 0 by its `correlation`; 1 is a random walk.
  private static func walk(
    _ count: Int, correlation: Double, drift: Double = 0, from start: Double = 0,
    random: inout SeededRandom
  ) -> [Double] {
    var state = start
    return (0..<count).map { _ in
      // As good as normal: the sum of four uniform numbers.
      let sum = random.unit() + random.unit() + random.unit() + random.unit()
      state = correlation * state + drift + (sum - 2) * 3.0.squareRoot()
      return state
    }
  }

  private static func series(_ values: [Double]) -> OutputSeries {
    OutputSeries(spacing: .milliseconds(500), values: values)
  }

  @Test func aLoadAboveCapacityIsSaturatedAndItsGrowthIsTheExcess() {
    var covered = 0
    for seed in 0..<30 as Range<UInt64> {
      // Two a second come in, one and a half can leave.
      let run = TandemObservation(
        arrivals: 2, rates: [1.5], seconds: 2000, samples: 640, seed: seed)
      guard case .saturated(let saturation) = LongRun.of(run.series) else {
        Issue.record("seed \(seed): \(LongRun.of(run.series))")
        continue
      }
      #expect(saturation.growing == 1 && saturation.runs == 1)
      let rate = saturation.growth.perSecond
      if rate.lower <= 0.5 && 0.5 <= rate.upper { covered += 1 }
    }
    #expect(covered >= 25)
  }

  @Test func aBusyQueueIsNotSaturated() {
    var settled = 0
    for seed in 0..<30 as Range<UInt64> {
      let run = TandemObservation(
        arrivals: 0.9, rates: [1], seconds: 4000, samples: 1000, seed: seed)
      let verdict = LongRun.of(run.series)
      if case .saturated = verdict { Issue.record("seed \(seed): \(verdict)") }
      if case .steady = verdict { settled += 1 }
    }
    #expect(settled >= 15)
  }

  @Test func growthIsSeldomSeenWhereThereIsNone() {
    var random = SeededRandom(seed: 4)
    for correlation in [0, 0.9, 0.99, 1] {
      var alarms = 0
      var alarmsOfRanks = 0
      for _ in 0..<300 {
        let values = Self.walk(320, correlation: correlation, random: &random)
        let growth = Growth(of: Self.series(values), confidence: .percent(95))
        if growth?.isUnbounded == true { alarms += 1 }
        guard correlation >= 0.99 else { continue }
        let means = stride(from: 160, to: 320, by: 10).map { start in
          values[start..<(start + 10)].reduce(0, +)
        }
        if let test = MannKendall(means), test.p < 0.001, test.score > 0 { alarmsOfRanks += 1 }
      }
      #expect(alarms <= 2, "\(correlation): \(alarms)")
      // Why the levels are not judged by ranks, at the same level of confidence.
      if correlation >= 0.99 { #expect(alarmsOfRanks >= 25, "\(correlation): \(alarmsOfRanks)") }
    }
  }

  @Test func theIntervalOfGrowthCoversTheDriftOfARandomWalk() {
    var random = SeededRandom(seed: 5)
    let covered = (0..<400).count { _ in
      let values = Self.walk(320, correlation: 1, drift: 0.3, random: &random)
      let rate = Growth(of: Self.series(values), confidence: .percent(95))?.perSecond
      return rate.map { $0.lower <= 0.6 && 0.6 <= $0.upper } ?? false
    }
    #expect(370...392 ~= covered, "\(covered)")
  }

  @Test func aWarmUpIsCutAndIsNoGrowth() throws {
    var random = SeededRandom(seed: 6)
    let noise = (0..<1000).map { _ in random.unit() }
    let values = noise.enumerated().map { $1 + 10 * min(1, Double($0) / 300) }
    guard case .steady(let steady) = LongRun.of(Self.series(values)) else {
      Issue.record("\(LongRun.of(Self.series(values)))")
      return
    }
    #expect(280...320 ~= Int(steady.truncated.value * 1000))
    #expect(steady.warmUp == .milliseconds(500) * Int64(1000 * steady.truncated.value))
    #expect(steady.mean.lower < 10.5 && 10.5 < steady.mean.upper)
    // A warm-up that lasts beyond the middle leaves too little to judge.
    let late = noise.enumerated().map { $1 + 10 * min(1, Double($0) / 800) }
    if case .steady = LongRun.of(Self.series(late)) { Issue.record("not settled yet") }
    #expect(LongRun.of(Self.series([1, 2, 3])) == .unsettled(.tooFewValues))
    #expect(LongRun.of(Self.series(values + [.nan])) == .unsettled(.tooFewValues))
    #expect(LongRun.of(replications: []) == .unsettled(.tooFewValues))
  }

  @Test func aWarmUpThatSlowsDownIsNoGrowthThoughItRisesToTheEnd() throws {
    let approach = (0..<960).map { 1 - exp(-Double($0) / 320) }
    let growth = try #require(Growth(of: Self.series(approach), confidence: .percent(95)))
    #expect(!growth.isUnbounded && growth.perSecond.lower > 0)
    // Level at first, then linear to the end: a load that rose above capacity in the middle.
    let late = (0..<960).map { max(0, Double($0) - 480) }
    let growing = try #require(Growth(of: Self.series(late), confidence: .percent(95)))
    #expect(growing.isUnbounded && (growing.perSecond.value - 2).magnitude < 0.1)
    #expect(Growth(of: Self.series(Array(late.prefix(31))), confidence: .percent(95)) == nil)
  }

  @Test func oneRunawayAmongManyRunsIsNotAveragedAway() {
    var random = SeededRandom(seed: 7)
    var runs = (0..<9).map { _ in
      Self.series(Self.walk(640, correlation: 0.5, random: &random).map { $0 + 50 })
    }
    guard case .steady(let steady) = LongRun.of(replications: runs) else {
      Issue.record("\(LongRun.of(replications: runs))")
      return
    }
    #expect(steady.mean.lower < 50 && 50 < steady.mean.upper && steady.mean.count == 9)
    runs.append(Self.series((0..<640).map { Double($0) * 0.1 + random.unit() }))
    guard case .saturated(let saturation) = LongRun.of(replications: runs) else {
      Issue.record("\(LongRun.of(replications: runs))")
      return
    }
    #expect(saturation.growing == 1 && saturation.runs == 10)
  }

  /// Of the intervals that are given at all nearly as many cover the truth as they say.
  @Test(arguments: [0, 0.5, 0.9, 0.95])
  func batchMeansCoverTheMeanOfACorrelatedSeries(correlation: Double) {
    var random = SeededRandom(seed: 8)
    var given = 0
    var covered = 0
    for _ in 0..<300 {
      let values = Self.walk(1200, correlation: correlation, random: &random)
      guard let batches = BatchMeans(of: Array(values.dropFirst(200)), confidence: .percent(95)),
        batches.areLongEnough
      else { continue }
      given += 1
      if batches.mean.lower <= 0, 0 <= batches.mean.upper { covered += 1 }
    }
    #expect(Double(covered) >= 0.91 * Double(given), "\(covered) of \(given)")
    #expect(given >= 200)
  }

  @Test func batchesOfARandomWalkAreTooShort() throws {
    var random = SeededRandom(seed: 9)
    let walk = Self.walk(2000, correlation: 1, random: &random)
    let batches = try #require(BatchMeans(of: walk, confidence: .percent(95)))
    #expect(!batches.areLongEnough && batches.length == 100 && batches.correlation > 0.5)
    #expect(BatchMeans(of: Array(walk.prefix(39)), confidence: .percent(95)) == nil)
    let level = try #require(
      BatchMeans(of: Array(repeating: 2, count: 100), confidence: .percent(95)))
    #expect(level.areLongEnough && level.mean.lower == 2 && level.mean.upper == 2)
  }
}
