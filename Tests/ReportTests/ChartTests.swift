import Foundation
import Testing

@testable import Report

@Suite struct ChartTests {
  @Test(arguments: Examples.all)
  func isDrawnAsBefore(chart: Chart) throws {
    try Golden.expect(chart.svg(as: .file), matches: chart.id + ".svg")
  }

  @Test(arguments: Examples.all)
  func holdsNoBrokenNumberAndIsWellFormed(chart: Chart) {
    for form in [Chart.Form.file, .inline] {
      let svg = chart.svg(as: form)
      for word in ["nan", "inf", "NaN", "e-", "e+"] {
        for path in svg.matches(of: /\ (?:d|x|y|width|height|viewBox)="([^"]*)"/) {
          #expect(!path.1.contains(word), "\(path.0)")
        }
      }
      let parser = XMLWellFormed(svg)
      #expect(parser.isWellFormed, "\(parser.problem)")
    }
  }

  @Test(arguments: Examples.all)
  func placesEveryPointWithinThePlot(chart: Chart) {
    let layout = ChartLayout(chart, showsTitle: true)
    let plot = layout.plot
    for point in chart.series.flatMap({ $0.mark.points ?? [] }) {
      guard let x = layout.x.place(point.x), let y = layout.y.place(point.y) else { continue }
      #expect(x >= plot.left - 0.01 && x <= plot.right + 0.01)
      #expect(y >= plot.top - 0.01 && y <= plot.bottom + 0.01)
    }
  }

  @Test(arguments: Examples.all)
  func keepsTextsApartAndOnThePaper(chart: Chart) {
    Self.expectTextsApart(ChartLayout(chart, showsTitle: true))
  }

  @Test(arguments: [1, 2, 5, 8, 20, 60])
  func keepsTextsApartHoweverManySeries(count: Int) {
    let series = (0..<count).map { index in
      // Ends that nearly coincide are the hard case for names at the lines' ends.
      Series(
        "system-\(index) · queue-depth=\(index), block-size=4KiB",
        .line([Point(0, 0), Point(10, 1_000 + Double(index))]), .number(index))
    }
    var chart = Examples.overTime
    chart.series = series
    Self.expectTextsApart(ChartLayout(chart, showsTitle: true))
  }

  private static func expectTextsApart(_ layout: ChartLayout) {
    let paper = Box(left: 0, top: 0, right: layout.width, bottom: layout.height)
    for (index, text) in layout.texts.enumerated() {
      #expect(paper.contains(text.box), "\(text.text) leaves the paper: \(text.box)")
      for other in layout.texts[(index + 1)...] {
        #expect(!text.box.overlaps(other.box), "\(text.text) lies on \(other.text)")
      }
    }
  }

  /// Two knees that nearly coincide: each name stands on its own side.
  @Test func namesOfLinesAreNotStruckByOtherLines() throws {
    var chart = Examples.load
    chart.limits = [
      LimitLine(on: .x, at: 100_000, label: "knee local", isBinding: false),
      LimitLine(on: .x, at: 106_000, label: "knee dpu", isBinding: false),
    ]
    let layout = ChartLayout(chart, showsTitle: true)
    let labels = layout.texts.filter { $0.text.hasPrefix("knee") }
    #expect(labels.count == 2)
    for label in labels {
      for limit in chart.limits {
        let at = try #require(layout.x.place(limit.at))
        #expect(!(label.box.left < at && at < label.box.right), "\(label.text)")
      }
    }
  }

  @Test func cutsLongNames() {
    let name = String(repeating: "a very long name ", count: 20)
    var chart = Examples.overTime
    chart.title = name
    chart.series = chart.series.map { Series(name + $0.name, $0.mark, $0.style) }
    Self.expectTextsApart(ChartLayout(chart, showsTitle: true))
  }

  @Test func drawsWithoutDataToo() {
    var chart = Examples.overTime
    for scale in [Axis.Scale.linear, .linearAroundData, .log10, .percentile, .categories([])] {
      chart.x.scale = scale
      chart.y.scale = scale
      for points in [[], [Point.gap], [Point(0, 0)], [Point(0.5, 7)], [Point(-3, .infinity)]] {
        chart.series = [Series("only", .path(points), .number(0))]
        #expect(!chart.svg(as: .inline).contains("nan"))
      }
    }
  }
}

@Suite struct AxisTests {
  static let axes: [(Axis, [Double])] = [
    (Axis("t", .linear, .time), [3, 80_000]), (Axis("t", .linear, .elapsed), [0, 3_600]),
    (Axis("t", .linear, .bandwidth), [5e6, 3e9]), (Axis("t", .log10, .time), [900, 4_000_000]),
    (Axis("t", .log10, .bandwidth), [4096, 3e9]), (Axis("t", .log10, .rate), [70, 90]),
    (Axis("t", .percentile, .count), [0, 0.999_97]),
    (Axis("t", .linearAroundData, .ratio), [0.97, 1.08]),
    (Axis("t", .linearAroundData, .rate), [-5, 5]), (Axis("t", .linear, .count), [7, 7]),
  ]

  @Test(arguments: axes)
  func risesWithTheNumbers(axis: Axis, data: [Double]) throws {
    let map = AxisMap(axis, values: data, start: 50, end: 550, most: 8)
    let ends = try (#require(data.min()), #require(data.max()))
    var last = -Double.infinity
    for step in 0...200 {
      let value = ends.0 + (ends.1 - ends.0) * Double(step) / 200
      let place = try #require(map.place(value))
      #expect(place >= last && place >= 49.99 && place <= 550.01)
      last = place
    }
  }

  @Test(arguments: axes)
  func namesAFewDistinctTicksWithinItsEnds(axis: Axis, data: [Double]) {
    let map = AxisMap(axis, values: data, start: 50, end: 550, most: 8)
    #expect(map.ticks.count >= 2 && map.ticks.count <= 14, "\(map.ticks.map(\.label))")
    #expect(Set(map.ticks.map(\.label)).count == map.ticks.count, "\(map.ticks.map(\.label))")
    for tick in map.ticks {
      let place = map.place(tick.value) ?? -1
      #expect(place >= 49.9 && place <= 550.1, "\(tick)")
    }
  }

  @Test func choosesUnitsThatPeopleUse() {
    func labels(_ axis: Axis, _ values: [Double]) -> [String] {
      AxisMap(axis, values: values, start: 0, end: 1, most: 8).ticks.map(\.label)
    }
    #expect(
      labels(Axis("", .linear, .time), [90_000]) == [
        "0", "20 µs", "40 µs", "60 µs", "80 µs", "100 µs",
      ])
    #expect(labels(Axis("", .log10, .time), [2e3, 5e6]).contains("100 µs"))
    #expect(labels(Axis("", .linear, .elapsed), [3_600]).contains("30 min"))
    #expect(labels(Axis("", .linear, .bandwidth), [4.0 * 1_073_741_824]).contains("4 GiB/s"))
    #expect(
      labels(Axis("", .percentile, .count), [0.999_999]) == [
        "0", "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %",
      ])
  }

  /// Every nine takes the same room.
  @Test func spacesNinesEvenly() throws {
    let map = AxisMap(
      Axis("", .percentile, .count), values: [0.9999], start: 0, end: 400, most: 8)
    for (share, place) in [(0.0, 0.0), (0.9, 100), (0.99, 200), (0.999, 300), (0.9999, 400)] {
      #expect(abs(try #require(map.place(share)) - place) < 1e-6)
    }
  }
}
