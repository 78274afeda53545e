internal import Ledger
internal import Measure
internal import Statistics

/// Looks for values that rise or fall over a record: what trials in turn survive, and others not.
struct DriftWatch {
  /// One metric of one case in one session.
  private struct Series: Hashable {
    var key: CaseKey
    var metric: String
    var session: String
  }

  private var order: [Series] = []
  private var values: [Series: [Double]] = [:]
  /// Whether only pairs of one block were made of it.
  private var isPaired: [Series: Bool] = [:]

  /// Adds the trials of a side of a row.
  mutating func add(_ samples: CaseSamples, metric: String, isPaired paired: Bool) {
    for session in Set(samples.samples.map(\.session)).sorted() {
      let series = Series(key: samples.key, metric: metric, session: session)
      isPaired[series] = (isPaired[series] ?? true) && paired
      guard values[series] == nil else { continue }
      order.append(series)
      values[series] = samples.samples.filter { $0.session == session }
        .sorted { $0.place < $1.place }.compactMap { $0.metrics[metric]?.value }
    }
  }

  /// The series that drift, as `local/read iops fell by 4.8 %`: of pairs, and of other trials.
  ///
  /// Mann and Kendall's test of each, with Holm's correction over all of them, and the size by
  /// Theil and Sen's slope over the whole of the trials.
  func found(confidence: Fraction) -> (paired: [String], unpaired: [String]) {
    let tests = order.compactMap { series -> (series: Series, p: Double)? in
      MannKendall(values[series] ?? []).map { (series, $0.p) }
    }
    let adjusted = Holm.adjusted(tests.map(\.p))
    var paired: [String] = []
    var unpaired: [String] = []
    for (test, p) in zip(tests, adjusted) where p <= 1 - confidence.value {
      let all = values[test.series] ?? []
      guard let change = Drift(of: all, confidence: confidence)?.relativeChange else { continue }
      let text =
        "\(test.series.key) \(test.series.metric) \(change.value < 0 ? "fell" : "rose") by "
        + "\(ComparisonText.percent(change.value.magnitude)) over \(all.count) trials"
      if isPaired[test.series] == true { paired.append(text) } else { unpaired.append(text) }
    }
    return (paired, unpaired)
  }
}
