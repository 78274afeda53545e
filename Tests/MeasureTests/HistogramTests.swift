import Testing

@testable import Measure

/// fio's own functions, written again from stat.c (`plat_val_to_idx`, `plat_idx_to_val`).
private enum FioBuckets {
  static let bits = 6
  static let values = 1 << 6
  static let groups = 29

  static func index(_ value: UInt64) -> Int {
    let top = value == 0 ? 0 : 63 - value.leadingZeroBitCount
    if top <= bits { return Int(value) }
    let errorBits = top - bits
    let base = (errorBits + 1) << bits
    let offset = (values - 1) & Int(truncatingIfNeeded: value >> UInt64(errorBits))
    return min(base + offset, groups * values - 1)
  }

  static func value(_ index: Int) -> UInt64 {
    if index < values << 1 { return UInt64(index) }
    let errorBits = UInt64((index >> bits) - 1)
    let base = UInt64(1) << (errorBits + UInt64(bits))
    return base + UInt64((Double(index % values) + 0.5) * Double(UInt64(1) << errorBits))
  }
}

@Suite struct HistogramTests {
  @Test func theLayoutIsThatOfFio() {
    #expect(LatencyBuckets.fioCount == 1856 && LatencyBuckets.count == 41 * 64)
    for index in 0..<LatencyBuckets.count {
      let midpoint = FioBuckets.value(index)
      #expect(LatencyBuckets.midpoint(index) == midpoint)
      #expect(LatencyBuckets.index(of: midpoint) == index)
    }
    var random = SeededRandom(seed: 1)
    for shift in 0..<64 as Range<UInt64> {
      // Every power of two and its neighbours, where layouts go wrong, and some between.
      let power = UInt64(1) << shift
      for value in [power &- 1, power, power &+ 1] + (0..<50).map({ _ in random.next() >> shift }) {
        let index = min(LatencyBuckets.index(of: value), LatencyBuckets.fioCount - 1)
        #expect(index == FioBuckets.index(value), "\(value)")
      }
    }
    #expect(LatencyBuckets.index(of: .max) == LatencyBuckets.count - 1)
    #expect(LatencyBuckets.index(of: 1 << 46) == LatencyBuckets.count - 1)
    #expect(LatencyBuckets.index(of: 1 << 45) < LatencyBuckets.count - 1)
  }

  @Test func aMidpointIsAtMostOnePartIn128Off() {
    var random = SeededRandom(seed: 3)
    for _ in 0..<200_000 {
      // Below the last bucket, whose values have no bound.
      let value = random.next() >> (30 + random.below(34))
      let index = LatencyBuckets.index(of: value)
      guard index < LatencyBuckets.count - 1 else { continue }
      let off = abs(Double(LatencyBuckets.midpoint(index)) - Double(value))
      #expect(off <= Double(value) / 128)
    }
  }

  /// Latencies of a disk: a body and a long tail.
  private func samples(_ count: Int, seed: UInt64) -> [UInt64] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in
      80_000 + random.below(40_000) + (random.below(100) == 0 ? random.below(50_000_000) : 0)
    }
  }

  private func recorded(_ values: [UInt64]) -> LatencyDistribution {
    var histogram = LatencyHistogram()
    for value in values { histogram.record(value) }
    return histogram.snapshot()
  }

  @Test func mergingIsRecordingAll() {
    let parts = (0..<5 as Range<UInt64>).map { samples(1 + Int($0) * 700, seed: $0) } + [[]]
    var merged = LatencyDistribution()
    for part in parts { merged.merge(recorded(part)) }
    let all = recorded(parts.flatMap { $0 })
    #expect(merged.buckets == all.buckets)
    #expect(merged.count == all.count)
    #expect(merged.sum == all.sum)
    #expect(merged.minimum == all.minimum)
    #expect(merged.maximum == all.maximum)
    #expect(abs(merged.sumOfSquares / all.sumOfSquares - 1) < 1e-12)
  }

  @Test func quantilesAreThoseOfTheSortedSamples() throws {
    for count in [1, 2, 10, 999, 20_000] {
      let values = samples(count, seed: 9)
      let sorted = values.sorted()
      let distribution = recorded(values)
      for fraction in [0, 0.01, 0.5, 0.9, 0.99, 0.999, 0.9999, 1] {
        let rank = max(Int((fraction * Double(count)).rounded(.up)), 1)
        let exact = Double(sorted[rank - 1])
        let found = Double(try #require(distribution.quantile(fraction)))
        #expect(abs(found - exact) <= exact / 128, "\(count) \(fraction)")
      }
      #expect(distribution.quantile(1) == nil || distribution.maximum == sorted.last)
      #expect(distribution.minimum == sorted.first)
    }
    #expect(LatencyDistribution().quantile(0.5) == nil)
  }

  @Test func hoursHaveQuantiles() throws {
    let minute: UInt64 = 60_000_000_000
    let distribution = recorded((1...1000).map { $0 * minute })
    for fraction in [0.1, 0.5, 0.99] {
      let exact = fraction * 1000 * Double(minute)
      let found = Double(try #require(distribution.quantile(fraction)))
      #expect(abs(found - exact) <= exact / 128)
    }
  }

  @Test func whatFioCountedPastItsLayoutIsItsLargest() {
    var distribution = LatencyDistribution()
    distribution.buckets = [.init(index: 1000, count: 90), .init(index: 1855, count: 10)]
    distribution.count = 100
    distribution.minimum = LatencyBuckets.midpoint(1000)
    distribution.maximum = 40_000_000_000
    #expect(distribution.isOpenEnded(at: 1855) && !distribution.isOpenEnded(at: 1000))
    #expect(distribution.quantile(0.99) == 40_000_000_000)
    distribution.maximum = LatencyBuckets.midpoint(1855)
    #expect(!distribution.isOpenEnded(at: 1855))
  }

  @Test func momentsAreExact() {
    let values = samples(10_000, seed: 4)
    let distribution = recorded(values)
    let mean = values.reduce(0) { $0 + Double($1) } / 10_000
    let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / 9_999
    #expect(abs(distribution.mean / mean - 1) < 1e-12)
    #expect(abs(distribution.standardDeviation / variance.squareRoot() - 1) < 1e-6)
    #expect(recorded([5]).standardDeviation == 0)
  }

  @Test func recordingManyAtOnceIsRecordingEach() {
    var once = LatencyHistogram()
    once.record(4_321, times: 3)
    once.record(99, times: 2)
    #expect(once.snapshot() == recorded([4_321, 4_321, 4_321, 99, 99]))
    once.reset()
    #expect(once.snapshot() == LatencyDistribution())
  }
}
