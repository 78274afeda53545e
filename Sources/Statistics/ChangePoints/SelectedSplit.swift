import RealModule

/// How significant a difference is when the place of the split was chosen to make it large.
///
/// The largest of many correlated z is that of a Brownian bridge over its standard deviation
/// (Miller & Siegmund, Maximally selected chi square statistics, Biometrics 38, 1982).
struct SelectedSplit {
  /// log of the odds at the last place over those at the first: how many places are independent.
  private let span: Double

  /// Splits of `count` values that leave at least `least` of them on either side.
  init(count: Int, least: Int) {
    span = 2 * Double.log(Double(count - least) / Double(least))
  }

  /// The chance of a |z| as large as this somewhere, if there is no difference.
  func p(_ z: Double) -> Double {
    let distance = z.magnitude
    // The formula is one for small chances; below the maximum's median it is of no use.
    guard distance > 1.5 else { return 1 }
    let density = Double.exp(-distance * distance / 2) / (2 * Double.pi).squareRoot()
    return min(1, density * (4 / distance + (distance - 1 / distance) * span))
  }

  /// The |z| which is passed somewhere with this chance.
  func bound(_ p: Double) -> Double {
    OrderedSearch.least(in: 1.5...40) { self.p($0) <= p }
  }

  /// The z of Student's t between two samples of equal variance, as from so many values.
  ///
  /// Positive if the second mean is the larger one.
  static func z(_ before: ArraySlice<Double>, _ after: ArraySlice<Double>) -> Double {
    let (low, high) = (Moments(before), Moments(after))
    let degrees = Double(before.count + after.count - 2)
    let variance = (low.squares + high.squares) / degrees
    let error = variance * (1 / Double(before.count) + 1 / Double(after.count))
    let difference = high.mean - low.mean
    guard difference != 0 else { return 0 }
    let tail = StudentT.tail(difference.magnitude / error.squareRoot(), degrees: degrees)
    return z(tail: tail) * (difference < 0 ? -1 : 1)
  }

  /// The z that is passed, to one side, with this chance; where doubles end, so does it.
  static func z(tail: Double) -> Double { -Normal.quantile(max(tail, 1e-300)) }

  private struct Moments {
    var mean: Double
    var squares: Double

    init(_ values: ArraySlice<Double>) {
      let mean = values.reduce(0, +) / Double(values.count)
      self.mean = mean
      squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
  }
}
