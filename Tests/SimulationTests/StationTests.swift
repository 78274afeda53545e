import Measure
import TestSupport
import Testing

@testable import Simulation

/// The jobs of the batch that is over.
private func left(_ station: inout BatchStation, _ now: Int64) -> [UInt32] {
  var jobs: [UInt32] = []
  while let job = station.leave(at: Nanoseconds(now)) { jobs.append(job) }
  return jobs
}

struct StationTests {
  @Test func theLowestClassStartsFirstAndNobodyIsInterrupted() throws {
    var station = PriorityStation(servers: 1, classes: 3)
    station.arrive(1, priority: 2, at: Nanoseconds(0))
    let first = station.start(at: Nanoseconds(0))
    #expect(first == 1)
    for (job, priority) in [(2, 2), (3, 0), (4, 1), (5, 0)] {
      station.arrive(UInt32(job), priority: priority, at: Nanoseconds(1))
    }
    var order: [UInt32] = []
    for step in 1...4 {
      let now = Nanoseconds(Int64(step * 10))
      let early = station.start(at: now)
      #expect(early == nil)
      station.leave(at: now)
      if let job = station.start(at: now) { order.append(job) }
      try station.audit("queue", at: now)
    }
    #expect(order == [3, 5, 4, 2])
    #expect(station.meanWait(0) == (9 + 19) / 2)
    #expect(station.waiting(2).entered == 2 && station.waiting(2).count == 0)
  }

  @Test func aBatchTakesAllThatWaitsAndNotWhatComesMeanwhile() throws {
    var station = BatchStation()
    station.arrive(1, at: .zero)
    var sizes = [station.start(at: .zero)]
    for job: UInt32 in 2...4 { station.arrive(job, at: Nanoseconds(Int64(job))) }
    sizes.append(station.start(at: Nanoseconds(5)))
    #expect(left(&station, 10) == [1])
    sizes.append(station.start(at: Nanoseconds(10)))
    station.arrive(5, at: Nanoseconds(12))
    try station.audit("log", at: Nanoseconds(15))
    #expect(left(&station, 20) == [2, 3, 4])
    sizes.append(station.start(at: Nanoseconds(20)))
    #expect(sizes == [1, nil, 3, 1])
    // 0, 8, 7, 6 and 8 ns.
    #expect(station.meanWait == 29.0 / 5 && station.meanBatch == 5.0 / 3)
    #expect(left(&station, 30) == [5])
    #expect(station.batches.mean(at: Nanoseconds(30)) == 1)
    try station.audit("log", at: Nanoseconds(30))
  }

  @Test func aBatchTakesNoMoreThanItsLimit() throws {
    var station = BatchStation(limit: 2)
    for job: UInt32 in 1...5 { station.arrive(job, at: .zero) }
    var sizes: [Int] = []
    for step in 0..<3 {
      let now = Nanoseconds(Int64(step))
      if let size = station.start(at: now) { sizes.append(size) }
      while station.leave(at: now) != nil {}
    }
    #expect(sizes == [2, 2, 1])
    try station.audit("log", at: Nanoseconds(3))
  }

  /// Against golang.org/x/time/rate's rule (advance, take, wait for what lacks) in rationals.
  @Test(Requires.python("fractions"))
  func waitsForTokensAreThoseOfTheGoLimiter() throws {
    struct Case: Encodable {
      var rate: Double
      var burst: Int
      var instants: [Int64]
      var changeAt: Int
      var rateAfter: Double
    }
    let cases = [(5.0, 10, 5.0), (50, 100, 10), (0.1, 1, 0.01), (3, 1, 7)].enumerated().map {
      index, limit in
      var stream = RandomStream(seed: 37, entity: UInt32(index), purpose: 0)
      var instant: Int64 = 0
      // Demand around the rate, in bursts.
      let instants = (0..<400).map { number in
        if number % 20 == 0 { instant += Int64(Double(stream.below(40)) * 1e9 / limit.0) }
        instant += Int64(stream.unit() * 1e8 / limit.0)
        return instant
      }
      return Case(
        rate: limit.0, burst: limit.1, instants: instants, changeAt: 200, rateAfter: limit.2)
    }
    let truth: [[Double]] = try PythonOracle.answers(
      """
      from fractions import Fraction
      def answer(case):
        tokens, last, waits = Fraction(case["burst"]), 0, []
        for number, now in enumerate(case["instants"]):
          rate = Fraction(repr(case["rate" if number < case["changeAt"] else "rateAfter"])) / 10**9
          # The change comes with the request before: time since then counts at the new rate.
          tokens = min(case["burst"], tokens + (now - last) * rate) - 1
          last = now
          waits.append(float(-tokens / rate) if tokens < 0 else 0.0)
        return waits
      """, to: cases)
    for (limit, expected) in zip(cases, truth) {
      var bucket = TokenBucket(rate: Rate(perSecond: limit.rate), burst: limit.burst)
      for (number, instant) in limit.instants.enumerated() {
        if number == limit.changeAt {
          bucket.setRate(
            Rate(perSecond: limit.rateAfter), at: Nanoseconds(limit.instants[number - 1]))
        }
        let wait = bucket.reserve(at: Nanoseconds(instant))
        #expect(abs(Double(wait.count) - expected[number]) <= 1, "\(limit.rate)/s, \(number)")
      }
      try bucket.audit("client", at: Nanoseconds(limit.instants[399]))
      #expect(expected.contains { $0 > 0 } && expected.contains(0))
    }
  }

  @Test func tokensThatAreNotThereAreNotTaken() throws {
    var bucket = TokenBucket(rate: Rate(perSecond: 5), burst: 10)
    var granted: [Int] = []
    for second: Int64 in 0..<4 {
      granted.append((0..<20).filter { _ in bucket.take(at: .seconds(second)) }.count)
    }
    #expect(granted == [10, 5, 5, 5])
    #expect(bucket.refused == 80 - 25 && bucket.taken == 25 && bucket.delayed == 0)
    #expect(bucket.tokens(at: .seconds(60)) == 10)
    try bucket.audit("pulls", at: .seconds(4))
  }

  @Test func aBucketKeepsItsRateOverYears() {
    // Three a second is no whole number of nanoseconds apart.
    var bucket = TokenBucket(rate: Rate(perSecond: 3), burst: 1)
    var now = Nanoseconds.zero
    for _ in 0..<30_000 { now = now + bucket.reserve(at: now) }
    #expect(now.count == 9_999_666_666_667)
  }
}
