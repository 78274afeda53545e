public import Ledger
public import Measure
public import Statistics

/// What the trials of one case say of one metric.
public struct CaseEstimate: Codable, Hashable, Sendable {
  /// The case.
  public var key: CaseKey
  /// The metric's name in `MetricCatalogue`.
  public var metric: String
  /// The unit of the value and of the interval's ends.
  public var unit: String
  /// Median over the valid trials.
  public var value: Double
  /// Interval of the median; nil when there are too few trials for one.
  public var interval: OrderStatisticInterval?
  /// Set where the value is a bound, and nothing closer is known.
  public var bound: MetricValue.Bound?
  /// How many trials had a value.
  public var n: Int

  /// Every metric of every case: cases in order of their first trial, metrics in the catalogue's.
  ///
  /// Only valid trials of the design count; a case without any has no estimate.
  /// O(values log values).
  public static func all(of trials: [TrialRecord], confidence: Fraction) -> [CaseEstimate] {
    let cases = TrialsByCase(trials)
    return cases.order.flatMap { key -> [CaseEstimate] in
      let valid = cases[key].valid
      return Set(valid.flatMap(\.metrics.keys)).map { (place(of: $0), $0) }.sorted(by: <)
        .compactMap { _, metric in
          let found = valid.compactMap { $0.value(of: metric) }
          guard let median = Median.of(found),
            let unit = valid.lazy.compactMap({ $0.metrics[metric]?.unit }).first
          else { return nil }
          return CaseEstimate(
            key: key, metric: metric, unit: unit, value: median,
            interval: OrderStatisticInterval(medianOf: found, confidence: confidence),
            bound: valid.lazy.compactMap { $0.metrics[metric]?.bound }.first,
            n: found.count)
        }
    }
  }

  /// The metric's row in the catalogue; behind all rows for one that is not in it.
  static func place(of metric: String) -> Int {
    let entries = MetricCatalogue.entries
    return entries.firstIndex { entry in
      entry.name == metric || (entry.takesStatistic && metric.hasPrefix(entry.name + " "))
    } ?? entries.count
  }
}

/// Trials sorted by what may be done with them.
struct TrialsByCase {
  /// The trials of one case.
  struct Group {
    var valid: [TrialRecord] = []
    var invalid: [TrialRecord] = []
    var failed: [TrialRecord] = []
  }

  /// Cases in order of their first trial.
  private(set) var order: [CaseKey] = []
  private var groups: [CaseKey: Group] = [:]
  private var places: [String: Int] = [:]

  /// Leaves out block 0: it finds the maximum of which a rate is a share, and is no replicate.
  init(_ trials: [TrialRecord]) {
    for (place, trial) in trials.enumerated() where trial.block > 0 {
      places[trial.id] = place
      if groups[trial.key] == nil { order.append(trial.key) }
      switch trial.status {
      case .valid: groups[trial.key, default: Group()].valid.append(trial)
      case .invalid: groups[trial.key, default: Group()].invalid.append(trial)
      case .failed: groups[trial.key, default: Group()].failed.append(trial)
      }
    }
  }

  subscript(key: CaseKey) -> Group { groups[key] ?? Group() }

  /// A trial's place in executed order.
  func place(of trial: TrialRecord) -> Int { places[trial.id] ?? 0 }
}

extension TrialRecord {
  /// The metric's value where it is a number.
  func value(of metric: String) -> Double? {
    metrics[metric].map(\.value).flatMap { $0.isFinite ? $0 : nil }
  }
}
