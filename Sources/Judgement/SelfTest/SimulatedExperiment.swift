public import Ledger
public import Measure
internal import RealModule
internal import Statistics

/// An experiment whose truth is known: on such ones the judges are judged.
///
/// The value of a trial is lognormal around a level that drifts in a straight line over the
/// session; a session has a level of its own. Seeded: the same seed gives the same trials.
public struct SimulatedExperiment: Hashable, Codable, Sendable {
  /// Trials of each arm.
  public var trials: Int
  /// Standard deviation of the logarithm from trial to trial: about the coefficient of variation.
  public var variation: Fraction
  /// Change of the level from the first to the last trial of a session: 0.05 rises by 5 %.
  public var drift: Fraction
  /// Standard deviation of the logarithm from session to session.
  public var sessionVariation: Fraction
  /// True change of the subject against the reference: -0.1 loses 10 %.
  public var change: Fraction

  /// Describes an experiment; without drift, session variation and change unless told.
  public init(
    trials: Int, variation: Fraction, drift: Fraction = Fraction(0),
    sessionVariation: Fraction = Fraction(0), change: Fraction = Fraction(0)
  ) {
    self.trials = trials
    self.variation = variation
    self.drift = drift
    self.sessionVariation = sessionVariation
    self.change = change
  }

  /// The metric that the simulated trials have; more is better.
  static let metric = "iops"
  private static let level = 100_000.0

  /// Two systems, `a` and `b`, in one session: A B, B A, ... or all of A, then all of B.
  func systems(isInterleaved: Bool, _ random: inout SeededRandom) -> [ComparisonArm] {
    var samples: [[CaseSamples.Sample]] = [[], []]
    let session = normal(&random) * sessionVariation.value
    for place in 0..<2 * trials {
      let block = isInterleaved ? place / 2 : place % trials
      let arm =
        isInterleaved ? (place + block) % 2 : place / trials
      samples[arm].append(
        sample(
          place, of: 2 * trials, block: block + 1, session: session, name: "session",
          factor: arm == 1 ? 1 + change.value : 1, &random))
    }
    return zip(["a", "b"], samples).map { Self.arm($0, system: $0, [$1]) }
  }

  /// A baseline of so many sessions, and a run that is changed against it.
  func baselineAndRun(sessions: Int, _ random: inout SeededRandom) -> [ComparisonArm] {
    func session(_ name: String, factor: Double) -> [CaseSamples.Sample] {
      let level = normal(&random) * sessionVariation.value
      return (0..<trials).map { place in
        sample(
          place, of: trials, block: place + 1, session: level, name: name, factor: factor, &random)
      }
    }
    let past = (0..<sessions).map { session("session-\($0 + 1)", factor: 1) }
    let run = session("run", factor: 1 + change.value)
    return [Self.arm("baseline", system: "a", past), Self.arm("run", system: "a", [run])]
  }

  private func sample(
    _ place: Int, of count: Int, block: Int, session: Double, name: String, factor: Double,
    _ random: inout SeededRandom
  ) -> CaseSamples.Sample {
    let share = count > 1 ? Double(place) / Double(count - 1) : 0
    let level = Self.level * (1 + drift.value * share) * factor
    let value = level * .exp(session + normal(&random) * variation.value)
    return CaseSamples.Sample(
      id: "t\(place + 1)", session: name, block: block, place: place,
      metrics: [Self.metric: MetricValue(value, MetricUnit.perSecond.rawValue)])
  }

  private static func arm(
    _ label: String, system: String, _ sessions: [[CaseSamples.Sample]]
  ) -> ComparisonArm {
    ComparisonArm(
      label: label, source: "simulated", id: sessions.count == 1 ? "session" : label,
      startedAt: "", evidence: .simulated, facts: [],
      cases: [
        CaseSamples(
          key: CaseKey(system: system, workload: "w"),
          disclosure: [:], samples: sessions.flatMap { $0 }, invalid: [], failed: [])
      ])
  }

  /// A standard normal number, by inversion: one draw a number, so that streams stay in step.
  private func normal(_ random: inout SeededRandom) -> Double {
    Normal.quantile(max(random.unit(), 0x1p-53))
  }
}
