internal import Measure

/// The search for a minimum by a population of places (Storn & Price, Journal of Global
/// Optimization 11, 1997), for functions with many valleys.
public enum DifferentialEvolution {
  /// The best place of a population after so many generations, within `width` of `middle`.
  ///
  /// Each member is set against one made of others: a random member, moved by the difference of two
  /// more and towards the best (current-to-best/1), of which each coordinate is taken with a
  /// probability of 0.9. The same seed gives the same place. O(members x generations) values.
  public static func minimum(
    around middle: [Double], width: Double, members: Int, generations: Int, seed: UInt64,
    of value: ([Double]) -> Double
  ) -> (place: [Double], value: Double) {
    let sequence = SobolSequence(dimensions: middle.count, seed: seed)
    var population = sequence.points(members).map { point in
      let place = zip(middle, point).map { $0 + (2 * $1 - 1) * width }
      return (place: place, value: value(place))
    }
    var random = SeededRandom(seed: seed)
    for _ in 0..<generations {
      let best = population.min { $0.value < $1.value } ?? population[0]
      for number in population.indices {
        let (first, second) = (random.below(UInt64(members)), random.below(UInt64(members)))
        let factor = 0.4 + 0.4 * random.unit()
        let whole = Int(random.below(UInt64(middle.count)))
        var place = population[number].place
        for axis in place.indices where axis == whole || random.unit() < 0.9 {
          let difference =
            population[Int(first)].place[axis] - population[Int(second)].place[axis]
          place[axis] += factor * (best.place[axis] - place[axis]) + factor * difference
        }
        let found = value(place)
        if found < population[number].value { population[number] = (place, found) }
      }
    }
    return population.min { $0.value < $1.value } ?? population[0]
  }
}
