import Testing

@testable import Report

/// One chart of every kind that later pages need.
enum Examples {
  static let all = [
    overTime, percentiles, load, forest, rows, shift, convergence, heatMap,
  ]

  static let overTime = Chart(
    id: "over-time", title: "I/Os completed in each second", about: "Two lines over a minute.",
    x: Axis("measured time", .linear, .elapsed), y: Axis("IOPS", .linear, .rate),
    series: [
      Series(
        "local", .line((0..<60).map { Point(Double($0), 180_000 + Double($0 * 7919 % 97) * 90) }),
        .number(0)),
      Series(
        "dpu",
        .step((0..<60).map { $0 == 30 ? .gap : Point(Double($0), 120_000 + Double($0) * 250) }),
        .number(1)),
    ])

  static var percentiles: Chart {
    func curve(_ base: Double, _ nines: Double) -> [Point] {
      (0...Int(nines * 10)).map { step in
        // 1 - 10^-x without a library: repeated multiplication keeps the fixture exact.
        let nine = Double(step) / 10
        let rest = (0..<step).reduce(1.0) { rest, _ in rest * 0.794_328_234_724_281_5 }
        return Point(1 - rest, base * (1 + nine * nine / 3))
      }
    }
    var chart = Chart(
      id: "percentiles", title: "Read latency by percentile <&>", about: "Two curves and a limit.",
      x: Axis("percentile of I/Os", .percentile, .count), y: Axis("latency", .log10, .time),
      series: [
        Series("local", .line(curve(70_000, 5.2)), .number(0)),
        Series("dpu", .line(curve(120_000, 3.1)), .number(1)),
      ])
    chart.limits = [
      LimitLine(on: .y, at: 200_000, label: "limit 200 µs"),
      LimitLine(on: .x, at: 0.99, label: "p99"),
    ]
    return chart
  }

  static var load: Chart {
    let points = [
      (1, 12_000.0, 80e3), (8, 88_000, 90e3), (32, 210_000, 150e3), (128, 260e3, 490e3),
    ]
    var chart = Chart(
      id: "load", title: "Latency against load", about: "A sweep over queue depth.",
      x: Axis("achieved IOPS", .linear, .rate), y: Axis("latency", .log10, .time),
      series: [
        Series("p50", .path(points.map { Point($0.1, $0.2) }), .number(0)),
        Series(
          "p99", .path(points.map { Point($0.1, $0.2 * 2.2) }), .init(colour: 0, dash: 1)),
      ])
    chart.notes = points.map { Note(at: Point($0.1, $0.2), "\($0.0)") }
    chart.limits = [
      LimitLine(on: .x, at: 274e3, label: "closed loop", isBinding: false),
      LimitLine(on: .x, at: 300e3, label: "PCIe 3.0 x4 at 12 KiB", isBinding: false),
    ]
    return chart
  }

  /// Ratios with intervals against a limit.
  static var forest: Chart {
    let rows = ["iops, queue depth 1", "iops, queue depth 32", "latency p99, queue depth 1"]
    let intervals = [
      Interval(at: 0, low: 0.93, estimate: 0.95, high: 0.97),
      Interval(at: 1, low: 0.66, estimate: 0.71, high: 0.76),
      Interval(at: 2, low: 1.31, estimate: 1.36, high: 1.44),
    ]
    var chart = Chart(
      id: "forest", title: "dpu against local", about: "Ratios with 95 % intervals.",
      x: Axis("ratio dpu / local", .linearAroundData, .ratio),
      y: Axis("", .categories(rows), .count),
      series: [Series("", .intervalsAlongX(intervals), .number(0))])
    chart.limits = [LimitLine(on: .x, at: 0.7, label: "limit 0.70")]
    chart.zones = [
      Zone(on: .x, from: nil, to: 0.7, meaning: .fail),
      Zone(on: .x, from: 0.7, to: nil, meaning: .pass),
    ]
    chart.plotHeight = 90
    return chart
  }

  /// A comparison's plot: groups, every verdict, open markers, texts at the right.
  static var rows: Chart {
    ForestPlot.chart(SampleComparison.measured().0, id: "rows") ?? forest
  }

  /// A sweep over two parameters.
  static var heatMap: Chart {
    let cells = (0..<12).map { index in
      Cell(
        at: Point(Double(index % 4), Double(index / 4)), share: Double(index) / 11,
        text: "\(index * index) MiB/s")
    }
    var chart = Chart(
      id: "heat-map", title: "Bandwidth by block-size and queue-depth", about: "Twelve fields.",
      x: Axis("queue-depth", .categories(["1", "4", "16", "64"]), .count),
      y: Axis("block-size", .categories(["4KiB", "16KiB", "64KiB"]), .count),
      series: [Series("", .cells(cells), .number(0))])
    chart.plotHeight = 100
    return chart
  }

  /// The difference of two distributions at each quantile, with its band.
  static var shift: Chart {
    let nines = (0...30).map { step in
      (0..<step).reduce(1.0) { rest, _ in rest * 0.794_328_234_724_281_5 }
    }
    return Chart(
      id: "shift", title: "Latency ratio at each percentile", about: "A band around a line.",
      x: Axis("percentile of I/Os", .percentile, .count),
      y: Axis("ratio dpu / local", .linearAroundData, .ratio),
      series: [
        Series(
          "95 % interval",
          .band(
            nines.enumerated().map { step, rest in
              Span(1 - rest, low: 1.1 - Double(step) / 100, high: 1.3 + Double(step) / 40)
            }), .number(1)),
        Series(
          "estimate",
          .line(nines.enumerated().map { Point(1 - $1, 1.2 + Double($0) / 120) }), .number(1)),
      ])
  }

  /// Rounds of SNIA's steady state with the window.
  static var convergence: Chart {
    let rounds = [301.0, 262, 240, 233, 229, 231, 228].enumerated().map {
      Point(Double($0 + 1), $1 * 1000)
    }
    var chart = Chart(
      id: "convergence", title: "Steady state", about: "IOPS of each round.",
      x: Axis("round", .linearAroundData, .count), y: Axis("IOPS", .linear, .rate),
      series: [
        Series("IOPS", .path(rounds), .number(0)),
        Series(
          "range", .intervalsAlongY([.init(at: 5, low: 220e3, estimate: 230e3, high: 240e3)]),
          .number(3)),
      ])
    chart.zones = [Zone(on: .x, from: 3, to: 7, meaning: .neutral)]
    return chart
  }
}

extension Chart: CustomTestStringConvertible {
  /// Failures name the chart instead of listing its points.
  public var testDescription: String { id }
}
