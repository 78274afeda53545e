import Measure
import Testing

@Suite struct SeededRandomTests {
  /// The reference program of SplitMix64 (prng.di.unimi.it/splitmix64.c) from state 0.
  @Test func splitMixGivesTheReferenceNumbers() {
    var words = SplitMix64(state: 0)
    #expect(words.next() == 0xE220_A839_7B1D_CDAF)
    #expect(words.next() == 0x6E78_9E6A_A1B9_65F4)
    #expect(words.next() == 0x06C4_5D18_8009_454F)
  }

  @Test func seedAndStreamDecideEverything() {
    func words(_ seed: UInt64, _ stream: UInt64) -> [UInt64] {
      var random = SeededRandom(seed: seed, stream: stream)
      return (0..<8).map { _ in random.next() }
    }
    #expect(words(1, 2) == words(1, 2))
    #expect(Set([words(1, 2), words(1, 3), words(2, 2), words(2, 1)]).count == 4)
  }

  @Test func numbersBelowABoundAreEvenlySpread() {
    var random = SeededRandom(seed: 8)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[Int(random.below(7))] += 1 }
    #expect(counts.allSatisfy { abs($0 - 10_000) < 500 })
    for _ in 0..<1_000 { #expect((0..<1).contains(random.unit())) }
  }
}
