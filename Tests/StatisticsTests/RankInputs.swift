import Foundation
import Measure
import Statistics

/// Seeded samples for the rank tests, of all shapes that decide anything in them.
struct RankInputs {
  var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// A sample of one kind: without ties, with few, with many, skewed over six decades, all equal.
  mutating func sample(count: Int, kind: Int, shift: Double = 0) -> [Double] {
    (0..<count).map { _ in
      switch kind % 5 {
      case 0: normal() + shift
      case 1: (normal() * 8 + shift * 8).rounded()
      case 2: Double(random.below(3)) - 1
      case 3: exponential() * 1e6 + shift
      default: 2
      }
    }
  }

  /// A normal value of mean 0 and spread 1.
  mutating func normal() -> Double {
    Normal.quantile(0.5e-16 + random.unit() * (1 - 1e-16))
  }

  mutating func exponential() -> Double { -log(1 - random.unit()) }

  mutating func count(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(random.below(UInt64(range.count)))
  }
}
