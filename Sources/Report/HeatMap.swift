internal import Foundation
internal import Measure

/// A sweep over two parameters as fields with their numbers in them.
extension WorkloadFigures {
  /// Throughput and tail latency of each system; none unless exactly two parameters are swept.
  var heatMaps: [Chart] {
    let keys = (points.first ?? []).map { $0.prefix { $0 != "=" } }.map(String.init)
    let values = keys.map { key in
      points.compactMap { Self.value(of: key, in: $0) }.uniqued()
    }
    let swept = keys.indices.filter { values[$0].count > 1 }
    guard swept.count == 2, points.count > 3 else { return [] }
    let (rows, columns) = (swept[0], swept[1])
    let isOfSizes = keys.contains { $0 == "block-size" || $0 == "message-size" }
    return systems.enumerated().flatMap { number, system -> [Chart] in
      func chart(
        _ what: String, _ kind: Quantity.Kind, _ value: (CaseFigures) -> Double?
      ) -> Chart? {
        let found = measured.filter { $0.key.system == system }
          .compactMap { figures -> (at: Point, value: Double)? in
            guard let number = value(figures), number > 0,
              let row = Self.value(of: keys[rows], in: figures.key.point),
              let column = Self.value(of: keys[columns], in: figures.key.point),
              let y = values[rows].firstIndex(of: row),
              let x = values[columns].firstIndex(of: column)
            else { return nil }
            return (Point(Double(x), Double(y)), number)
          }
        guard found.count > 3 else { return nil }
        let title = systems.count > 1 ? "\(what) of \(system)" : what
        var chart = Chart(
          id: id("map-" + what.filter(\.isLetter), number),
          title: "\(title) by \(keys[rows]) and \(keys[columns])",
          about: "\(what) of each case of \(name) on \(system), darker where it is more.",
          x: Axis(keys[columns], .categories(values[columns]), .count),
          y: Axis(keys[rows], .categories(values[rows]), .count),
          series: [Series("", .cells(Self.cells(found, kind)), .number(0))])
        chart.plotHeight = Double(values[rows].count) * 34
        return chart
      }
      let rate =
        isOfSizes
        ? chart("Bandwidth", .bandwidth) { $0.lines[0].bandwidth?.median }
        : chart(counted.rate.capitalised, .rate) { $0.lines[0].iops?.median }
      let tail = chart("p99 latency", .time) { LatencyColumn.p99.value(of: $0.lines[0].latency) }
      return [rate, tail].compactMap(\.self)
    }
  }

  /// Fields shaded by the logarithm: sweeps span decades.
  private static func cells(
    _ found: [(at: Point, value: Double)], _ kind: Quantity.Kind
  ) -> [Cell] {
    let logarithms = found.map { log($0.value) }
    guard let least = logarithms.min(), let largest = logarithms.max() else { return [] }
    return zip(found, logarithms).map { field, logarithm in
      Cell(
        at: field.at, share: largest > least ? (logarithm - least) / (largest - least) : 0.5,
        text: Quantity(field.value, kind).text)
    }
  }
}
