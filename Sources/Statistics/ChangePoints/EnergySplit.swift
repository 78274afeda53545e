/// Change points by E-divisive means: split where the energy distance is largest, then again.
///
/// Matteson & James, A nonparametric approach for multiple change point analysis of multivariate
/// data, JASA 109 (2014), with their exponent 1. In place of their permutation test, which costs a
/// thousand times as much and answers anew each time, Student's t with the chance that the choice
/// of the place adds (``SelectedSplit``); Hunter (Fleming et al., 2023) takes a plain t for it.
enum EnergySplit {
  /// The places at which a new segment begins, in order.
  ///
  /// O(n²) for each split.
  static func places(
    in values: ArraySlice<Double>, least: Int, p: Double, noise: SeriesNoise
  ) -> [Int] {
    guard let place = significant(in: values, least: least, p: p, noise: noise) else { return [] }
    return places(in: values[..<place], least: least, p: p, noise: noise)
      + [place]
      + places(in: values[place...], least: least, p: p, noise: noise)
  }

  /// A split that noise alone shows with at most this chance, nil if there is none.
  ///
  /// A level that returns hides both of its ends from a split of the whole; so halves that overlap
  /// by half are split next, then quarters and so on (Kovács et al., Seeded binary segmentation,
  /// Biometrika 110, 2023), each size with half the chance of the one before.
  private static func significant(
    in values: ArraySlice<Double>, least: Int, p: Double, noise: SeriesNoise
  ) -> Int? {
    var length = values.count
    var chance = p / 2
    while length >= 2 * least {
      let last = values.endIndex - length
      let starts = stride(from: values.startIndex, to: last, by: length / 2) + [last]
      let splits = starts.map { start in
        let part = values[start..<(start + length)]
        let place = best(in: part, least: least).place
        let z = SelectedSplit.z(part[..<place], part[place...]) / noise.inflation.squareRoot()
        return (place: place, p: SelectedSplit(count: length, least: least).p(z))
      }
      if let split = splits.min(by: { $0.p < $1.p }), split.p <= chance / Double(starts.count) {
        return split.place
      }
      length /= 2
      chance /= 2
    }
    return nil
  }

  /// The place where Q of both sides, formula 5 of the paper, is largest.
  ///
  /// The sums of distances within the sides and between them change by one value's distances as
  /// the place moves on. O(n²).
  static func best(
    in values: ArraySlice<Double>, least: Int
  ) -> (place: Int, energy: Double) {
    var within = (before: 0.0, after: 0.0)
    for place in values.indices {
      within.after += sum(of: values[values.startIndex..<place], from: values[place])
    }
    let total = within.after
    var best = (place: values.startIndex + least, energy: -Double.infinity)
    for place in values.indices.dropLast(least) {
      within.before += sum(of: values[values.startIndex..<place], from: values[place])
      within.after -= sum(of: values[(place + 1)...], from: values[place])
      let before = Double(place + 1 - values.startIndex)
      let after = Double(values.count) - before
      guard before >= Double(least) else { continue }
      let between = total - within.before - within.after
      let energy =
        2 * between / (before * after) - 2 * within.before / (before * (before - 1))
        - 2 * within.after / (after * (after - 1))
      let weighed = before * after / (before + after) * energy
      if weighed > best.energy { best = (place + 1, weighed) }
    }
    return best
  }

  private static func sum(of values: ArraySlice<Double>, from value: Double) -> Double {
    var sum = 0.0
    for other in values { sum += (other - value).magnitude }
    return sum
  }
}
