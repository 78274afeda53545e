internal import Ledger
public import Measure
internal import RealModule
internal import Statistics

/// An experiment whose truth is known: on such ones the judges are judged.
///
/// The value of a trial is lognormal around a level that drifts in a straight line over the
/// session; a session has a level of its own. Seeded: the same numbers give the same trials.
public struct SimulatedExperiment: Hashable, Codable, Sendable {
  /// Trials of each side, in each session.
  public var trials: Int
  /// Standard deviation of the logarithm from trial to trial: about the coefficient of variation.
  public var variation: Fraction
  /// Change of the level from the first to the last trial of a session: 0.05 rises by 5 %.
  public var drift = Fraction(0)
  /// Standard deviation of the logarithm from session to session.
  public var sessionVariation = Fraction(0)
  /// True change of the subject against the reference: -0.1 loses 10 %.
  public var change = Fraction(0)

  private static let metric = "iops"
  private static let level = 100_000.0

  /// Two systems in one session, A B, B A, ... or all of A, then all of B.
  func systems(isInterleaved: Bool, _ random: inout SeededRandom) -> [ComparisonArm] {
    var samples: [[CaseSamples.Sample]] = [[], []]
    for place in 0..<2 * trials {
      let block = isInterleaved ? place / 2 : place % trials
      let arm = isInterleaved ? (place + block) % 2 : place / trials
      samples[arm].append(
        sample(
          place, of: 2 * trials, block: block + 1, session: "session",
          factor: arm == 1 ? 1 + change.value : 1, &random))
    }
    return zip(["a", "b"], samples).map { Self.arm(of: $1, system: $0) }
  }

  /// A baseline of so many sessions, and a run that is changed against it.
  func baselineAndRun(
    sessions: Int, _ random: inout SeededRandom
  ) -> (baseline: Baseline, run: ComparisonArm) {
    let names = (1...sessions).map { "session \($0)" }
    let past = names.flatMap { session($0, factor: 1, &random) }
    let run = session("run", factor: 1 + change.value, &random)
    let baseline = Baseline(
      name: "simulated", kind: .record, fingerprint: "", facts: [],
      sessions: names.map {
        Baseline.Session(
          id: $0, scenario: "simulated", startedAt: "", evidence: .simulated, manifest: "",
          machine: "simulated")
      }, cases: [Self.samples(past, system: "a")])
    return (baseline, Self.arm(of: run, system: "a"))
  }

  private func session(
    _ name: String, factor: Double, _ random: inout SeededRandom
  ) -> [CaseSamples.Sample] {
    let level = Double.exp(Self.normal(&random) * sessionVariation.value)
    return (0..<trials).map { place in
      sample(
        place, of: trials, block: place + 1, session: name, factor: factor * level, &random)
    }
  }

  private func sample(
    _ place: Int, of count: Int, block: Int, session: String, factor: Double,
    _ random: inout SeededRandom
  ) -> CaseSamples.Sample {
    let share = count > 1 ? Double(place) / Double(count - 1) : 0
    let noise = Double.exp(Self.normal(&random) * variation.value)
    let value = Self.level * (1 + drift.value * share) * factor * noise
    return CaseSamples.Sample(
      id: "t\(place + 1)", session: session, block: block, place: place,
      metrics: [Self.metric: MetricValue(value, MetricUnit.perSecond.rawValue)])
  }

  private static func samples(_ samples: [CaseSamples.Sample], system: String) -> CaseSamples {
    let required = DisclosureRules.required(for: .storage)
    return CaseSamples(
      key: CaseKey(system: system, workload: "simulated"),
      disclosure: Dictionary(uniqueKeysWithValues: required.map { ($0, "simulated") }),
      samples: samples)
  }

  private static func arm(of samples: [CaseSamples.Sample], system: String) -> ComparisonArm {
    ComparisonArm(
      label: system, source: "simulated", id: "simulated", system: system, startedAt: "",
      evidence: .simulated, facts: [], cases: [Self.samples(samples, system: system)])
  }

  /// A standard normal number by inversion: one draw a number, so that streams stay in step.
  private static func normal(_ random: inout SeededRandom) -> Double {
    Normal.quantile(max(random.unit(), 0x1p-53))
  }
}
