/// The exact distribution of the sum of scores that chance picks, counted and not simulated.
///
/// Scores are ranks, or doubled mid-ranks where there are ties, so that permutation tests with ties
/// are exact too. Counting by dynamic programming: Pagano & Tritchler, On Obtaining Permutation
/// Distributions in Polynomial Time, JASA 78 (1983), section 2.
struct ScoreSumDistribution {
  /// The least sum there can be.
  let least: Int
  /// Sums lie this far apart: 2 for doubled ranks without ties.
  let step: Int
  /// The probability of each sum, from the least one upwards.
  let probabilities: [Double]

  /// Each score is taken or left with probability 1/2: the signs of a signed-rank test.
  ///
  /// Exact up to 53 scores, as multiples of 2^-n. O(n * sum of scores).
  init(takingEach scores: [Int]) {
    step = Self.commonDivisor(scores)
    least = 0
    var ways = [1.0]
    for score in scores.sorted() {
      let shift = score / step
      var next = ways + [Double](repeating: 0, count: shift)
      for sum in ways.indices { next[sum + shift] += ways[sum] }
      ways = next
    }
    let all = Double(sign: .plus, exponent: scores.count, significand: 1)
    probabilities = ways.map { $0 / all }
  }

  /// So many of the scores are taken, each set of that size as likely as any other.
  ///
  /// Exact while there are fewer than 2^53 such sets. O(n * count * sum of scores).
  init(taking count: Int, of scores: [Int]) {
    let base = scores.min() ?? 0
    let step = Self.commonDivisor(scores.map { $0 - base })
    let places = scores.map { ($0 - base) / step }.sorted()
    let largest = places.suffix(count).reduce(0, +)
    let width = largest + 1
    // ways[taken * width + sum]: how many sets of that size have that sum.
    var ways = [Double](repeating: 0, count: (count + 1) * width)
    ways[0] = 1
    var reached = 0
    for (index, place) in places.enumerated() {
      reached = min(largest, reached + place)
      // From the largest sets down: then each score is taken once at most.
      for taken in stride(from: min(index + 1, count), to: 0, by: -1) {
        let row = taken * width
        let from = row - width - place
        guard place <= reached else { continue }
        for sum in place...reached { ways[row + sum] += ways[from + sum] }
      }
    }
    let last = ways[(count * width)...]
    let first = last.firstIndex { $0 > 0 } ?? last.startIndex
    let all = last.reduce(0, +)
    self.step = step
    least = count * base + (first - last.startIndex) * step
    probabilities = last[first...].map { $0 / all }
  }

  private init(least: Int, step: Int, probabilities: [Double]) {
    self.least = least
    self.step = step
    self.probabilities = probabilities
  }

  /// The distribution of the sum of the scores not taken, of all of which `total` is the sum.
  func ofTheRest(total: Int) -> ScoreSumDistribution {
    ScoreSumDistribution(
      least: total - least - step * (probabilities.count - 1), step: step,
      probabilities: probabilities.reversed())
  }

  /// The probability of a sum of at most `sum`.
  func atMost(_ sum: Int) -> Double {
    guard sum >= least else { return 0 }
    return min(1, probabilities.prefix((sum - least) / step + 1).reduce(0, +))
  }

  /// The probability of a sum of at least `sum`.
  func atLeast(_ sum: Int) -> Double {
    guard sum > least else { return 1 }
    return min(1, probabilities.dropFirst((sum - least + step - 1) / step).reduce(0, +))
  }

  private static func commonDivisor(_ numbers: [Int]) -> Int {
    var divisor = 0
    for number in numbers {
      var other = number
      while other != 0 { (divisor, other) = (other, divisor % other) }
    }
    return max(divisor, 1)
  }
}
