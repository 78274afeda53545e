import Foundation
import Simulation
import Testing

struct DifferentialEvolutionTests {
  /// Rastrigin's function, least (0) at 1 everywhere, with a valley at nearly every whole number.
  private func hills(_ place: [Double]) -> Double {
    place.reduce(0) { sum, value in
      let x = value - 1
      return sum + x * x + 10 * (1 - cos(2 * .pi * x))
    }
  }

  @Test func theLowestOfManyValleysIsFoundWhereASimplexEndsInAnother() {
    let start = [-3.0, 3, 4]
    let found = DifferentialEvolution.minimum(
      around: start, width: 8, members: 40, generations: 200, seed: 1, of: hills)
    #expect(found.value < 1e-6 && found.place.allSatisfy { abs($0 - 1) < 1e-3 }, "\(found)")
    #expect(Simplex.minimum(from: start, step: 0.25, of: hills).value > 1)
    let again = DifferentialEvolution.minimum(
      around: start, width: 8, members: 40, generations: 200, seed: 1, of: hills)
    #expect(again.place == found.place)
  }
}
