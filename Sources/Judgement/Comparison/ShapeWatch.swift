internal import Ledger
internal import Measure
internal import Statistics

/// Looks for rows whose sides agree in the middle and not in how their trials scatter: a second
/// mode, or trials that fall out, which a ratio does not show.
struct ShapeWatch {
  private var tests: [(place: String, p: Double)] = []

  /// Adds a row that came out the same; `zone` is that of ratios which do not matter.
  ///
  /// The subject is divided by the ratio first: a small shift is what the row itself tells, and
  /// would be found by the test as well. Scaling by an estimate makes Smirnov's test stricter, not
  /// looser. A difference of scatter that is found and everywhere within the zone does not matter.
  /// O(trials log trials), and O(trials of one side x trials of the other).
  mutating func add(_ row: ComparisonRow, _ pair: CaseMatch.Pair, zone: ClosedRange<Double>) {
    guard row.verdict == .same, let ratio = row.ratio, ratio > 0 else { return }
    let reference = pair.reference.values(of: row.metric).sorted()
    let subject = pair.subject.values(of: row.metric).map { $0 / ratio }.sorted()
    guard let test = KolmogorovSmirnov(reference, subject) else { return }
    let matters = [0.1, 0.25, 0.75, 0.9].contains { share in
      !zone.contains(Self.value(of: subject, at: share) / Self.value(of: reference, at: share))
    }
    tests.append(("\(row.key) \(row.metric)", matters ? test.p : 1))
  }

  /// The value of the nearest rank.
  private static func value(of sorted: [Double], at share: Double) -> Double {
    sorted[Int((Double(sorted.count - 1) * share).rounded())]
  }

  /// The rows that differ in shape, with Holm's correction over all that were added.
  func found(confidence: Fraction) -> [String] {
    zip(tests, Holm.adjusted(tests.map(\.p)))
      .filter { $1 <= 1 - confidence.value }.map(\.0.place)
  }
}

extension CaseSamples {
  /// A metric's values in executed order.
  func values(of metric: String) -> [Double] { samples.compactMap { $0.metrics[metric]?.value } }
}
