public import Measure

extension Plan {
  /// Judging while a run goes on, at moments that were planned before it began.
  ///
  /// A run that stops as soon as a limit looks decided errs more often than it says (27 % of
  /// runs at the limit where 5 % were promised, looking after each block). A few planned looks,
  /// each at a stricter nominal confidence, keep the promise for all together (Pocock, Group
  /// sequential methods in the design and analysis of clinical trials, Biometrika 64, 1977).
  public struct Looks: Hashable, Codable, Sendable {
    /// How many at most.
    public var count: Int
    /// How many blocks are run for each.
    public var blocksEach: Int
    /// The confidence of each judgement.
    public var nominal: Fraction
    /// The confidence of all of them together: what was asked for.
    public var overall: Fraction
    /// No look begins that would not fit into this; nil is no bound.
    public var budget: Nanoseconds?

    /// Plans looks.
    public init(
      count: Int, blocksEach: Int, nominal: Fraction, overall: Fraction, budget: Nanoseconds? = nil
    ) {
      self.count = count
      self.blocksEach = blocksEach
      self.nominal = nominal
      self.overall = overall
      self.budget = budget
    }

    /// The blocks that a look adds, looks from 1.
    public func blocks(of look: Int) -> ClosedRange<Int> {
      (look - 1) * blocksEach + 1...look * blocksEach
    }
  }

  /// The trials that a look adds, a maximum that they need among them; looks from 1.
  ///
  /// Trials of all looks stand one look after the other. O(trials).
  public func trials(of look: Int) -> [PlannedTrial] {
    guard let looks else { return trials }
    let blocks = looks.blocks(of: look)
    // A maximum is found once, in the first look.
    return trials.filter { blocks.contains($0.block) || (look == 1 && $0.block == 0) }
  }

  /// How long a look takes and what it writes, as far as that can be known.
  public func estimate(of look: Int) -> TrialEstimate { Self.estimate(of: trials(of: look)) }

  /// The plan of some cases alone.
  ///
  /// A maximum that a rate is a share of is found as in the whole plan. O(trials).
  public func only(_ cases: Set<CaseKey>) -> Plan {
    var plan = self
    plan.trials = []
    plan.only = []
    let kept = trials.filter { $0.block > 0 && cases.contains($0.key) }
    for trial in kept where plan.only?.contains(trial.key) == false { plan.only?.append(trial.key) }
    let needed = Set(kept.map(\.id) + kept.compactMap(\.maximumFrom))
    var names: [String: String] = [:]
    for trial in trials where needed.contains(trial.id) {
      var copy = trial
      copy.maximumFrom = trial.maximumFrom.flatMap { names[$0] }
      names[trial.id] = plan.add(copy)
    }
    plan.limits = limits.filter { limit in cases.contains { limit.applies(to: $0) } }
    return plan
  }
}
