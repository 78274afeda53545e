import Foundation
import Measure
import Statistics
import Testing

/// Series drawn from a seed, each with its ground truth.
private struct Draw {
  var random: SeededRandom

  init(_ seed: Int, _ stream: Int = 0) {
    random = SeededRandom(seed: UInt64(seed), stream: UInt64(stream))
  }

  /// Box and Muller's transformation.
  mutating func normal() -> Double {
    (-2 * log(1 - random.unit())).squareRoot() * cos(2 * .pi * random.unit())
  }

  mutating func within(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * random.unit()
  }

  mutating func noise(_ count: Int, cv: Double, correlation: Double = 0) -> [Double] {
    var state = normal()
    return (0..<count).map { _ in
      state = correlation * state + (1 - correlation * correlation).squareRoot() * normal()
      return max(0, 1 + cv * state)
    }
  }
}

struct RateLimitTests {
  @Test func aTokenBucketIsFound() throws {
    var draw = Draw(1)
    for _ in 0..<500 {
      let seconds = 20 + Int(draw.random.below(280))
      let burstSeconds = 3 + Int(draw.random.below(UInt64(seconds / 2 - 3)))
      let ratio = draw.within(1.3...10)
      let swing = draw.within(0...0.015)
      // The second in which the bucket runs dry has a part of both rates.
      let part = draw.random.unit()
      let rates = (0..<seconds).map { second -> Double in
        if second < burstSeconds { return 3000 * ratio * (1 + swing * draw.normal()) }
        if second == burstSeconds { return 3000 * (1 + (ratio - 1) * part) }
        return 3000 * (1 + swing / 2 * draw.normal())
      }
      let found = try #require(RateLimitPlateau.detect(perSecond: rates), "\(rates)")
      #expect((found.limitRate / 3000 - 1).magnitude < 0.02)
      #expect((found.burstRate / 3000 / ratio - 1).magnitude < 0.04)
      #expect((burstSeconds...burstSeconds + 1).contains(found.burstSeconds))
      #expect(found.flatness <= .percent(3))
      let credit = 3000 * (ratio - 1) * (Double(burstSeconds) + part)
      #expect((found.credit / credit - 1).magnitude < 0.15)
    }
  }

  @Test func hiccupsOnThePlateauDoNotHideIt() {
    var rates = Array(repeating: 9000.0, count: 10) + Array(repeating: 3000.0, count: 40)
    rates[20] = 100
    rates[21] = 5900
    rates[33] = 0
    #expect(RateLimitPlateau.detect(perSecond: rates)?.burstSeconds == 10)
  }

  /// One walk of a few seconds in a thousand may look like a fall and a plateau.
  @Test(arguments: [0.005, 0.02, 0.05, 0.1, 0.3], [0.0, 0.5, 0.9])
  func noiseRaisesNoAlarm(cv: Double, correlation: Double) {
    var alarms = 0
    for series in 0..<1000 {
      var draw = Draw(Int(cv * 1000), series * 10 + Int(correlation * 10))
      let count = [8, 15, 30, 60, 120][series % 5]
      let rates = draw.noise(count, cv: cv, correlation: correlation)
      if RateLimitPlateau.detect(perSecond: rates) != nil { alarms += 1 }
    }
    #expect(alarms <= (correlation > 0.8 ? 1 : 0), "of 1000")
  }

  @Test func driftAndDecayRaiseNoAlarm() {
    var draw = Draw(3)
    for _ in 0..<2000 {
      let count = 10 + Int(draw.random.below(200))
      let cv = draw.within(0...0.03)
      let end = draw.within(0.2...0.99)
      let linear = draw.noise(count, cv: cv).enumerated().map { place, rate in
        rate * (1 - (1 - end) * Double(place) / Double(count - 1))
      }
      #expect(RateLimitPlateau.detect(perSecond: linear) == nil, "\(linear)")
      // Falls and then stays: down to the level within half of the time.
      let knee = draw.within(5...Double(max(6, count / 2)))
      let bent = draw.noise(count, cv: cv / 3).enumerated().map { place, rate in
        rate * max(end, 1 - (1 - end) * Double(place) / knee)
      }
      #expect(RateLimitPlateau.detect(perSecond: bent) == nil, "\(bent)")
    }
  }

  @Test func exponentialDecayIntoSteadyStateRaisesNoAlarm() {
    var draw = Draw(4)
    for _ in 0..<2000 {
      let count = 15 + Int(draw.random.below(200))
      let height = draw.within(0.1...10)
      let time = draw.within(1.5...40)
      let rates = draw.noise(count, cv: draw.within(0...0.02)).enumerated().map { place, rate in
        rate * (1 + height * exp(-Double(place) / time))
      }
      #expect(RateLimitPlateau.detect(perSecond: rates) == nil, "\(height) \(time) \(rates)")
    }
  }

  @Test func aWriteCliffWithANoisyFloorRaisesNoAlarm() {
    var draw = Draw(5)
    var alarms = 0
    for _ in 0..<1000 {
      let fast = draw.noise(20, cv: 0.02).map { $0 * 5 }
      let floor = draw.noise(60, cv: draw.within(0.06...0.3), correlation: 0.3)
      if RateLimitPlateau.detect(perSecond: fast + floor) != nil { alarms += 1 }
    }
    #expect(alarms == 0)
  }

  @Test func whatIsNoTraceRaisesNoAlarm() {
    let constant = Array(repeating: 500.0, count: 60)
    #expect(RateLimitPlateau.detect(perSecond: constant) == nil)
    #expect(RateLimitPlateau.detect(perSecond: []) == nil)
    #expect(RateLimitPlateau.detect(perSecond: [9, 9, 9, 1, 1]) == nil)
    for place in constant.indices {
      for value in [0, 50, 700, 5000.0] {
        var spiked = constant
        spiked[place] = value
        #expect(RateLimitPlateau.detect(perSecond: spiked) == nil)
      }
    }
    // A stop is no limit, and a rise is no fall.
    let stopped = Array(repeating: 500.0, count: 10) + Array(repeating: 0.0, count: 50)
    #expect(RateLimitPlateau.detect(perSecond: stopped) == nil)
    let rise = Array(repeating: 500.0, count: 10) + Array(repeating: 900.0, count: 50)
    #expect(RateLimitPlateau.detect(perSecond: rise) == nil)
    // A plateau that is too short to be trusted.
    let late = Array(repeating: 900.0, count: 50) + Array(repeating: 500.0, count: 10)
    #expect(RateLimitPlateau.detect(perSecond: late) == nil)
  }

  @Test func scalingTheRateScalesTheResult() {
    var draw = Draw(6)
    for _ in 0..<300 {
      let burst = draw.noise(10, cv: 0.05).map { $0 * draw.within(1.1...1.5) }
      let rates = burst + draw.noise(30, cv: 0.02)
      let one = RateLimitPlateau.detect(perSecond: rates)
      // A power of two changes no bit of a fraction.
      for scale in [0x1p-20, 0x1p30] {
        let scaled = RateLimitPlateau.detect(perSecond: rates.map { $0 * scale })
        #expect(scaled?.limitRate == one.map { $0.limitRate * scale })
        #expect(scaled?.burstRate == one.map { $0.burstRate * scale })
        #expect(scaled?.flatness == one?.flatness)
        #expect(scaled?.burstSeconds == one?.burstSeconds)
      }
    }
  }
}
