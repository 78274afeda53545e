internal import Measure
public import Scenario

extension MetricChoice {
  /// What a scenario's limits of severity fail name, counts left out; the headline without any.
  ///
  /// What the author of a scenario lets fail a run is what matters in it; a count is no estimate.
  public static func ofLimits(_ limits: [Limit]) -> MetricChoice {
    var names: [String] = []
    for limit in limits where limit.severity == .fail && !names.contains(limit.metric) {
      guard let definition = MetricCatalogue.definition(of: limit.metric),
        definition.unit != .count
      else { continue }
      names.append(limit.metric)
    }
    return names.isEmpty ? .headline : .named(names)
  }
}

extension ComparisonRules {
  /// The ratio of run to baseline from which on a loss matters: 0.95 or 1.05 for 5 %.
  func worst(_ direction: MetricDefinition.Direction) -> Double {
    direction == .higher ? 1 - tolerance.value : 1 + tolerance.value
  }
}
