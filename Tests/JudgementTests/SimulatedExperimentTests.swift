import Foundation
import Measure
import TestSupport
import Testing

@testable import Judgement
@testable import Ledger

/// The experiments that the judges are judged on are what they say.
@Suite struct SimulatedExperimentTests {
  private static let level = 100_000.0

  private static func experiment(
    trials: Int = 10, variation: Double = 0.05, drift: Double = 0, sessions: Double = 0,
    change: Double = 0
  ) -> SimulatedExperiment {
    SimulatedExperiment(
      trials: trials, variation: Fraction(variation), drift: Fraction(drift),
      sessionVariation: Fraction(sessions), change: Fraction(change))
  }

  /// Values in the order that they were run in.
  private func values(_ samples: [CaseSamples.Sample]) throws -> [Double] {
    try samples.sorted { $0.place < $1.place }.map { sample in
      let metric = try #require(sample.metrics["iops"])
      #expect(metric.unit == "1/s" && sample.metrics.count == 1)
      return metric.value
    }
  }

  private func values(_ arm: ComparisonArm) throws -> [Double] {
    try values(try #require(arm.cases.first).samples)
  }

  private struct Moments: Codable {
    var mean: Double
    var deviation: Double
    /// Of the test that the numbers are normal.
    var p: Double
  }

  @Test(Requires.python("scipy")) func trialsAreLognormalOfTheVariationStated() throws {
    let variations = [0.01, 0.05, 0.2]
    var random = SeededRandom(seed: 81)
    let logs = try variations.map { variation in
      let experiment = Self.experiment(variation: variation)
      return try (0..<200).flatMap { _ in
        try experiment.systems(isInterleaved: true, &random).flatMap { try values($0) }
          .map { log($0 / Self.level) / variation }
      }
    }
    let found: [Moments] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import kstest
      def answer(z):
        return dict(mean=np.mean(z), deviation=np.std(z), p=kstest(z, "norm").pvalue)
      """, to: logs)
    for (index, moments) in found.enumerated() {
      // Four standard errors of 4000 numbers.
      #expect(moments.mean.magnitude < 4 / 4000.0.squareRoot(), "\(variations[index]) \(moments)")
      #expect((moments.deviation - 1).magnitude < 4 / 8000.0.squareRoot(), "\(moments)")
      #expect(moments.p > 1e-4, "\(variations[index]) \(moments)")
    }
  }

  @Test(Requires.python("scipy")) func aTrialIsScipysQuantileOfOneDraw() throws {
    let experiment = Self.experiment(variation: 0.1, drift: 0.05, change: -0.1)
    var (random, draws) = (SeededRandom(seed: 82), SeededRandom(seed: 82))
    let seen = try (0..<20).flatMap { _ in
      let arms = experiment.systems(isInterleaved: false, &random)
      return try arms.flatMap { try values($0) }
    }
    struct Trial: Codable {
      var unit: Double
      var place: Int
    }
    let trials = seen.indices.map { Trial(unit: draws.unit(), place: $0 % 20) }
    let due: [Double] = try PythonOracle.answers(
      """
      import math
      from scipy.stats import norm
      def answer(case):
        level = 100000 * (1 + 0.05 * case["place"] / 19) * (0.9 if case["place"] >= 10 else 1)
        return level * math.exp(0.1 * norm.ppf(case["unit"]))
      """, to: trials)
    #expect(seen.count == 400)
    for (value, due) in zip(seen, due) { #expect((value / due - 1).magnitude < 1e-12) }
  }

  @Test(arguments: [true, false])
  func driftAndChangeStandWhereTheyAreSaidToStand(isInterleaved: Bool) throws {
    let experiment = Self.experiment(variation: 0, drift: 0.05, change: -0.1)
    var random = SeededRandom(seed: 83)
    let arms = experiment.systems(isInterleaved: isInterleaved, &random)
    let samples = try arms.map { try #require($0.cases.first).samples }
    #expect(samples.map(\.count) == [10, 10])
    let places = samples.map { $0.map(\.place).sorted() }
    #expect(places.flatMap { $0 }.sorted() == Array(0..<20))
    // A B, B A, A B ... of blocks; or ten of one and then ten of the other.
    let first = isInterleaved ? [0, 3, 4, 7, 8, 11, 12, 15, 16, 19] : Array(0..<10)
    #expect(places[0] == first)
    for (arm, factor) in zip(samples, [1, 0.9]) {
      for sample in arm {
        let value = try #require(sample.metrics["iops"]).value
        let due = Self.level * (1 + 0.05 * Double(sample.place) / 19) * factor
        #expect((value / due - 1).magnitude < 1e-12)
      }
      #expect(arm.map(\.block).sorted() == Array(1...10))
    }
    #expect(arms.map(\.system) == ["a", "b"] && Set(arms.map(\.id)).count == 1)
  }

  @Test func aRunIsChangedAgainstItsBaselineAndDriftsAlike() throws {
    let experiment = Self.experiment(trials: 5, variation: 0, drift: -0.2, change: -0.1)
    var random = SeededRandom(seed: 84)
    let (baseline, run) = experiment.baselineAndRun(sessions: 3, &random)
    #expect(baseline.sessions.count == 3 && baseline.cases.count == 1)
    let past = Dictionary(grouping: baseline.cases[0].samples) { $0.session }
    #expect(Set(past.keys) == Set(baseline.sessions.map(\.id)))
    let line = (0..<5).map { Self.level * (1 - 0.2 * Double($0) / 4) }
    for session in past.values { #expect(isClose(try values(session), line)) }
    #expect(isClose(try values(run), line.map { $0 * 0.9 }))
    // One trial has no drift.
    let (_, single) = Self.experiment(trials: 1, variation: 0, drift: 0.5)
      .baselineAndRun(sessions: 1, &random)
    #expect(try values(single) == [Self.level])
  }

  private func isClose(_ values: [Double], _ due: [Double]) -> Bool {
    values.count == due.count && zip(values, due).allSatisfy { ($0 / $1 - 1).magnitude < 1e-12 }
  }

  /// A session's trials share one level, and sessions scatter by what is stated.
  @Test func sessionsDifferByTheVariationBetweenThem() throws {
    let experiment = Self.experiment(trials: 3, variation: 0, sessions: 0.02)
    var random = SeededRandom(seed: 85)
    var levels: [Double] = []
    for _ in 0..<200 {
      let (baseline, run) = experiment.baselineAndRun(sessions: 4, &random)
      let past = Dictionary(grouping: baseline.cases[0].samples) { $0.session }
      for session in Array(past.values) + [try #require(run.cases.first).samples] {
        let values = try values(session)
        #expect(Set(values).count == 1)
        levels.append(log(values[0] / Self.level))
      }
    }
    let mean = levels.reduce(0, +) / 1000
    let variance = levels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 999
    #expect(levels.count == 1000 && mean.magnitude < 4 * 0.02 / 1000.0.squareRoot())
    #expect((variance.squareRoot() / 0.02 - 1).magnitude < 4 / 2000.0.squareRoot())
  }

  @Test func theSameSeedGivesTheSameTrials() throws {
    let experiment = Self.experiment(drift: 0.05, sessions: 0.02, change: -0.1)
    func drawn(_ seed: UInt64, _ stream: UInt64) throws -> [Double] {
      var random = SeededRandom(seed: seed, stream: stream)
      let (baseline, run) = experiment.baselineAndRun(sessions: 2, &random)
      let systems = experiment.systems(isInterleaved: true, &random)
      return try values(baseline.cases[0].samples) + values(run) + systems.flatMap(values)
    }
    #expect(try drawn(1, 2) == drawn(1, 2))
    #expect(try drawn(1, 2) != drawn(1, 3) && drawn(1, 2) != drawn(2, 2))
  }
}
