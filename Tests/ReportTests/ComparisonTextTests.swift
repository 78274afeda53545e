import Foundation
import Judgement
import Measure
import Report
import Statistics
import Testing

@testable import Ledger

/// The comparison as text; its page is tested by `ComparisonPageTests`.
struct ComparisonTextTests {
  /// Two records of two systems each, drawn from a seed: what is better, worse, the same, not to
  /// be told, of too few trials and not comparable, on machines that differ a little.
  static func comparison() throws -> Comparison {
    var random = SeededRandom(seed: 21)
    func samples(
      _ system: String, _ workload: String, _ point: [String], _ session: String,
      _ metrics: [String: Double], scatter: Double, trials: Int = 10, blockSize: String = "4KiB"
    ) -> CaseSamples {
      let factors = (0..<trials).map { _ in
        1 + scatter * ((0..<12).reduce(-6.0) { sum, _ in sum + random.unit() })
      }
      return CaseSamples(
        key: CaseKey(system: system, workload: workload, point: point),
        disclosure: [
          "pattern": workload, "block size": blockSize, "queue depth": "32", "jobs": "4",
          "engine": "io_uring", "load": "closed loop", "transport": "pcie", "medium": "NVMe",
          "scheduler": session == "monday" ? "none" : "mq-deadline",
        ],
        samples: factors.enumerated().map { index, factor in
          CaseSamples.Sample(
            id: "t\(index + 1)", session: session, block: index + 1, place: index,
            metrics: Dictionary(
              uniqueKeysWithValues: metrics.map { name, value in
                let unit = MetricCatalogue.definition(of: name)?.unit.rawValue ?? "1"
                return (name, MetricValue(value * factor, unit))
              }))
        })
    }
    func arm(_ session: String, _ cases: [CaseSamples], governor: String) -> ComparisonArm {
      ComparisonArm(
        label: session, source: "results/runs/\(session)", id: session,
        startedAt: "2026-11-21T02:00:00Z", evidence: .measured,
        facts: [
          EnvironmentFact(key: "cpu.governor", value: governor, class: .shouldMatch),
          EnvironmentFact(key: "cpu.model", value: "Example 9000", class: .mustMatch),
        ], cases: cases)
    }
    let depth = ["queue-depth=32"]
    let monday = arm(
      "monday",
      [
        samples(
          "disk", "random-read", depth, "monday", ["iops": 980_000, "latency p99": 150_000],
          scatter: 0.004),
        samples("disk", "random-write", [], "monday", ["iops": 684_000], scatter: 0.06),
        samples("disk", "trim", [], "monday", ["iops": 1000], scatter: 0.01, trials: 3),
        samples("disk", "mixed", [], "monday", ["iops": 1000], scatter: 0.01),
        samples("disk", "gone", [], "monday", ["iops": 1000], scatter: 0.01),
      ], governor: "performance")
    let friday = arm(
      "friday",
      [
        samples(
          "disk", "random-read", depth, "friday", ["iops": 736_000, "latency p99": 151_000],
          scatter: 0.004),
        samples("disk", "random-write", [], "friday", ["iops": 680_000], scatter: 0.06),
        samples("disk", "trim", [], "friday", ["iops": 1010], scatter: 0.01, trials: 3),
        samples("disk", "mixed", [], "friday", ["iops": 1000], scatter: 0.01, blockSize: "8KiB"),
      ], governor: "powersave")
    return try ComparisonJudge.compare([monday, friday])
  }

  @Test func theTerminalShowsDifferencesFirst() throws {
    let comparison = try Self.comparison()
    let text = ComparisonTerminal(unicode: true).render(comparison)
    try Golden.expect(text, matches: "comparison.txt")
    let plain = ComparisonTerminal().render(comparison)
    #expect(plain.allSatisfy { $0.isASCII })
    #expect(plain.contains("150 us") && !plain.contains("\u{1B}"))
    let worse = try #require(plain.firstRange(of: "  worse"))
    let same = try #require(plain.firstRange(of: "  same"))
    #expect(worse.lowerBound < same.lowerBound)
    #expect(ComparisonTerminal(colour: true).render(comparison).contains("\u{1B}[31m"))
  }

  @Test func markdownHasTheNumbersOfTheTerminalAndKeepsToItsBudget() throws {
    let comparison = try Self.comparison()
    let text = ComparisonMarkdown().render(comparison)
    try Golden.expect(text, matches: "comparison.md")
    for number in ["978k", "736k", "0.751", "150 µs", "not comparable", "detects"] {
      #expect(text.contains(number), "\(number)")
    }
    var large = comparison
    large.rows = (0..<2000).map { _ in comparison.rows[0] }
    let cut = ComparisonMarkdown(most: 20_000).render(large)
    #expect(cut.utf8.count <= 20_000 && cut.contains(" more rows are in "))
  }

  @Test func csvHasEveryDigitAndOneRowAMetric() throws {
    let comparison = try Self.comparison()
    let text = ComparisonCSV.render(comparison)
    let lines = text.components(separatedBy: "\r\n")
    #expect(lines.count == comparison.rows.count + 2 && lines.last == "")
    let row = comparison.rows[0]
    let start = "monday,friday,disk,disk,random-read,queue-depth=32,iops,1/s,higher,"
    #expect(lines[1].hasPrefix(start))
    #expect(lines[1].contains(",\(row.ratio ?? 0),,\(row.interval?.lower ?? 0),"))
  }
}
