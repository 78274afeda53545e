import Measure
import TestSupport
import Testing

@testable import Storage

@Suite struct OffsetTests {
  private func stream(
    _ pattern: StorageWorkload.Pattern = .randomRead,
    _ distribution: StorageWorkload.Distribution = .uniform, randomMap: Bool = false,
    start: Int64 = 0, bytes: Int64 = 1000 << 12, alignment: Int64 = 4096, seed: UInt64 = 3
  ) -> OffsetStream {
    OffsetStream(
      pattern: pattern, distribution: distribution, randomMap: randomMap, start: start,
      bytes: bytes, alignment: alignment, seed: seed)
  }

  private func take(_ count: Int, from stream: OffsetStream, length: Int = 4096) -> [Int64] {
    var stream = stream
    return (0..<count).map { stream.next(index: UInt64($0), length: length) }
  }

  private func isBijection(_ count: Int, seed: UInt64) -> Bool {
    let permutation = BlockPermutation(count: UInt64(count), seed: seed)
    var seen = [Bool](repeating: false, count: count)
    for index in 0..<count {
      let place = Int(permutation[UInt64(index)])
      guard place < count, !seen[place] else { return false }
      seen[place] = true
    }
    return true
  }

  @Test func aPermutationHitsEveryBlockOnce() {
    for count in 1...600 { #expect(isBijection(count, seed: UInt64(count)), "\(count) blocks") }
    for count in stride(from: 601, through: 2000, by: 7) {
      for seed in [0, 1, .max] as [UInt64] {
        #expect(isBijection(count, seed: seed), "\(count) blocks, seed \(seed)")
      }
    }
    #expect(isBijection(4096, seed: 5))
    #expect(isBijection(4097, seed: 5))
    #expect(isBijection(1_000_000, seed: 5))
  }

  /// Neighbours in order must not be neighbours in place, or a random map would be sequential.
  @Test func aPermutationScatters() {
    let permutation = BlockPermutation(count: 1_000_003, seed: 9)
    let places = (0..<20_000).map { Double(permutation[$0]) }
    let near = zip(places, places.dropFirst()).filter { abs($0 - $1) < 1000 }.count
    // 2 * 1000 / 1000003 of 20000 pairs would be 40.
    #expect(near < 100)
    let mean = places.reduce(0, +) / 20_000 / 1_000_003
    #expect(abs(mean - 0.5) < 0.02)
  }

  @Test func everyOffsetIsAlignedAndInsideTheRegion() {
    let distributions: [StorageWorkload.Distribution] = [
      .uniform, .zipf(theta: 0.5), .zipf(theta: 1), .zipf(theta: 2.5), .pareto(h: 0.2),
      .zoned([
        .init(access: Fraction(0.7), size: Fraction(0.1)),
        .init(access: Fraction(0.3), size: Fraction(0.9)),
      ]),
    ]
    for pattern in [StorageWorkload.Pattern.randomRead, .sequentialRead] {
      for distribution in distributions {
        for blocks in [1, 2, 3, 100, 1021] as [Int64] {
          for length in [1, 2, 3] where length <= blocks {
            var stream = stream(pattern, distribution, start: 1 << 20, bytes: blocks << 12)
            for index in 0..<400 as Range<UInt64> {
              let offset = stream.next(index: index, length: length << 12)
              guard offset % 4096 == 0, offset >= 1 << 20,
                offset + Int64(length) << 12 <= 1 << 20 + blocks << 12
              else {
                Issue.record("\(pattern) \(distribution) \(blocks) \(length): \(offset)")
                break
              }
            }
          }
        }
      }
    }
  }

  @Test func aRandomMapTouchesEachBlockOncePerPass() {
    let offsets = take(3000, from: stream(randomMap: true))
    for pass in 0..<3 { #expect(Set(offsets[pass * 1000..<(pass + 1) * 1000]).count == 1000) }
    #expect(Set(take(1000, from: stream())).count < 700, "without a map blocks repeat")
  }

  @Test func aSequenceWrapsAtTheRegionsEnd() {
    let offsets = take(7, from: stream(.sequentialRead, start: 8192, bytes: 3 * 4096))
    #expect(offsets == [8192, 12288, 16384, 8192, 12288, 16384, 8192])
    // What does not fit any more starts over.
    let wide = take(4, from: stream(.sequentialRead, bytes: 5 * 4096), length: 8192)
    #expect(wide == [0, 8192, 0, 8192])
    var sought = stream(.sequentialRead, bytes: 5 * 4096)
    sought.seek(to: 3, length: 8192)
    #expect(sought.next(index: 3, length: 8192) == 8192)
  }

  @Test func theSeedAloneDecides() {
    for distribution in [.uniform, .zipf(theta: 1.2), .pareto(h: 0.1)]
      as [StorageWorkload.Distribution]
    {
      let first = take(500, from: stream(.randomRead, distribution, seed: 4))
      #expect(first == take(500, from: stream(.randomRead, distribution, seed: 4)))
      #expect(first != take(500, from: stream(.randomRead, distribution, seed: 5)))
    }
  }

  @Test(Requires.python("scipy"), arguments: [0.5, 0.99, 1, 1.2, 2])
  func zipfAgreesWithScipy(theta: Double) throws {
    let ranks = ZipfRanks(count: 200, exponent: theta)
    var random = SeededRandom(seed: 42)
    var counts = [Double](repeating: 0, count: 200)
    for _ in 0..<200_000 { counts[Int(ranks.next(&random))] += 1 }
    let p = try scipy(
      """
      expected = stats.zipfian.pmf(np.arange(1, 201), \(theta), 200) * data.sum()
      print(stats.chisquare(data, expected * data.sum() / expected.sum()).pvalue)
      """, counts)
    #expect(p > 1e-3)
  }

  @Test func zipfBlocksAreScatteredButTheirSharesStay() {
    var stream = stream(.randomRead, .zipf(theta: 1), bytes: 200 << 12)
    var counts: [Int64: Int] = [:]
    for index in 0..<100_000 as Range<UInt64> {
      counts[stream.next(index: index, length: 4096), default: 0] += 1
    }
    let sorted = counts.values.sorted(by: >)
    // H(200) = 5.878: the first block gets 17 %, the second half of that.
    #expect(abs(Double(sorted[0]) / 100_000 - 0.1701) < 0.006)
    #expect(abs(Double(sorted[1]) / 100_000 - 0.0851) < 0.006)
    #expect(counts[0] != sorted[0] || counts[4096] != sorted[1], "the hot blocks lie apart")
  }

  @Test(arguments: [0.1, 0.2, 0.3, 0.45])
  func paretoGivesAShareHOfBlocksTheRestOfAccesses(h: Double) {
    var stream = stream(.randomRead, .pareto(h: h))
    var counts: [Int64: Int] = [:]
    for index in 0..<200_000 as Range<UInt64> {
      counts[stream.next(index: index, length: 4096), default: 0] += 1
    }
    let hot = counts.values.sorted(by: >).prefix(Int(h * 1000)).reduce(0, +)
    #expect(abs(Double(hot) / 200_000 - (1 - h)) < 0.01)
  }

  @Test func zonesGetTheirShares() {
    let zones: [(access: Double, size: Double)] = [(0.5, 0.05), (0.3, 0.15), (0.2, 0.8)]
    var stream = stream(
      .randomRead,
      .zoned(zones.map { .init(access: Fraction($0.access), size: Fraction($0.size)) }))
    var counts = [0, 0, 0]
    for index in 0..<100_000 as Range<UInt64> {
      let block = stream.next(index: index, length: 4096) >> 12
      counts[block < 50 ? 0 : block < 200 ? 1 : 2] += 1
    }
    for (count, zone) in zip(counts, zones) {
      #expect(abs(Double(count) / 100_000 - zone.access) < 0.008)
    }
  }

  @Test func sizesAreDrawnByWeightAndStep() {
    var random = SeededRandom(seed: 1)
    let split = BlockSizeStream(
      .split([
        .init(size: .kibibytes(4), weight: 60), .init(size: .kibibytes(64), weight: 30),
        .init(size: .kibibytes(256), weight: 10),
      ]))
    var counts: [Int: Int] = [:]
    for _ in 0..<100_000 { counts[split.next(&random), default: 0] += 1 }
    #expect(abs(counts[4 << 10, default: 0] - 60_000) < 700)
    #expect(abs(counts[64 << 10, default: 0] - 30_000) < 700)
    #expect(abs(counts[256 << 10, default: 0] - 10_000) < 500)
    #expect(counts.count == 3)

    let range = BlockSizeStream(.range(from: .kibibytes(4), to: .kibibytes(32)))
    var seen: [Int: Int] = [:]
    for _ in 0..<80_000 { seen[range.next(&random), default: 0] += 1 }
    #expect(Set(seen.keys) == Set((1...8).map { $0 << 12 }))
    #expect(seen.values.allSatisfy { abs($0 - 10_000) < 600 })
  }
}
