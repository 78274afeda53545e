import Foundation
import Measure
import TestSupport
import Testing

@testable import Ledger
@testable import Report

/// Every kind of chart as a browser draws it.
@Suite(.serialized, Requires.tool("chromium")) struct BrowserPageTests {
  /// A run that has all charts: load with ceilings, heat map, steady state, time, percentiles.
  private func run() -> ReportInput {
    var input = SampleRun.input(depths: [1, 8, 32], blocks: 3, seconds: 5, ios: 5_000)
    let small = input.trials
    var search = small[0]
    search.record.id = "t0000"
    search.record.block = 0
    search.record.key.point = []
    for (index, trial) in small.enumerated() {
      input.trials[index].record.key.point.insert("block-size=4KiB", at: 0)
      var large = trial
      large.record.key.point.insert("block-size=64KiB", at: 0)
      large.record.id += "b"
      large.record.metrics["bandwidth"]?.value *= 16
      input.trials.append(large)
    }
    let rounds = [300_000, 150_000, 100_000, 101_000, 99_000, 100_000, 100_000]
    for index in input.trials.indices where input.trials[index].record.key.system == "local" {
      input.trials[index].record.disclosure["link"] = "PCIe 4.0 x4 (7.88 GB/s)"
      input.trials[index].record.detail = .object([
        "linkBytesPerSecond": .number(7.88e9),
        "roundsPerSecond": .array(rounds.map { .integer(Int64($0)) }),
        "workload": .object([
          "steadyState": .object([
            "window": .integer(5), "range": .number(0.2), "slope": .number(0.1),
          ])
        ]),
      ])
    }
    input.trials.insert(search, at: 0)
    return input
  }

  private func expectSound(_ page: String, charts: Int, keys: Int) throws {
    let folder = try TemporaryFolder()
    let found = try Browser.examine(try folder.write(page, to: "page.html"))
    #expect(found.problems.isEmpty, "\(found.problems)")
    #expect(found.charts >= charts && found.keys >= keys, "\(found)")
  }

  @Test func aRunWithEveryChartIsReadable() throws {
    try expectSound(try PageReport().render(run()), charts: 10, keys: 20)
  }

  @Test func threeSystemsAreReadable() throws {
    let (comparison, inputs) = SampleComparison.measured(systems: ["local", "dpu", "vendor-b"])
    let page = try ComparisonPage().render(comparison, inputs: inputs, version: "0.1.0")
    try expectSound(page, charts: 3, keys: 6)
  }

  /// Pages to look at: `ASSAY_PAGES=/tmp/pages swift test --filter ReportTests`.
  @Test(Requires.variable("ASSAY_PAGES")) func leavesARunToLookAt() throws {
    let folder = URL(filePath: ProcessInfo.processInfo.environment["ASSAY_PAGES"] ?? "")
    try Data(try PageReport().render(run()).utf8).write(to: folder.appending(path: "run.html"))
  }
}
