public import Measure
public import Scenario
internal import Statistics

/// Plans a run that goes on until its limits are decided.
public enum UntilDecided {
  /// The most looks: five cost little and end most runs early (Pocock 1977, table 1; R12 of the
  /// project's research).
  static let mostLooks = 5

  /// The looks for a scenario: each of its design's blocks, and at least of as many as give the
  /// median an interval of the nominal confidence (7 for 95 % over five looks).
  ///
  /// Throws ``RunError`` where no limit can fail the run, so that there is nothing to decide, and
  /// where not even one look fits into the budget.
  public static func plan(
    _ scenario: Scenario, seed: UInt64, budget: Nanoseconds?
  ) throws(RunError) -> Plan {
    guard scenario.limits.contains(where: { $0.severity == .fail }) else {
      throw RunError(
        .usage,
        [
          "\(scenario.name) has no limit that can fail it: there is nothing to decide\n  hint: add "
            + "one, such as `limits: [iops >= 100k/s]`, or run it without --until-decided"
        ])
    }
    let overall = scenario.design.confidence
    let level = PlannedLooks.pocock(looks: mostLooks, alpha: Fraction(1 - overall.value))
    let nominal = Fraction(1 - level.value)
    let fewest = OrderStatisticInterval.fewestValues(confidence: nominal)
    let looks = Plan.Looks(
      count: mostLooks, blocksEach: max(scenario.design.blocks, fewest), nominal: nominal,
      overall: overall, budget: budget)
    let plan = Plan.expand(scenario, seed: seed, looks: looks)
    let least = plan.estimate(of: 1).knownNs
    if let budget, least > budget {
      throw RunError(
        .usage,
        [
          "one look takes at least \(least.text), and the budget is \(budget.text)\n  hint: "
            + "measure shorter, or fewer cases, or raise --budget; a look is "
            + "\(looks.blocksEach) blocks"
        ])
    }
    return plan
  }
}
