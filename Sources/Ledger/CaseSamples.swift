public import Measure

/// What the trials of one case came to, as comparisons and baselines need it: no histograms.
public struct CaseSamples: Codable, Hashable, Sendable {
  /// The case.
  public var key: CaseKey
  /// What must stand beside the numbers; values that differ between trials are joined by ` | `.
  public var disclosure: [String: String]
  /// The valid trials in executed order.
  public var samples: [Sample]
  /// Trials whose numbers may not be used, by name.
  public var invalid: [String]
  /// Trials that did not run to their end, by name.
  public var failed: [String]

  /// One valid trial.
  public struct Sample: Codable, Hashable, Sendable {
    /// The trial's name.
    public var id: String
    /// The record that it belongs to: what differs from session to session is common to its trials.
    public var session: String
    /// Which block of the design, from 1.
    public var block: Int
    /// Its place among all trials of the record in executed order, from 0.
    public var place: Int
    /// One value per metric.
    public var metrics: [String: MetricValue]

    /// States a trial.
    public init(
      id: String, session: String, block: Int, place: Int, metrics: [String: MetricValue]
    ) {
      self.id = id
      self.session = session
      self.block = block
      self.place = place
      self.metrics = metrics
    }
  }

  /// States a case whose trials are all valid.
  public init(key: CaseKey, disclosure: [String: String], samples: [Sample]) {
    self.key = key
    self.disclosure = disclosure
    self.samples = samples
    invalid = []
    failed = []
  }

  /// The cases of a record in order of their first trial; trials that only find a maximum (block 0)
  /// are left out.
  ///
  /// O(trials x metrics).
  public static func all(of record: RunRecord) -> [CaseSamples] {
    var order: [CaseKey] = []
    var cases: [CaseKey: CaseSamples] = [:]
    for (place, trial) in record.trials.enumerated() where trial.block > 0 {
      if cases[trial.key] == nil { order.append(trial.key) }
      var found =
        cases[trial.key]
        ?? CaseSamples(key: trial.key, disclosure: [:], samples: [])
      found.add(trial, place: place, session: record.header.id)
      cases[trial.key] = found
    }
    return order.compactMap { cases[$0] }
  }

  private mutating func add(_ trial: TrialRecord, place: Int, session: String) {
    for (name, value) in trial.disclosure where disclosure[name] != value {
      let known = disclosure[name]?.split(separator: " | ").map(String.init) ?? []
      if !known.contains(value) {
        disclosure[name] = (known + [value]).sorted().joined(separator: " | ")
      }
    }
    switch trial.status {
    case .valid:
      samples.append(
        Sample(
          id: trial.id, session: session, block: trial.block, place: place,
          metrics: trial.metrics))
    case .invalid: invalid.append(trial.id)
    case .failed: failed.append(trial.id)
    }
  }
}
