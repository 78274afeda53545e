import Simulation
import TestSupport
import Testing

struct RandomStreamTests {
  struct Case: Encodable {
    let seed: UInt64
    let entity: UInt32
    let purpose: UInt16
    let number: Int
  }

  @Test func numbersAreThoseOfTheDefinition() throws {
    var draw = RandomStream(seed: 4, entity: 0, purpose: 0)
    let cases = (0..<200).map { _ in
      Case(
        seed: draw.next(), entity: UInt32(draw.below(1 << 32)),
        purpose: UInt16(draw.below(1 << 16)),
        number: 1 + Int(draw.below(50)))
    }
    let answers: [UInt64] = try PythonOracle.answers(
      """
      def scrambled(z):
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        return z ^ z >> 31
      # Reference: the published numbers of SplitMix64 of seed 1234567.
      assert [scrambled((1234567 + n * 0x9E3779B97F4A7C15) % 2**64) for n in (1, 2)] == [
        6457827717110365317, 3203168211198807973]
      def answer(case):
        place = (case["purpose"] << 32) + case["entity"]
        key = scrambled(case["seed"] ^ scrambled((place + 0x9E3779B97F4A7C15) % 2**64))
        return scrambled(key ^ scrambled(case["number"] * 0x9E3779B97F4A7C15 % 2**64))
      """, to: cases)
    for (place, answer) in zip(cases, answers) {
      var stream = RandomStream(seed: place.seed, entity: place.entity, purpose: place.purpose)
      var last: UInt64 = 0
      for _ in 0..<place.number { last = stream.next() }
      #expect(last == answer)
    }
    // Known answers, so that a change is seen where there is no python.
    var known = RandomStream(seed: 1, entity: 2, purpose: 3)
    #expect(known.next() == 4_668_264_156_100_439_801)
    #expect(known.next() == 3_461_031_736_848_786_821)
  }

  @Test func aStreamIsSixteenBytes() { #expect(MemoryLayout<RandomStream>.size == 16) }

  /// Streams that are next to each other in one respect, and the same numbers of both.
  enum Neighbours: CaseIterable {
    case entity, purpose, seed, lag
    func pair(_ index: UInt32) -> (RandomStream, RandomStream) {
      let one = RandomStream(seed: 9, entity: index, purpose: 5)
      switch self {
      case .entity: return (one, RandomStream(seed: 9, entity: index ^ 1, purpose: 5))
      case .purpose: return (one, RandomStream(seed: 9, entity: index, purpose: 6))
      case .seed: return (one, RandomStream(seed: 8, entity: index, purpose: 5))
      case .lag:
        var later = one
        _ = later.next()
        return (one, later)
      }
    }
  }

  /// Each bit agrees half of the time: z of all bits together, and of each by itself.
  @Test(arguments: Neighbours.allCases) func neighboursAreNotCorrelated(_ kind: Neighbours) {
    let pairs: UInt32 = 4096
    let numbers = 16
    var agreements = [Int](repeating: 0, count: 64)
    for index in 0..<pairs {
      var (left, right) = kind.pair(2 * index)
      for _ in 0..<numbers {
        let equal = ~(left.next() ^ right.next())
        for bit in 0..<64 { agreements[bit] += Int(equal >> UInt64(bit) & 1) }
      }
    }
    let trials = Double(pairs) * Double(numbers)
    let scores = agreements.map { (Double($0) - trials / 2) / (trials / 4).squareRoot() }
    // 5 sigma: six in ten million by chance.
    #expect(scores.allSatisfy { abs($0) < 5 }, "\(kind): \(scores)")
    #expect(abs(scores.reduce(0, +) / 8) < 5, "\(kind): \(scores)")
  }

  /// Marsaglia's birthday spacings over numbers of as many streams: of n birthdays in a year of m
  /// days, n^3 / 4m spacings are expected to occur again.
  @Test(arguments: [0, 16, 32] as [UInt64]) func birthdaysOfManyStreamsAreRandom(shift: UInt64) {
    let rounds = 48
    let birthdays: UInt32 = 4096
    let expected = Double(rounds) * 4  // 2^36 / (4 * 2^32)
    var streams = (0..<birthdays).map { RandomStream(seed: 11, entity: $0, purpose: 0) }
    var repeated = 0
    for _ in 0..<rounds {
      var days = streams.indices.map { streams[$0].next() >> shift & 0xFFFF_FFFF }
      days.sort()
      let spacings = zip(days.dropFirst(), days).map { $0 - $1 }.sorted()
      repeated += zip(spacings, spacings.dropFirst()).count { $0 == $1 }
    }
    #expect(abs(Double(repeated) - expected) < 5 * expected.squareRoot(), "\(repeated)")
  }

  /// Bytes taken in turn from many streams, by chi-square.
  @Test func bytesOfManyStreamsAreUniform() {
    var counts = [Int](repeating: 0, count: 256)
    var streams = (0..<2000 as Range<UInt32>).map {
      RandomStream(seed: 12, entity: $0, purpose: 0)
    }
    for _ in 0..<20 {
      for index in streams.indices {
        let number = streams[index].next()
        for byte in 0..<8 as Range<UInt64> { counts[Int(number >> (8 * byte) & 0xFF)] += 1 }
      }
    }
    let expected = Double(2000 * 20 * 8) / 256
    let square =
      counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) } / expected
    // 255 degrees of freedom: mean 255, deviation 22.6.
    #expect(abs(square - 255) < 5 * 22.6, "\(square)")
  }

  @Test func keysOfOneSeedDiffer() {
    var seen: Set<UInt64> = []
    for entity in 0..<3000 as Range<UInt32> {
      for purpose in 0..<16 as Range<UInt16> {
        var stream = RandomStream(seed: 13, entity: entity, purpose: purpose)
        seen.insert(stream.next())
      }
    }
    #expect(seen.count == 48_000)
  }
}
