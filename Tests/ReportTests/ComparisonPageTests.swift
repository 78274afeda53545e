import Foundation
import Measure
import Testing

@testable import Judgement
@testable import Ledger
@testable import Report

@Suite struct ComparisonPageTests {
  private func page(_ sample: (Comparison, [ReportInput?])) throws -> String {
    try ComparisonPage().render(sample.0, inputs: sample.1, version: "0.1.0")
  }

  @Test func showsEveryRowInChartAndTable() throws {
    let (comparison, inputs) = SampleComparison.measured()
    let page = try page((comparison, inputs))
    for row in comparison.rows where row.interval != nil {
      let text = RowText.ratio(row)
      #expect(page.ranges(of: text).count >= 2, "\(text) must stand in the plot and in the table")
    }
    for verdict in ComparisonRow.Verdict.allCases {
      #expect(page.contains("</span> \(VerdictMark(verdict).word)</span>"))
    }
    #expect(page.contains("queue-depth=32</b> latency p99: a reason with &lt;markup&gt;"))
    #expect(page.contains("local/random-read") == false && page.contains("dpu/trim"))
    try PageChecks.expectSound(page)
  }

  /// The grey zone ends where the tolerance ends, and the red side is the bad one of each metric.
  @Test func turnsTheBadSideWithTheMetric() throws {
    let chart = try #require(ForestPlot.chart(SampleComparison.measured().0))
    let rows: [Row]
    guard case .rows(let found) = chart.y.scale else {
      Issue.record("the plot has no rows")
      return
    }
    rows = found
    for zone in chart.zones where zone.meaning != .neutral {
      let first = try #require(zone.along).lowerBound
      let heading = rows[Int(first + 0.5) - 1]
      #expect(heading.isHeading)
      let isRight = zone.to == nil
      let isHigher = heading.name.contains("higher is better")
      #expect((zone.meaning == .pass) == (isRight == isHigher), "\(heading.name)")
    }
    #expect(chart.zones.count == 3 * rows.filter(\.isHeading).count)
  }

  @Test func drawsRowsWithoutIntervalAsOpenMarkers() throws {
    let chart = try #require(ForestPlot.chart(SampleComparison.measured().0))
    for series in chart.series {
      guard case .intervalsAlongX(let intervals) = series.mark else { continue }
      #expect(series.style.isOpen == intervals.allSatisfy { $0.low == $0.high })
    }
    #expect(chart.svg(as: .inline).contains("class=\"o c7\""))
  }

  @Test func showsNoEmptyChartForPublishedFigures() throws {
    let page = try page(SampleComparison.published())
    #expect(page.ranges(of: "<svg").count == 1)
    #expect(page.ranges(of: "<figure").count == 1)
    #expect(!page.contains("class=\"charts\""))
    #expect(page.contains("≥ 3.07 GiB/s"))
    try PageChecks.expectSound(page)
  }

  @Test func rendersNothingButWordsWithoutRows() throws {
    var (comparison, _) = SampleComparison.published()
    comparison.rows = []
    let page = try page((comparison, [nil, nil]))
    #expect(!page.contains("<svg") && page.contains("Nothing stands on both sides"))
    try PageChecks.expectSound(page)
  }

  @Test func namesTheArmsWhereThereAreSeveral() throws {
    let sample = SampleComparison.measured(systems: ["local", "dpu", "vendor-b"])
    let page = try page(sample)
    #expect(page.contains("vendor-b · queue-depth=1"))
    #expect(page.contains("<h1>dpu, vendor-b against local</h1>"))
    try PageChecks.expectSound(page)
  }

  @Test func saysWhatDiffersAndWhatItMeans() throws {
    let page = try page(SampleComparison.measured())
    #expect(page.contains("<td>pcie</td><td>rdma</td><td>what is compared</td>"))
    #expect(page.contains("<td>6.1</td><td>not told</td><td>not known of both</td>"))
    #expect(page.contains("Some &lt;trials&gt; are not paired."))
  }

  /// A hundred cases, four metrics each, of two systems in six blocks.
  @Test func staysBelowAMegabyteForAHundredCases() throws {
    let depths = Array(1...100)
    let input = SampleRun.input(depths: depths, blocks: 3, seconds: 1, ios: 2_000)
    var (comparison, _) = SampleComparison.measured()
    let far = 90
    comparison.rows = depths.flatMap { depth -> [ComparisonRow] in
      let key = CaseKey(
        system: "local", workload: "random-read", point: ["queue-depth=\(depth)"])
      return [("iops", "1/s"), ("bandwidth", "B/s"), ("latency p50", "ns"), ("latency p99", "ns")]
        .map {
          SampleComparison.row(
            $0.0, $0.1, key, depth >= far ? .worse : .same, (0.98, 1.0, 1.02))
        }
    }
    let clock = ContinuousClock()
    var text = ""
    let took = try clock.measure { text = try page((comparison, [input, input])) }
    #expect(text.utf8.count < 1_000_000, "\(text.utf8.count) bytes")
    #expect(text.ranges(of: "0.980").count >= 400)
    // Cases that differ are drawn first, and what has no room is told.
    for depth in far...100 { #expect(text.contains("<h2>queue-depth=\(depth)</h2>")) }
    let drawn = text.ranges(of: "<section class=\"workload\">").count
    #expect(drawn > 30 && text.contains("\(100 - drawn) more cases have curves"), "\(drawn)")
    // The release build is held to well under 1 s; this bound is for the unoptimised one.
    #expect(took < .seconds(30), "\(took)")
    try PageChecks.expectSound(text)
  }

  /// Pages to look at: `ASSAY_PAGES=/tmp/pages swift test --filter ReportTests`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["ASSAY_PAGES"] != nil))
  func leavesPagesToLookAt() throws {
    let folder = URL(filePath: ProcessInfo.processInfo.environment["ASSAY_PAGES"] ?? "")
    for (name, sample) in [
      ("two", SampleComparison.measured()), ("published", SampleComparison.published()),
      ("three", SampleComparison.measured(systems: ["local", "dpu", "vendor-b"])),
    ] {
      try Data(page(sample).utf8).write(to: folder.appending(path: name + ".html"))
    }
  }

  @Test func givesTheSameBytesAgain() throws {
    #expect(try page(SampleComparison.measured()) == page(SampleComparison.measured()))
  }
}

@Suite struct QuantileShiftTests {
  private func trial(_ block: Int, times factor: Double, count: Int) -> QuantileShift.Trial {
    var random = SeededRandom(seed: UInt64(block))
    var histogram = LatencyHistogram()
    for _ in 0..<count {
      histogram.record(UInt64((100_000 + Double(random.below(900_000))) * factor))
    }
    return (block, histogram.snapshot())
  }

  /// The same draws half as long again are half as long again at every percentile.
  @Test func findsAFactorAtEveryPercentile() throws {
    let reference = (1...4).map { trial($0, times: 1, count: 20_000) }
    let subject = (1...4).map { trial($0, times: 1.5, count: 20_000) }
    let shift = try #require(
      QuantileShift(reference: reference, subject: subject, method: .paired, perNine: 24))
    #expect(shift.pairs == 4)
    // Two buckets of at most 1.6 % each lie between the ratio of midpoints and the truth.
    for point in shift.line { #expect(abs(point.y / 1.5 - 1) < 0.033, "\(point)") }
    for span in shift.band {
      #expect(span.low <= span.high && span.low > 1.45 && span.high < 1.55, "\(span)")
    }
  }

  @Test func endsWhereTenObservationsLieBeyond() throws {
    let reference = (1...3).map { trial($0, times: 1, count: 2_000) }
    let subject = (1...3).map { trial($0, times: 1, count: 5_000) }
    let shift = try #require(
      QuantileShift(reference: reference, subject: subject, method: .paired, perNine: 24))
    #expect(abs(try #require(shift.line.last).x - (1 - 10.0 / 6_000)) < 1e-9)
    #expect(abs(try #require(shift.band.last).x - (1 - 10.0 / 2_000)) < 1e-9)
  }

  @Test func setsAllAgainstAllUnlessPaired() throws {
    let trials = (1...3).map { trial($0, times: 1, count: 2_000) }
    let shift = try #require(
      QuantileShift(reference: trials, subject: trials, method: .unpaired, perNine: 8))
    #expect(shift.pairs == 9)
    let two = Array(trials.prefix(2))
    let few = try #require(
      QuantileShift(reference: two, subject: two, method: .paired, perNine: 8))
    #expect(few.band.isEmpty && !few.line.isEmpty)
    #expect(QuantileShift(reference: [], subject: trials, method: .paired, perNine: 8) == nil)
  }
}

@Suite struct DriftLineTests {
  @Test func followsTheDriftAndNotOneOddTrial() throws {
    var points = (1...9).map { Point(Double($0), 100 + 2 * Double($0)) }
    points[4].y = 10_000
    let line = try #require(DriftLine.through(points))
    #expect(line.map(\.x) == [1, 9])
    #expect(abs(line[0].y - 102) < 1e-9 && abs(line[1].y - 118) < 1e-9)
    #expect(DriftLine.through(Array(points.prefix(3))) == nil)
  }
}
