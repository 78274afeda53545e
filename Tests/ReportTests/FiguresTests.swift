import Measure
import Testing

@testable import Ledger
@testable import Report

@Suite struct FiguresTests {
  /// The case's percentile is that of all I/Os together: the mean of trials' percentiles differs.
  @Test func mergesHistogramsAndNeverAveragesPercentiles() throws {
    var input = SampleRun.input(systems: ["local"], depths: [1], blocks: 2, ios: 10)
    for (index, (value, times)) in [(UInt64(1_000), UInt64(9_900)), (100_000, 100)].enumerated() {
      var histogram = LatencyHistogram()
      histogram.record(value, times: times)
      input.trials[index].distributions = ["read latency": histogram.snapshot()]
    }
    let figures = try #require(CaseFigures.all(of: input).first)
    let p99 = try #require(LatencyColumn.p99.value(of: figures.lines[0].latency))
    #expect(abs(p99 - 1_000) < 10)
    #expect(figures.lines[0].perTrial[.p99]?.values.count == 2)
    #expect(figures.lines[0].latency.count == 10_000)
  }

  @Test func countsOnlyValidTrialsAndSaysSo() throws {
    var input = SampleRun.input(systems: ["local"], depths: [1], blocks: 3)
    input.trials[1].record.status = .invalid
    input.trials[1].record.metrics["iops"] = .init(1, "1/s")
    let figures = try #require(CaseFigures.all(of: input).first)
    #expect(figures.valid.count == 2)
    #expect(figures.lines[0].iops?.least ?? 0 > 1)
    #expect(ResultRows.trials(figures) == "2/3")
    #expect(TerminalReport().render(input).contains("! 1 of 3 trials are invalid or failed"))
  }

  @Test func showsNoPercentileWithoutObservationsBeyond() {
    var histogram = LatencyHistogram()
    histogram.record(5_000, times: 500)
    #expect(LatencyColumn.p99.value(of: histogram.snapshot()) != nil)
    #expect(LatencyColumn.p999.value(of: histogram.snapshot()) == nil)
    #expect(LatencyColumn.max.value(of: LatencyDistribution()) == nil)
  }

  @Test func endsCurvesWhereTenObservationsLieBeyond() throws {
    var random = SeededRandom(seed: 3)
    for count in [11, 100, 5_000, 123_456] {
      var histogram = LatencyHistogram()
      for _ in 0..<count { histogram.record(1_000 + random.below(1_000_000)) }
      let latency = histogram.snapshot()
      let points = PercentileCurve.points(of: latency)
      let last = try #require(points.last)
      #expect(Double(count) * (1 - last.x) >= 10 - 1e-6)
      for (left, right) in zip(points, points.dropFirst()) {
        #expect(left.x <= right.x && left.y <= right.y)
      }
      for point in points {
        #expect(latency.quantile(point.x).map { Double($0) } == point.y)
      }
    }
    #expect(PercentileCurve.points(of: LatencyDistribution()).isEmpty)
  }

  @Test func marksCasesThatLackDisclosure() {
    let input = SampleRun.input(disclosed: false)
    let figures = CaseFigures.all(of: input)
    #expect(figures.allSatisfy { !$0.isComparable && $0.undisclosed.contains("medium") })
    #expect(CaseFigures.all(of: SampleRun.input()).allSatisfy { $0.isComparable })
  }

  @Test func givesSyncsALineOfTheirOwn() throws {
    var input = SampleRun.input(systems: ["local"], depths: [1], blocks: 1)
    input.trials[0].distributions["sync latency"] = input.trials[0].distributions["read latency"]
    let figures = try #require(CaseFigures.all(of: input).first)
    #expect(figures.lines.map(\.direction) == ["", "sync"])
    #expect(TerminalReport().render(input).contains("sync"))
    let titles = WorkloadFigures.all(of: [figures])[0].charts.map(\.title)
    #expect(titles.contains("Sync latency by percentile"))
  }

  @Test func drawsLatencyAgainstLoadOnlyForASweepOverLoad() {
    func titles(_ input: ReportInput) -> [String] {
      WorkloadFigures.all(of: CaseFigures.all(of: input)).flatMap(\.charts).map(\.title)
    }
    #expect(titles(SampleRun.input(depths: [1, 8])).contains("Latency against load"))
    #expect(!titles(SampleRun.input(depths: [8])).contains("Latency against load"))
  }

  @Test func givesEachChartAnIdOfItsOwnAndFewLines() {
    let input = SampleRun.input(
      workloads: ["read", "wr ite"], depths: [1, 2, 4, 8, 16, 32, 64, 128, 256], blocks: 1, ios: 200
    )
    let charts = WorkloadFigures.all(of: CaseFigures.all(of: input)).flatMap(\.charts)
    #expect(Set(charts.map(\.id)).count == charts.count)
    for chart in charts where !chart.id.contains("trials") { #expect(chart.series.count <= 8) }
  }

  @Test func readsCPUFromTheDetail() throws {
    let worker: JSONValue = .object([
      "ios": .integer(1_000), "cpuNs": .integer(2_000_000), "userNs": .integer(500_000),
      "systemNs": .integer(1_500_000), "cpu": .integer(3), "voluntarySwitches": .integer(7),
    ])
    // As `Host.CPUUse` writes itself.
    func group(_ name: String, _ time: Int64) -> JSONValue {
      .object(["name": .string(name), "cpuTimeNs": .integer(time)])
    }
    let host = ["userNs", "niceNs", "systemNs", "irqNs", "softirqNs", "idleNs"].map {
      ($0, JSONValue.integer(10))
    }
    let use = try #require(
      TrialCPU(
        detail: .object([
          "workers": .array([worker, worker]), "elapsed": .integer(1_000_000_000),
          "cpu": .object([
            "host": .object(Dictionary(uniqueKeysWithValues: host)),
            "kernelThreads": .array([group("nvmet", 9), group("ksoftirqd", 11)]),
          ]),
        ])))
    #expect(use.hostBusy == 50 && use.hostInterrupts == 20)
    #expect(use.ios == 2_000 && use.workerTime == 4_000_000 && use.elapsed == 1)
    #expect(use.threads.map(\.name) == ["ksoftirqd", "nvmet"])
    #expect(TrialCPU(detail: .null) == nil)
  }
}

@Suite struct DownsampleTests {
  @Test(arguments: [10, 100, 1000])
  func keepsEveryExtremeAndTheOrder(most: Int) {
    var random = SeededRandom(seed: 5)
    let points = (0..<7_213).map { Point(Double($0), Double(random.below(10_000))) }
    let less = Downsample.envelope(points, most: most)
    #expect(less.count <= most)
    #expect(less.map(\.y).max() == points.map(\.y).max())
    #expect(less.map(\.y).min() == points.map(\.y).min())
    for (left, right) in zip(less, less.dropFirst()) { #expect(left.x < right.x) }
    #expect(Set(less).isSubset(of: Set(points)))
  }

  @Test func keepsGapsAndLeavesShortLinesAlone() {
    let line = (0..<500).map { Point(Double($0), Double($0 % 17)) }
    let two = line + [.gap] + line.map { Point($0.x + 600, $0.y) }
    let less = Downsample.envelope(two, most: 100)
    #expect(less.filter { !$0.y.isFinite }.count == 1)
    #expect(less.count <= 102)
    #expect(Downsample.envelope(line, most: 500) == line)
  }
}
