import Measure
import Simulation
import Statistics
import TestSupport
import Testing

struct SweepTests {
  @Test(Requires.python("scipy")) func sobolPointsAreScipys() throws {
    let answers: [[[Double]]] = try PythonOracle.answers(
      """
      from scipy.stats import qmc
      def answer(dimensions):
        return qmc.Sobol(dimensions, scramble=False).random(1024)
      """, to: [1, 2, 10, SobolSequence.mostDimensions])
    for expected in answers {
      let sequence = SobolSequence(dimensions: expected[0].count)
      #expect(sequence.points(1024) == expected)
      #expect(sequence.points(5) == Array(expected.prefix(5)))
    }
  }

  /// Each elementary interval of a (0, m, 2)-net holds one point, scrambled or not.
  @Test(arguments: [nil, 1, 2] as [UInt64?]) func twoDimensionsAreANet(seed: UInt64?) {
    let points = SobolSequence(dimensions: 2, seed: seed).points(256)
    for power in 0...8 {
      let boxes = points.map { point in
        Int(point[0] * Double(1 << power)) << 8 | Int(point[1] * Double(1 << (8 - power)))
      }
      #expect(Set(boxes).count == 256)
    }
  }

  @Test func scramblingIsSeededAndUniform() {
    let points = SobolSequence(dimensions: 10, seed: 5).points(64)
    #expect(points == SobolSequence(dimensions: 10, seed: 5).points(64))
    #expect(points != SobolSequence(dimensions: 10, seed: 6).points(64))
    // The first point of the plain sequence is the origin always; scrambled it is anywhere.
    let firsts = (0..<400 as Range<UInt64>).map {
      SobolSequence(dimensions: 3, seed: $0).points(1)[0]
    }
    for dimension in 0..<3 {
      let mean = firsts.reduce(0) { $0 + $1[dimension] } / 400
      #expect((mean - 0.5).magnitude < 0.05)
      let quarters = (0..<4).map { quarter in firsts.count { Int($0[dimension] * 4) == quarter } }
      #expect(quarters.allSatisfy { 70...130 ~= $0 }, "\(quarters)")
    }
    // Integrates a product far better than chance: the standard error of 64 draws is 0.06.
    let errors = (0..<50 as Range<UInt64>).map { seed in
      SobolSequence(dimensions: 3, seed: seed).points(64).reduce(0) {
        $0 + ($1[0] + 0.5) * ($1[1] + 0.5) * ($1[2] + 0.5)
      } / 64 - 1
    }
    #expect(errors.reduce(0) { $0 + $1 * $1 } / 50 < 0.006 * 0.006)
    #expect((errors.reduce(0, +) / 50).magnitude < 0.002)
  }

  @Test func aLatinHypercubeHasOnePointInEachStratum() {
    for count in [1, 7, 64] {
      let points = LatinHypercube.points(count, dimensions: 5, seed: 9)
      for dimension in 0..<5 {
        let strata = points.map { Int($0[dimension] * Double(count)) }
        #expect(Set(strata) == Set(0..<count))
      }
    }
    let points = LatinHypercube.points(16, dimensions: 2, seed: 1)
    #expect(points == LatinHypercube.points(16, dimensions: 2, seed: 1))
    #expect(points != LatinHypercube.points(16, dimensions: 2, seed: 2))
    let factors = [Factor("workers", low: 10, high: 20), Factor("delay", low: -1, high: 1)]
    for (point, values) in zip(points, factors.values(at: points)) {
      #expect(values == [10 + 10 * point[0], -1 + 2 * point[1]])
    }
  }

  @Test func aTornadoIsSortedByWhatMatters() throws {
    let sweep = OneAtATime([
      Factor("a", low: 0, high: 2), Factor("b", low: 0, base: 1, high: 4),
      Factor("c", low: 0, high: 1),
    ])
    #expect(
      sweep.points == [
        [1, 1, 0.5], [0, 1, 0.5], [2, 1, 0.5], [1, 0, 0.5], [1, 4, 0.5], [1, 1, 0], [1, 1, 1],
      ])
    // Common noise; c does nothing but by noise of its own.
    var random = SeededRandom(seed: 2)
    let common = (0..<20).map { _ in 100 * random.unit() }
    let responses = sweep.points.map { point in
      common.map { $0 + 10 * point[0] - 20 * point[1] + random.unit() * point[2] }
    }
    let swings = try #require(sweep.swings(of: responses))
    #expect(swings.map(\.factor.name) == ["b", "a", "c"])
    #expect((swings[0].toHigh.difference.value + 60).magnitude < 0.5)
    #expect((swings[0].toLow.difference.value - 20).magnitude < 0.5)
    #expect((swings[1].size - 10).magnitude < 0.5 && swings[1].toLow.isDetected)
    #expect(sweep.swings(of: sweep.points.map { _ in [.nan, 1] }) == nil)
  }

  private struct Regression: Codable {
    var points: [[Double]]
    var means: [Double]
  }

  @Test(Requires.python("scipy")) func factorialEffectsAreThoseOfARegression() throws {
    var random = SeededRandom(seed: 4)
    let sweep = TwoLevelFactorial((0..<4).map { Factor("f\($0)", low: -1, high: 1) })
    #expect(sweep.points.count == 16 && sweep.points[1] == [1, -1, -1, -1])
    let responses = sweep.points.map { point in
      (0..<8).map { _ in 5 * point[0] - 2 * point[1] + 3 * point[0] * point[3] + random.unit() }
    }
    let effects = try #require(sweep.effects(of: responses))
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np, itertools
      def answer(case):
        x = np.array(case["points"])
        k = x.shape[1]
        pairs = [x[:, i] * x[:, j] for i, j in itertools.combinations(range(k), 2)]
        design = np.column_stack([np.ones(len(x)), *x.T, *pairs])
        return 2 * np.linalg.lstsq(design, np.array(case["means"]), rcond=None)[0][1:]
      """,
      to: [Regression(points: sweep.points, means: responses.map { $0.reduce(0, +) / 8 })])
    #expect(effects.count == 10 && answers[0].count == 10)
    for (effect, answer) in zip(effects, answers[0]) {
      #expect((effect.size.value - answer).magnitude < 1e-9)
    }
    #expect(effects.map(\.factors).prefix(6) == [[0], [1], [2], [3], [0, 1], [0, 2]])
    let found = effects.filter { $0.adjustedP < 0.05 }.map(\.factors)
    #expect(found == [[0], [1], [0, 3]])
  }

  @Test func factorialIntervalsCoverAndSeldomAlarm() throws {
    var random = SeededRandom(seed: 5)
    let sweep = TwoLevelFactorial((0..<3).map { Factor("f\($0)", low: 0, high: 1) })
    var covered = 0
    var alarms = 0
    for _ in 0..<300 {
      let common = (0..<10).map { _ in 10 * random.unit() }
      let responses = sweep.points.map { point in
        common.map { $0 + 4 * point[0] + random.unit() + random.unit() }
      }
      let effects = try #require(sweep.effects(of: responses))
      if effects[0].size.lower <= 4, 4 <= effects[0].size.upper { covered += 1 }
      if effects.dropFirst().contains(where: { $0.adjustedP < 0.05 }) { alarms += 1 }
    }
    #expect(274...296 ~= covered, "\(covered)")
    #expect(alarms <= 26, "\(alarms)")
  }
}
