import Measure
import Testing

@testable import Ledger
@testable import Report

@Suite struct SweepTests {
  private func charts(_ input: ReportInput) -> [Chart] {
    WorkloadFigures.all(of: CaseFigures.all(of: input)).flatMap(\.charts)
  }

  /// An M/M/1 queue has its largest power at half its capacity (Kleinrock 1979).
  @Test func findsTheKneeOfAQueueAtHalfItsCapacity() throws {
    let rates = (1..<20).map { Double($0) * 0.05 }
    let knee = try #require(Knee.place(rates: rates, latencies: rates.map { 1 / (1 - $0) }))
    #expect(abs(rates[knee] - 0.5) < 1e-9)
    let shuffled = rates.reversed().map { $0 }
    let same = try #require(
      Knee.place(rates: shuffled, latencies: shuffled.map { 1 / (1 - $0) }))
    #expect(abs(shuffled[same] - 0.5) < 1e-9)
  }

  @Test func claimsNoKneeOutsideOfWhatWasMeasured() {
    #expect(Knee.place(rates: [1, 2, 3], latencies: [1, 1, 1]) == nil)
    #expect(Knee.place(rates: [1, 2, 3], latencies: [1, 10, 100]) == nil)
    #expect(Knee.place(rates: [1, 2], latencies: [1, 1.1]) == nil)
  }

  @Test func mapsASweepOfTwoParameters() throws {
    var input = SampleRun.input(systems: ["local"], depths: [1, 4, 16], blocks: 1, seconds: 1)
    let small = input.trials
    for (index, trial) in small.enumerated() {
      input.trials[index].record.key.point.insert("block-size=4KiB", at: 0)
      var large = trial
      large.record.key.point.insert("block-size=64KiB", at: 0)
      large.record.id += "b"
      input.trials.append(large)
    }
    let map = try #require(charts(input).first { $0.title.contains("Bandwidth by") })
    guard case .cells(let cells)? = map.series.first?.mark else {
      Issue.record("no cells")
      return
    }
    #expect(cells.count == 6 && Set(cells.map(\.at)).count == 6)
    #expect(cells.map(\.share).min() == 0 && cells.map(\.share).max() == 1)
    #expect(cells.allSatisfy { $0.text.contains("iB/s") })
    #expect(!charts(SampleRun.input()).contains { $0.id.contains("map") })
  }

  /// Operations are compared in one chart; a ping-pong has no bandwidth worth drawing.
  @Test func setsWorkloadsOfAFabricBesideEachOtherByMessageSize() throws {
    var input = SampleRun.input(
      systems: ["fabric"], workloads: ["send-latency", "read-latency", "read-bandwidth"],
      depths: [8, 4, 64], blocks: 2, seconds: 1)
    for index in input.trials.indices {
      var record = input.trials[index].record
      let size = record.key.point[0].split(separator: "=")[1]
      record.key.point = ["message-size=\(size)KiB"]
      record.metrics["message rate"] = record.metrics.removeValue(forKey: "iops")
      record.disclosure["measure"] =
        record.key.workload.hasSuffix("latency") ? "latency" : "bandwidth"
      input.trials[index].record = record
    }
    let bySize = SizeCurves(WorkloadFigures.all(of: CaseFigures.all(of: input))).charts
    #expect(bySize.map(\.id).map { $0.suffix(4) } == ["ency", "idth", "rate"])
    #expect(
      bySize[0].series.map(\.name) == [
        "send-latency p50", "read-latency p50", "send-latency p99", "read-latency p99",
      ])
    for chart in bySize.dropFirst() { #expect(chart.series.map(\.name) == ["read-bandwidth"]) }
    for chart in bySize {
      #expect(chart.x.scale == .log10)
      #expect(chart.series.allSatisfy { $0.mark.points?.map(\.x) == [4096, 8192, 65536] })
    }
    let page = try PageReport().render(input)
    #expect(page.contains("<h2>Message sizes</h2>"))
    #expect(!(try PageReport().render(SampleRun.input())).contains("Message sizes"))
  }

  @Test func drawsRoundsAndTheirWindow() throws {
    var input = SampleRun.input(systems: ["local"], depths: [1], blocks: 1, seconds: 1)
    func rounds(_ values: [Double]) {
      input.trials[0].record.detail = .object([
        "roundsPerSecond": .array(values.map { .number($0) }),
        "workload": .object([
          "steadyState": .object([
            "window": .integer(5), "range": .number(0.2), "slope": .number(0.1),
          ])
        ]),
      ])
    }
    rounds([300, 150, 100, 101, 99, 100, 100])
    let window = try #require(charts(input).first { $0.id.contains("window") })
    #expect(window.title.hasSuffix(": steady"))
    #expect(window.limits.map(\.at) == [100, 110.00000000000001, 90])
    let convergence = try #require(charts(input).first { $0.id.contains("convergence") })
    #expect(convergence.zones.first?.from == 3 && convergence.zones.first?.to == 7)
    rounds([300, 150, 100, 90, 80])
    #expect(charts(input).contains { $0.title.hasSuffix(": not steady") })
    rounds([300, 150])
    #expect(!charts(input).contains { $0.id.contains("window") })
  }

  @Test func tellsTheSearchOfAMaximumApart() throws {
    var input = SampleRun.input(systems: ["local"], depths: [1, 8, 32], blocks: 2, seconds: 1)
    var search = input.trials[0]
    search.record.id = "t0000"
    search.record.block = 0
    search.record.key.point = []
    input.trials.insert(search, at: 0)
    let cases = CaseFigures.all(of: input)
    #expect(cases.map(\.findsMaximum) == [true, false, false, false])
    #expect(cases.map { ResultRows.trials($0) } == ["", "2", "2", "2"])
    let page = try PageReport().render(input)
    #expect(page.contains("finds the maximum</span>") && page.contains("<td>maximum</td>"))
    #expect(page.contains("<dt>cases</dt><dd>3</dd>"))
    let load = try #require(charts(input).first { $0.id.contains("load") })
    #expect(load.limits.contains { $0.label == "closed loop" && !$0.isBinding })
    #expect(!charts(input).flatMap(\.series).contains { $0.name.isEmpty })
  }

  @Test func drawsTheCeilingOfTheLinkWhereIOPSAreShown() throws {
    var input = SampleRun.input(systems: ["local"], depths: [1, 8, 32], blocks: 2)
    func link(_ bytes: Double, pattern: String = "random-read") {
      for index in input.trials.indices {
        input.trials[index].record.disclosure["link"] = "PCIe 4.0 x4 (7.88 GB/s)"
        input.trials[index].record.disclosure["pattern"] = pattern
        input.trials[index].record.detail = .object(["linkBytesPerSecond": .number(bytes)])
      }
    }
    func ceilings() -> [String: [LimitLine]] {
      Dictionary(charts(input).map { ($0.title, $0.limits.filter { $0.label.contains("PCIe") }) }) {
        $0 + $1
      }.filter { !$0.value.isEmpty }
    }
    // 400 k IOPS of 4 KiB are near to what the sample does.
    link(400_000 * 4096)
    let found = ceilings()
    #expect(
      found["Latency against load"] == [
        LimitLine(on: .x, at: 400_000, label: "PCIe 4.0 x4", isBinding: false)
      ])
    for title in ["I/Os completed in each second", "IOPS of each trial in executed order"] {
      #expect(found[title]?.map(\.at) == [400_000] && found[title]?.first?.on == .y)
    }
    #expect(found.count == 3)
    // In both directions at once a link carries twice as much; trims carry nothing.
    for pattern in ["random-mix", "random-trim"] {
      link(400_000 * 4096, pattern: pattern)
      #expect(ceilings().isEmpty)
    }
    link(40_000_000 * 4096)
    #expect(ceilings().isEmpty)
    let load = try #require(charts(input).first { $0.id.contains("load") })
    #expect(
      load.about.hasSuffix("PCIe 4.0 x4 ends at 40.0M IOPS, beyond the chart."), "\(load.about)")
  }

  /// Each size of an I/O and each system's link has its own ceiling, named.
  @Test func namesCeilingsWhereTheyDiffer() throws {
    var input = SampleRun.input(depths: [32], blocks: 2, seconds: 1)
    for index in input.trials.indices where input.trials[index].record.key.system == "local" {
      input.trials[index].record.disclosure["link"] = "PCIe 4.0 x4 (7.88 GB/s)"
      input.trials[index].record.detail = .object(["linkBytesPerSecond": .number(1.6e9)])
    }
    let chart = try #require(charts(input).first { $0.id.contains("trials") })
    #expect(chart.limits.map(\.label) == ["PCIe 4.0 x4 local"])
    #expect(chart.svg(as: .inline).contains(">PCIe 4.0 x4 local</text>"))
  }

  /// Without a sweep over the rate the search has the key of the case itself.
  @Test func countsNoSearchAmongTheTrialsOfItsCase() throws {
    var input = SampleRun.input(systems: ["local"], depths: [1], blocks: 2, seconds: 1)
    var search = input.trials[0]
    search.record.block = 0
    search.record.metrics["iops"] = .init(1, "1/s")
    input.trials.insert(search, at: 0)
    let cases = CaseFigures.all(of: input)
    #expect(cases.map { $0.valid.count } == [1, 2])
    #expect(try #require(cases[1].lines[0].iops).least > 1)
    #expect(cases[0].name.hasSuffix("(finds the maximum)"))
  }

  @Test func spansTheTrialsOwnCurvesFromThreeOn() throws {
    func bands(_ blocks: Int) -> [[Span]] {
      charts(SampleRun.input(systems: ["local"], depths: [1], blocks: blocks, seconds: 1))
        .flatMap(\.series).compactMap { series in
          if case .band(let spans) = series.mark { spans } else { nil }
        }
    }
    #expect(bands(2).isEmpty)
    let band = try #require(bands(3).first)
    let input = SampleRun.input(systems: ["local"], depths: [1], blocks: 3, seconds: 1)
    for span in band {
      let values = input.trials.compactMap {
        $0.distributions["read latency"]?.quantile(span.x).map { Double($0) }
      }
      #expect(span.low == values.min() && span.high == values.max())
    }
    #expect(abs(try #require(band.last).x - (1 - 10.0 / 20_000)) < 1e-9)
  }

  /// A line of a second has no second point; the chart of trials has it already.
  @Test func drawsNoLinesOverTimeOfTrialsOfASecond() {
    let page = charts(SampleRun.input(systems: ["local"], blocks: 3, seconds: 1))
    #expect(!page.contains { $0.id.contains("longest") } && !page.isEmpty)
  }

  @Test func putsTheSystemsOfARunAtTheFront() throws {
    let (comparison, inputs) = SampleComparison.measured()
    var input = try #require(inputs[0])
    input.comparison = comparison
    let page = try PageReport().render(input)
    #expect(page.contains("<h2>dpu against local</h2>"))
    let forest = try #require(page.firstRange(of: "id=\"forest-t\""))
    let results = try #require(page.firstRange(of: "<h2>Results</h2>"))
    #expect(forest.lowerBound < results.lowerBound)
    try PageChecks.expectSound(page)
  }
}
