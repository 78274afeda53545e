import Measure
import Report
import Statistics

@testable import Judgement
@testable import Ledger

/// Comparisons with every verdict, whose trials are drawn from a seed.
enum SampleComparison {
  static func arm(
    _ label: String, system: String? = nil, evidence: RunHeader.Evidence = .measured
  ) -> Comparison.Arm {
    Comparison.Arm(
      label: label, source: "results/runs/" + label, id: "20261121T020000Z-sample-1",
      system: system, startedAt: "2026-11-21T02:00:00Z", evidence: evidence, notHardware: nil)
  }

  static func row(
    _ metric: String, _ unit: String, _ key: CaseKey, arm: Int = 1, subject: String = "dpu",
    _ verdict: ComparisonRow.Verdict, _ ends: (Double, Double, Double)?, ratio: Double? = nil,
    values: (Double?, Double?) = (100_000, 95_000)
  ) -> ComparisonRow {
    ComparisonRow(
      arm: arm, key: CaseKey(system: subject, workload: key.workload, point: key.point),
      referenceKey: key, metric: metric, unit: unit,
      direction: unit == "ns" ? .lower : .higher, reference: .init(median: values.0, n: 6),
      subject: .init(median: values.1, n: 6), method: .paired, pairs: 6, ratio: ratio ?? ends?.1,
      interval: ends.map {
        IntervalEstimate(
          value: $0.1, lower: $0.0, upper: $0.2, level: .percent(95), count: 6)
      }, smallestDetectable: ends.map { Fraction(($0.2 - $0.0) / 2) }, verdict: verdict,
      reason: "a reason with <markup> & an ampersand")
  }

  /// Two systems of one run with every verdict.
  static func measured(systems: [String] = ["local", "dpu"]) -> (Comparison, [ReportInput?]) {
    let input = SampleRun.input(systems: systems, depths: [1, 32], blocks: 6, seconds: 2)
    var rows: [ComparisonRow] = []
    for (index, system) in systems.enumerated().dropFirst() {
      let one = CaseKey(system: systems[0], workload: "random-read", point: ["queue-depth=1"])
      let many = CaseKey(system: systems[0], workload: "random-read", point: ["queue-depth=32"])
      func row(
        _ metric: String, _ unit: String, _ key: CaseKey, _ verdict: ComparisonRow.Verdict,
        _ ends: (Double, Double, Double)?, ratio: Double? = nil
      ) -> ComparisonRow {
        self.row(
          metric, unit, key, arm: index, subject: system, verdict, ends, ratio: ratio,
          values: unit == "ns" ? (84_000, 97_000) : (100_000, 95_000))
      }
      rows += [
        row("iops", "1/s", one, .worse, (0.61, 0.63, 0.66)),
        row("latency p50", "ns", one, .same, (0.98, 1.0, 1.02)),
        row("latency p99", "ns", one, .better, (0.71, 0.75, 0.79)),
        row("cpu per io", "ns", one, .noInterval, nil, ratio: 1.2),
        row("iops", "1/s", many, .inconclusive, (0.9, 0.97, 1.08)),
        row("latency p50", "ns", many, .worse, (1.31, 1.36, 1.44)),
        row("latency p99", "ns", many, .notComparable, nil),
      ]
    }
    var comparison = Comparison(
      confidence: .percent(95), tolerance: .percent(5),
      arms: systems.map { arm($0, system: $0) }, differences: [], caveats: [], rows: rows,
      unmatched: [.init(arm: 1, key: CaseKey(system: systems[1], workload: "trim"))])
    comparison.caveats = [
      Finding(code: .lateIOs, severity: .warning, message: "Some <trials> are not paired.")
    ]
    comparison.differences = [
      .init(
        arm: 1, key: "disclosure.transport", reference: "pcie", subject: "rdma",
        class: .shouldMatch, isMeant: true),
      .init(
        arm: 1, key: "kernel.release", reference: "6.1", subject: nil, class: .mustMatch,
        isMeant: false),
    ]
    return (comparison, systems.map { _ in input })
  }

  /// Figures that somebody published: single numbers, bounds, no trials.
  static func published() -> (Comparison, [ReportInput?]) {
    var rows = [1, 8].map { depth in
      row(
        "bandwidth", "B/s",
        CaseKey(system: "nvme-of", workload: "read", point: ["block-size=\(depth)KiB"]),
        subject: "bluefield", .noInterval, nil, ratio: 1 + Double(depth) / 10,
        values: (3e9, 3e9 * (1 + Double(depth) / 10)))
    }
    for index in rows.indices {
      rows[index].method = .unpaired
      rows[index].reference.n = 1
      rows[index].subject.n = 1
      rows[index].subject.bound = .atLeast
    }
    let comparison = Comparison(
      confidence: .percent(95), tolerance: .percent(5),
      arms: [arm("local", evidence: .published), arm("bluefield", evidence: .published)],
      differences: [], caveats: [], rows: rows, unmatched: [])
    return (comparison, [nil, nil])
  }
}
