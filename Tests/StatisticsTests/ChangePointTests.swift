import Measure
import TestSupport
import Testing

@testable import Statistics

struct ChangePointTests {
  private struct Case: Codable {
    var values: [Double]
    var least: Int
    var penalty: Double
  }

  /// Levels that shift now and then under noise, with ties and without.
  private static func cases(_ count: Int, seed: UInt64, sizes: ClosedRange<Int>) -> [Case] {
    var inputs = RankInputs(seed: seed)
    return (0..<count).map { place in
      let least = inputs.count(2...5)
      let size = max(2 * least, inputs.count(sizes))
      var level = 0.0
      let values = inputs.sample(count: size, kind: [0, 1, 2, 0, 1, 4][place % 6]).map {
        if inputs.random.unit() < 0.08 { level = (8 * inputs.random.unit()).rounded() }
        return $0 + level
      }
      return Case(values: values, least: least, penalty: inputs.random.logUniform(0.1...20))
    }
  }

  @Test(Requires.python("scipy"))
  func theEnergySplitIsThatOfAllSplits() throws {
    let cases = Self.cases(300, seed: 1, sizes: 4...60)
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      def energy(x, y):
        n, m = len(x), len(y)
        mean = lambda a: np.abs(a[:, None] - a[None, :])[np.triu_indices(len(a), 1)].mean()
        between = 2 * np.abs(x[:, None] - y[None, :]).mean()
        return n * m / (n + m) * (between - mean(x) - mean(y))
      def answer(case):
        x, k = np.array(case["values"]), case["least"]
        return [energy(x[:t], x[t:]) for t in range(k, len(x) - k + 1)]
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      // A slice that does not begin at 0.
      let padded = [9, 9, 9] + one.values
      let ours = EnergySplit.best(in: padded[3...], least: one.least)
      let scale = one.values.map(\.magnitude).max() ?? 0
      let most = try #require(answer.max())
      #expect(agree(ours.energy, most, within: 1e-9, atLeast: 1e-11 * scale), "\(one)")
      let there = answer[ours.place - 3 - one.least]
      #expect(agree(there, most, within: 1e-9, atLeast: 1e-11 * scale), "\(one) \(ours)")
    }
  }

  @Test(Requires.python("scipy"))
  func theSegmentsCostNoMoreThanAnyOthers() throws {
    let cases = Self.cases(300, seed: 2, sizes: 4...40)
    let answers: [Double] = try PythonOracle.answers(
      """
      from functools import lru_cache
      from statistics import median
      def answer(case):
        x, k, b = case["values"], case["least"], case["penalty"]
        def cost(s, e):
          m = median(x[s:e])
          return sum(abs(v - m) for v in x[s:e])
        @lru_cache(None)
        def best(e):
          if e == 0: return -b
          return min((best(s) + cost(s, e) + b for s in range(e - k + 1) if s == 0 or s >= k))
        return best(len(x))
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let places = MedianSegments.places(
        in: one.values[...], least: one.least, penalty: one.penalty)
      let edges = [0] + places + [one.values.count]
      var cost = one.penalty * Double(places.count)
      for (start, end) in zip(edges, edges.dropFirst()) {
        #expect(end - start >= one.least)
        let segment = Array(one.values[start..<end])
        let median = try #require(Median.of(segment))
        cost += segment.reduce(0) { $0 + ($1 - median).magnitude }
      }
      #expect(agree(cost, answer, within: 1e-9, atLeast: 1e-9), "\(one) \(places) \(answer)")
    }
  }

  /// The z of a single split, whose chance is then corrected for having been chosen.
  @Test(Requires.python("scipy"))
  func theDeviateOfASplitIsThatOfScipysT() throws {
    let cases = Self.cases(300, seed: 9, sizes: 4...60)
    let answers: [Double] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import norm, ttest_ind
      def answer(case):
        x, k = case["values"], case["least"]
        if np.mean(x[:k]) == np.mean(x[k:]): return 0
        if len(set(x[:k])) == len(set(x[k:])) == 1: return np.nan
        test = ttest_ind(x[k:], x[:k])
        return np.sign(test.statistic) * norm.isf(test.pvalue / 2)
      """, to: cases)
    for (one, answer) in zip(cases, answers) where !answer.isNaN {
      let ours = SelectedSplit.z(one.values[..<one.least], one.values[one.least...])
      #expect(agree(ours, answer, within: 1e-7, atLeast: 1e-7), "\(one) \(ours) \(answer)")
    }
    #expect(answers.count { !$0.isNaN && $0.magnitude > 1 } > 100)
  }

  /// The chance that the choice of the place adds, against draws.
  @Test func theLargestOfAllSplitsIsAsRareAsSaid() {
    var inputs = RankInputs(seed: 3)
    let (count, least, rounds) = (60, 5, 3000)
    let split = SelectedSplit(count: count, least: least)
    let bounds = [0.2, 0.05].map { (p: $0, z: split.bound($0)) }
    var passed = [0, 0]
    for _ in 0..<rounds {
      let values = (0..<count).map { _ in inputs.normal() }
      let total = values.reduce(0, +)
      var sum = 0.0
      var most = 0.0
      for place in 1...(count - least) {
        sum += values[place - 1]
        let part = Double(place) / Double(count)
        let bridge = (sum - part * total) / Double(count).squareRoot()
        if place >= least {
          most = max(most, bridge.magnitude / (part * (1 - part)).squareRoot())
        }
      }
      for index in bounds.indices where most > bounds[index].z { passed[index] += 1 }
    }
    for (bound, passed) in zip(bounds, passed) {
      let rate = Double(passed) / Double(rounds)
      // The formula is of a path without steps, which passes more often.
      #expect(rate < 1.1 * bound.p && rate > 0.4 * bound.p, "\(bound) \(rate)")
      #expect(agree(split.p(bound.z), bound.p, within: 1e-9))
    }
  }

  /// Values around 100 of an autoregression, scattered by `cv` percent.
  private static func noise(
    _ inputs: inout RankInputs, count: Int, cv: Double, correlation: Double = 0
  ) -> [Double] {
    var state = inputs.normal()
    return (0..<count).map { _ in
      state =
        correlation * state + (1 - correlation * correlation).squareRoot() * inputs.normal()
      return 100 + cv * state
    }
  }

  @Test(arguments: [0, 0.3])
  func noiseRaisesAboutAsFewAlarmsAsSaid(correlation: Double) {
    var inputs = RankInputs(seed: 4)
    let rounds = 250
    let alarms = (0..<rounds).count { round in
      let series = Self.noise(
        &inputs, count: [20, 40, 80][round % 3], cv: 2, correlation: correlation)
      return !ChangePoints.find(series, options: .init(level: .percent(5))).isEmpty
    }
    #expect(Double(alarms) / Double(rounds) < 0.06, "\(alarms)")
  }

  @Test func twoCloudsWithNothingBetweenRaiseNoAlarm() {
    var inputs = RankInputs(seed: 5)
    let alarms = (0..<60).count { _ in
      let series = (0..<100).map { _ in
        (inputs.random.unit() < 0.5 ? 100 : 110) + 0.2 * inputs.normal()
      }
      return !ChangePoints.find(series).isEmpty
    }
    #expect(alarms <= 2)
  }

  @Test(arguments: [(0.05, 1.0), (-0.05, 1.0), (0.05, 2.0), (-0.1, 2.0), (0.1, 1.0)])
  func aShiftIsFoundWhereItIs(shift: Double, cv: Double) {
    var inputs = RankInputs(seed: 6)
    let rounds = 40
    var found = 0
    for _ in 0..<rounds {
      let count = inputs.count(50...90)
      let place = inputs.count(12...(count - 12))
      let series = Self.noise(&inputs, count: count, cv: cv).enumerated().map {
        $0 >= place ? $1 * (1 + shift) : $1
      }
      let points = ChangePoints.find(series)
      guard points.count == 1, (points[0].place - place).magnitude <= 2 else { continue }
      found += 1
      #expect(points[0].voters.count >= 2 && points[0].p < 0.01)
      #expect(((points[0].relativeChange?.value ?? 0) - shift).magnitude < 0.025)
    }
    // The place of a change of 2.5 deviations is wrong by more than two now and then.
    #expect(found >= 37, "\(found) of \(rounds)")
  }

  @Test func manyShiftsOfALongSeriesAreFoundInWindows() {
    var inputs = RankInputs(seed: 7)
    let series = Self.noise(&inputs, count: 900, cv: 1.5).enumerated().map {
      ($0 / 130).isMultiple(of: 2) ? $1 : $1 * 1.06
    }
    let places = ChangePoints.find(series, options: .init(window: 120)).map(\.place)
    #expect(places.count == 6, "\(places)")
    for (place, truth) in zip(places, stride(from: 130, to: 900, by: 130)) {
      #expect((place - truth).magnitude <= 2)
    }
  }

  @Test func whatCannotChangeTheAnswerDoesNot() throws {
    var inputs = RankInputs(seed: 8)
    for _ in 0..<20 {
      let place = inputs.count(10...40)
      let series = Self.noise(&inputs, count: 55, cv: 2).enumerated().map {
        $0 >= place ? $1 * 1.08 : $1
      }
      let points = ChangePoints.find(series)
      #expect(points == ChangePoints.find(series))
      // A power of two changes no digit.
      let scaled = ChangePoints.find(series.map { $0 * 1024 })
      #expect(scaled.map(\.place) == points.map(\.place))
      #expect(scaled.map(\.relativeChange) == points.map(\.relativeChange))
      #expect(scaled.map(\.voters) == points.map(\.voters))
      #expect(ChangePoints.find(series, options: .init(leastChange: .percent(20))).isEmpty)
    }
  }

  @Test func seriesWithoutNoiseAreNoTrouble() throws {
    #expect(ChangePoints.find([]).isEmpty)
    #expect(ChangePoints.find(Array(repeating: 5, count: 100)).isEmpty)
    #expect(ChangePoints.find(Array(repeating: 0, count: 100)).isEmpty)
    #expect(ChangePoints.find([1, 2, 3]).isEmpty)
    let step = Array(repeating: 5.0, count: 30) + Array(repeating: 6.0, count: 20)
    let point = try #require(ChangePoints.find(step).first)
    #expect(point.place == 30 && point.before == 5 && point.after == 6)
    #expect(agree(try #require(point.relativeChange).value, 0.2, within: 1e-12))
    #expect(point.voters == [.energy, .medians, .ranks])
    #expect(ChangePoints.find(step + [.nan]).isEmpty)
    // One outlier is no level.
    var spiked = Array(repeating: 5.0, count: 50)
    spiked[25] = 50
    #expect(ChangePoints.find(spiked).isEmpty)
    // Below zero there is no relative change.
    #expect(ChangePoints.find(step.map { $0 - 10 }).first?.relativeChange == nil)
  }
}
