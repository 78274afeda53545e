import Measure
import Testing

@testable import Ledger
@testable import Report

/// Reports of simulated runs: instances, legends, bottlenecks.
struct SimulatedReportTests {
  private static func column(_ name: String, _ values: [Double]) -> JSONValue {
    .object([
      "name": .string(name), "unit": "B", "values": .array(values.map { .number($0) }),
    ])
  }

  /// Two trials a system, with a series of three API servers.
  private func input(systems: [String]) -> ReportInput {
    let header = RunHeader(
      id: "simulated", name: "simulated", about: "", startedAt: "2026-11-21T02:00:00Z",
      version: "0.1.0", seed: 1, evidence: .simulated)
    var input = ReportInput(header: header, scenario: "assay: 1\n")
    for block in 1...2 {
      for system in systems {
        var record = TrialRecord(
          id: "t000\(input.trials.count + 1)", key: CaseKey(system: system, workload: "churn"),
          block: block)
        record.status = .valid
        record.metrics = [
          "events simulated": MetricValue(1000, "1"), "api request rate": MetricValue(50, "1/s"),
        ]
        let servers = (0..<3).map { server in
          Self.column(
            "process_resident_memory_bytes{job=\"kube-apiserver\",instance=\"\(server)\"}",
            [1e9 + Double(server) * 1e8, 2e9, 3e9])
        }
        record.detail = .object([
          "observations": .object([
            "bottleneck": .object(["resource": "etcd's log (one write at a time)", "text": ""]),
            "joinBottleneck": .object(["resource": "the image server's link (1250 MB/s)"]),
            "series": .object([
              "timesNs": .array([0, 10_000_000_000, 20_000_000_000]),
              "columns": .array(servers + [Self.column("assay_nodes_alive", [3, 4, 5])]),
            ]),
          ])
        ])
        input.trials.append(ReportInput.Trial(record))
      }
    }
    return input
  }

  private func charts(_ systems: [String]) -> [Chart] {
    let cases = CaseFigures.all(of: input(systems: systems))
    return WorkloadFigures.all(of: cases).flatMap(\.charts).filter { $0.id.contains("series") }
  }

  private func lines(_ chart: Chart) -> [Series] {
    chart.series.filter { if case .line = $0.mark { true } else { false } }
  }

  @Test func instancesOfAServerAreLinesOfOneChart() throws {
    let charts = charts(["today"])
    #expect(charts.count == 2)
    let memory = try #require(charts.first)
    #expect(memory.title == "process_resident_memory_bytes{job=\"kube-apiserver\"}")
    #expect(lines(memory).map(\.name) == ["instance 0", "instance 1", "instance 2"])
    #expect(Set(lines(memory).map(\.style)).count == 3)
    #expect(charts[1].title == "assay_nodes_alive" && lines(charts[1]).map(\.name) == ["today"])
  }

  @Test func linesOfManyCasesAreToldApartOrHaveAChartEach() {
    let two = charts(["today", "planned"])
    #expect(two.count == 2 && lines(two[0]).count == 6)
    #expect(Set(lines(two[0]).map(\.style)).count == 6)
    #expect(lines(two[0]).map(\.name).contains("planned · instance 2"))
    let many = charts(["a", "b", "c", "d"])
    #expect(many.count == 5 && Set(many.map(\.id)).count == 5)
    #expect(many.prefix(4).allSatisfy { lines($0).count == 3 })
    #expect(many[3].title.hasSuffix(", d"))
  }

  @Test func legendsNameTheColumnsThatAreThere() throws {
    let input = input(systems: ["today"])
    let markdown = MarkdownReport().render(input)
    let page = try PageReport().render(input)
    for text in [markdown, page] {
      #expect(!text.contains("s, bandwidth") && !text.contains("CPU/request"))
      #expect(text.contains("requests/s"))
    }
    let measured = MarkdownReport().render(SampleRun.input())
    #expect(measured.contains("IOPS, bandwidth and CPU/IO are medians of n trials; latency is of"))
  }

  @Test func bothBottlenecksAreTold() throws {
    let page = try PageReport().render(input(systems: ["today"]))
    #expect(page.contains("bottleneck: etcd&#39;s log") || page.contains("bottleneck: etcd's log"))
    #expect(page.contains("bottleneck of joining: the image server"))
  }
}
