import Ledger
import Measure
import Report
import Scenario
import TestSupport
import Testing

@testable import Judgement

@Suite struct OpenMetricsTests {
  private func input() -> ReportInput {
    var input = SampleRun.input()
    for index in input.trials.indices {
      input.trials[index].record.key.system += " \"a\\b\"\nµ"
      input.trials[index].record.metrics["host cpu"] = MetricValue(150, "%")
      input.trials[index].record.metrics["read latency p99.9"] = MetricValue(2_500_000, "ns")
      input.trials[index].record.metrics["latency max"] = MetricValue(.nan, "ns")
    }
    let key = input.trials[0].record.key
    input.judgement = RunJudgement(
      verdict: .fail,
      limits: [
        LimitJudgement(
          limit: "latency p99 <= 1ms", key: key, metric: "latency p99", verdict: .fail, value: nil,
          interval: nil, bound: 1, unit: "ns", comparison: .atMost, comparedWith: nil, n: 3,
          reason: "",
          severity: .fail)
      ], invalid: [], failed: [], isComplete: true)
    return input
  }

  /// Samples without comments.
  private func samples(_ text: String) -> [Substring] {
    text.split(separator: "\n").filter { !$0.hasPrefix("#") }
  }

  @Test(Requires.tool("promtool")) func promtoolFindsNothingToSay() throws {
    let result = try Command.run(
      ["promtool", "check", "metrics"], input: OpenMetricsReport.render(input())
    ).checked()
    #expect(result.stderr.isEmpty && result.stdout.isEmpty, "\(result)")
  }

  @Test(Requires.tool("promtool")) func promtoolWouldSayMore() throws {
    let text = OpenMetricsReport.render(input())
    for (old, new) in [("\\\"a", "\"a"), ("# HELP assay_iops", "# assay_iops")] {
      let bad = text.replacing(old, with: new)
      #expect(try Command.run(["promtool", "check", "metrics"], input: bad).status != 0)
    }
  }

  @Test func valuesAreMediansInBaseUnits() throws {
    let input = input()
    let samples = samples(OpenMetricsReport.render(input))
    let key = input.trials[0].record.key
    let values = input.trials.filter { $0.record.key == key }
      .compactMap { $0.record.metrics["latency p99"]?.value }.sorted()
    let point = key.point.joined(separator: ",")
    let labels = #"system="local \"a\\b\"\nµ",workload="random-read",point="\#(point)""#
    func value(_ family: String, _ more: String = "") throws -> Double {
      let found = try #require(
        samples.first { $0.hasPrefix(family + "{") && $0.contains(labels + more + "}") },
        "\(family) \(labels)")
      return try #require(found.split(separator: " ").last.flatMap { Double($0) })
    }
    let p99 = try value("assay_latency_seconds", ",statistic=\"p99\"")
    #expect((p99 * 1e9 / values[1] - 1).magnitude < 1e-12)
    #expect(try value("assay_host_cpu_ratio") == 1.5)
    #expect(try value("assay_read_latency_seconds", ",statistic=\"p99.9\"") == 0.0025)
    #expect(try value("assay_bandwidth_bytes_per_second") > 1e6)
    #expect(try value("assay_valid_trials") == 3)
    #expect(!samples.contains { $0.contains("nan") || $0.contains("statistic=\"max\"") })
  }

  @Test func oneStateOfAVerdictIsOne() {
    let text = OpenMetricsReport.render(input())
    for family in ["assay_run_verdict{", "assay_limit_verdict{"] {
      let states = samples(text).filter { $0.hasPrefix(family) }
      #expect(states.count > 3 && states.count { $0.hasSuffix(" 1.0") } == 1)
      #expect(states.contains { $0.contains("verdict=\"fail\"} 1.0") })
    }
    #expect(text.hasSuffix("\n# EOF\n"))
    // A family stands in one piece, below its head.
    let families = samples(text).map { $0.prefix { $0 != "{" } }
    let runs = zip(families, families.dropFirst()).count { $0 != $1 } + 1
    #expect(runs == Set(families).count)
  }
}
