public import Measure

/// What a comparison is asked for.
public struct ComparisonRules: Hashable, Sendable {
  /// Confidence of the intervals, both sides together.
  public var confidence: Fraction
  /// The relative difference that does not matter: 0.05 is 5 %.
  public var tolerance: Fraction
  /// Which metrics become rows.
  public var metrics: MetricChoice
  /// Keys of differences that are meant: `kernel.release`, `disclosure.load`, or a part of the key
  /// up to a point, such as `cpu`.
  public var despite: Set<String>

  /// Asks for the headline metrics at 95 % with a tolerance of 5 %.
  public init(
    confidence: Fraction = .percent(95), tolerance: Fraction = .percent(5),
    metrics: MetricChoice = .headline, despite: Set<String> = []
  ) {
    self.confidence = confidence
    self.tolerance = tolerance
    self.metrics = metrics
    self.despite = despite
  }

  /// Whether a difference of this key is what is being compared.
  func means(_ key: String) -> Bool {
    despite.contains { key == $0 || key.hasPrefix($0 + ".") }
  }

  func zone(_ direction: MetricDefinition.Direction) -> ClosedRange<Double> {
    Self.zone(direction, tolerance: tolerance)
  }

  fileprivate static func zone(
    _ direction: MetricDefinition.Direction, tolerance: Fraction
  ) -> ClosedRange<Double> {
    let bad = direction == .higher ? 1 - tolerance.value : 1 + tolerance.value
    return min(bad, 1 / bad)...max(bad, 1 / bad)
  }
}

extension Comparison {
  /// The zone of ratios that do not matter.
  ///
  /// Its bad end is the tolerance to the letter, 0.95 or 1.05 for 5 %; its good end is one by the
  /// bad one, so that swapping the arms turns a verdict round and never changes it.
  public func zone(_ direction: MetricDefinition.Direction) -> ClosedRange<Double> {
    ComparisonRules.zone(direction, tolerance: tolerance)
  }
}

/// Which metrics a comparison shows.
public enum MetricChoice: Hashable, Sendable {
  /// Those of `MetricCatalogue.headline` that both sides have.
  ///
  /// Where none is, and of imported and published figures, all that both sides have.
  case headline
  /// All that both sides have.
  case all
  /// These, present or not; a family such as `latency` with every statistic that is there.
  case named([String])

  /// Reads words as `--metric` takes them: `iops`, `latency p99`, `latency-p99`, `latency`, `all`.
  ///
  /// No words are the headline. Throws ``UnknownMetric`` for a word that is no metric.
  public static func reading(_ words: [String]) throws(UnknownMetric) -> MetricChoice {
    if words.isEmpty { return .headline }
    if words.contains("all") { return .all }
    var names: [String] = []
    for word in words {
      let name = word.replacing("-", with: " ")
      let isFamily = MetricCatalogue.entries.contains { $0.name == name && $0.takesStatistic }
      guard isFamily || MetricCatalogue.definition(of: name) != nil else {
        let families = MetricCatalogue.entries.filter(\.takesStatistic).map(\.name)
        throw UnknownMetric(
          word: word,
          nearest: NearestWord.of(name, in: families + ["all"]) ?? MetricCatalogue.nearest(name))
      }
      if !names.contains(name) { names.append(name) }
    }
    return .named(names)
  }
}

/// A word that names no metric.
public struct UnknownMetric: Error, Hashable, Sendable, CustomStringConvertible {
  /// The word.
  public var word: String
  /// What was probably meant; nil where nothing is near.
  public var nearest: String?

  /// What is wrong, and how to mend it.
  public var description: String {
    "no metric is called \"\(word)\""
      + (nearest.map { "; did you mean \"\($0)\"?" } ?? "; `assay list metrics` names all")
  }
}

extension MetricChoice {
  /// The metrics to compare of two cases, in the catalogue's order.
  func metrics(
    of reference: Set<String>, and subject: Set<String>, measured: Bool
  ) -> [String] {
    let both = reference.intersection(subject)
    switch self {
    case .all: return Self.ordered(both)
    case .headline:
      let headline = both.intersection(MetricCatalogue.headline)
      return Self.ordered(headline.isEmpty || !measured ? both : headline)
    case .named(let names):
      let either = reference.union(subject)
      let asked = names.flatMap { name -> [String] in
        guard MetricCatalogue.definition(of: name) == nil else { return [name] }
        return either.filter { $0.hasPrefix(name + " ") && Self.isStatistic($0, of: name) }
      }
      return Self.ordered(Set(asked))
    }
  }

  private static func isStatistic(_ metric: String, of family: String) -> Bool {
    MetricCatalogue.statistic(String(metric.dropFirst(family.count + 1))) != nil
  }

  static func ordered(_ metrics: Set<String>) -> [String] {
    metrics.map { (CaseEstimate.place(of: $0), $0) }.sorted(by: <).map(\.1)
  }
}
