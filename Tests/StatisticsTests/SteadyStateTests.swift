import Foundation
import Measure
import Statistics
import TestSupport
import Testing

struct SteadyStateTests {
  @Test func aLevelSeriesIsSteady() throws {
    let verdict = try #require(SteadyState.evaluate(values: [900, 500, 100, 101, 99, 100, 100]))
    #expect(verdict.isReached)
    #expect(verdict.firstRound == 2)
    #expect(verdict.windowMean == 100)
    #expect(verdict.rangeFraction == Fraction(0.02))
  }

  @Test func rangeAloneDecides() throws {
    // A range of exactly 20 % of the mean holds; a little more does not. The line is level.
    #expect(try #require(SteadyState.evaluate(values: [100, 90, 100, 110, 100])).isReached)
    let wide = try #require(SteadyState.evaluate(values: [100, 110.1, 90, 110.1, 89.8]))
    #expect(!wide.isReached && wide.slopeFraction < .percent(10))
  }

  @Test func slopeAloneDecides() throws {
    let falling = try #require(SteadyState.evaluate(values: [106, 103, 100, 97, 94]))
    #expect(falling.rangeFraction == .percent(12))
    #expect(!falling.isReached && falling.slopeFraction == .percent(12))
    #expect(falling.fit.slope == -3 && falling.fit.value(at: 0) == 106)
    let rising = try #require(SteadyState.evaluate(values: [94, 97, 100, 103, 106]))
    #expect(!rising.isReached && rising.slopeFraction == .percent(12))
    let loose = SteadyState.evaluate(values: [94, 97, 100, 103, 106], slope: .percent(13))
    #expect(loose?.isReached == true)
  }

  @Test func whatCannotBeJudgedIsNot() {
    #expect(SteadyState.evaluate(values: [100, 100, 100, 100]) == nil)
    #expect(SteadyState.evaluate(values: [0, 0, 0, 0, 0]) == nil)
    #expect(SteadyState.evaluate(values: [1, 1, .nan, 1, 1]) == nil)
    #expect(SteadyState.evaluate(values: [.infinity, 1, 1, 1, 1]) == nil)
  }

  @Test(Requires.python("scipy"))
  func theLineIsScipys() throws {
    var random = SeededRandom(seed: 5)
    let series = (0..<40).map { _ in (0..<7).map { _ in 50 + 100 * random.unit() } }
    let program = """
      import json, sys
      from scipy.stats import linregress
      for y in json.load(sys.stdin):
        r = linregress(range(len(y)), y)
        print(repr(float(r.intercept)), repr(float(r.slope)))
      """
    let input = String(decoding: try JSONEncoder().encode(series), as: UTF8.self)
    let answer = try Command.run(["python3", "-c", program], input: input).checked()
    let lines = answer.stdout.split(separator: "\n")
    #expect(lines.count == series.count)
    for (line, values) in zip(lines, series) {
      let words = line.split(separator: " ").compactMap { Double($0) }
      let fit = try #require(LineFit(values))
      #expect((fit.intercept - words[0]).magnitude < 1e-10)
      #expect((fit.slope - words[1]).magnitude < 1e-10)
    }
  }
}
