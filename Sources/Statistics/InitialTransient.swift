/// How much of a series' beginning is warm-up: the rule MSER-5.
///
/// White, An effective truncation heuristic for bias reduction in simulation output, Simulation 69
/// (1997); with means of five, White, Cobb & Spratt, A comparison of five steady-state truncation
/// heuristics (2000).
public enum InitialTransient {
  /// The place from which on the series counts: a multiple of `batch`, 0 if there is no warm-up.
  ///
  /// The beginning is cut where the squared standard error of the mean of the rest, taken over
  /// means of `batch` values, is least. nil where that cannot be told: the least lies in the second
  /// half, so that the series may still be settling; fewer than ten batches; or a value that is not
  /// finite. The last five batches are not tried, whose scatter is an accident (Hoad, Robinson &
  /// Davies, Automating warm-up length estimation, 2010). Values after the last whole batch are
  /// not looked at. Traps unless batch >= 1. O(n).
  public static func truncation(of values: [Double], batch: Int = 5) -> Int? {
    precondition(batch >= 1, "a batch has values")
    let count = values.count / batch
    guard count >= 10, values.allSatisfy(\.isFinite) else { return nil }
    let means = (0..<count).map { index in
      values[(index * batch)..<((index + 1) * batch)].reduce(0, +) / Double(batch)
    }
    // From the end, so that mean and squares of the rest grow by one batch at a time (Welford).
    var mean = 0.0
    var squares = 0.0
    var best = (start: 0, error: Double.infinity)
    for start in means.indices.reversed() {
      let size = Double(count - start)
      let difference = means[start] - mean
      mean += difference / size
      squares += difference * (means[start] - mean)
      guard count - start >= 5 else { continue }
      let error = squares / (size * size)
      // Of equals the earliest: it keeps the most.
      if error <= best.error { best = (start, error) }
    }
    return best.start <= count / 2 ? best.start * batch : nil
  }
}
