import Judgement
import Measure
import Statistics

@testable import Ledger

/// Values of trials as a gate takes them, drawn from a seed.
struct GateSamples {
  private var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// A normal deviate.
  mutating func normal() -> Double { Normal.quantile(max(random.unit(), 0x1p-60)) }

  /// A session's trials: `level`, a linear drift over the session, and what differs from trial to
  /// trial.
  mutating func session(
    _ level: Double, trials: Int = 10, cv: Double, drift: Double = 0
  ) -> [Double] {
    (0..<trials).map { place in
      let along = Double(place) / Double(max(trials - 1, 1)) - 0.5
      return level * (1 + drift * along) * (1 + cv * normal())
    }
  }

  static let disclosure = [
    "pattern": "random-read", "block size": "4 KiB", "queue depth": "1", "jobs": "1",
    "engine": "io_uring", "load": "closed loop", "transport": "pcie", "medium": "ssd",
    "packet size": "64 B",
  ]
  static let facts = [EnvironmentFact(key: "cpu.model", value: "A", class: .mustMatch)]

  /// A case of sessions' values of one metric.
  static func samples(
    _ name: String, _ sessions: [(id: String, values: [Double])], metric: String = "iops"
  ) -> CaseSamples {
    let unit = MetricCatalogue.definition(of: metric)?.unit.rawValue ?? "1"
    let all = sessions.flatMap { session in
      session.values.enumerated().map { place, value in
        CaseSamples.Sample(
          id: "t\(place + 1)", session: session.id, block: place + 1, place: place,
          metrics: [metric: MetricValue(value, unit)])
      }
    }
    return CaseSamples(
      key: CaseKey(system: "disk", workload: name), disclosure: disclosure, samples: all)
  }

  /// A baseline of cases by name, each with its sessions' values.
  static func baseline(
    _ cases: [(name: String, sessions: [[Double]])], metric: String = "iops",
    kind: Baseline.Kind = .record
  ) -> Baseline {
    let count = cases.map(\.sessions.count).max() ?? 0
    return Baseline(
      name: "main", kind: kind, fingerprint: "0", facts: facts,
      sessions: (0..<count).map {
        Baseline.Session(
          id: "s\($0)", scenario: "test", startedAt: "2026-11-2\($0)", evidence: .measured,
          manifest: "", machine: "m\($0)")
      },
      cases: cases.map { entry in
        let sessions = entry.sessions.enumerated().map { ("s\($0)", $1) }
        return samples(entry.name, sessions, metric: metric)
      })
  }

  /// A run of cases by name.
  static func run(
    _ cases: [(name: String, values: [Double])], metric: String = "iops"
  ) -> ComparisonArm {
    ComparisonArm(
      label: "the run", source: "results/run", id: "run", startedAt: "2026-11-29",
      evidence: .measured, facts: facts,
      cases: cases.map { samples($0.name, [("run", $0.values)], metric: metric) })
  }

  static func judge(
    _ run: ComparisonArm, _ baseline: Baseline, _ rules: ComparisonRules = ComparisonRules()
  ) -> GateJudgement {
    GateJudge.judge(run, against: baseline, source: "main.json", rules: rules)
  }
}
