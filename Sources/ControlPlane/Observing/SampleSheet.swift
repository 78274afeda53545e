internal import Measure
internal import Simulation

/// The samples as they are taken: rows of one length, whose columns the first row names.
struct SampleSheet {
  private(set) var times: [Nanoseconds] = []
  private var heads: [ClusterSeries.Column] = []
  /// Row after row; NaN where there was nothing to measure.
  private var values: [Double] = []
  /// What is scraped of histograms; nil where no one asked.
  var histograms: HistogramSheet?
  /// Distributions as of the sample before.
  var before = Snapshots()

  struct Snapshots {
    var mutating = LatencyDistribution()
    var walSync = LatencyDistribution()
    var startup = LatencyDistribution()
  }

  private var isFirst: Bool { times.count == 1 }

  mutating func beginRow(at time: Nanoseconds) { times.append(time) }

  /// Adds a value to the row; the same columns in the same order every time.
  mutating func add(
    _ kind: ClusterSeries.Kind, _ name: String, unit: String = "", _ help: String,
    _ labels: KeyValuePairs<String, String> = [:], _ value: Double?
  ) {
    if isFirst {
      heads.append(
        ClusterSeries.Column(
          name: name, labels: labels.map { ClusterSeries.Label(name: $0.key, value: $0.value) },
          kind: kind, unit: unit, help: help, values: []))
    }
    values.append(value ?? .nan)
  }

  /// The series, columns of one name beside each other.
  ///
  /// O(values).
  var series: ClusterSeries {
    var series = ClusterSeries()
    series.times = times
    var order: [String] = []
    var places: [String: [Int]] = [:]
    for (place, head) in heads.enumerated() {
      if places[head.name] == nil { order.append(head.name) }
      places[head.name, default: []].append(place)
    }
    for place in order.flatMap({ places[$0] ?? [] }) {
      var column = heads[place]
      column.values = times.indices.map { row in
        let value = values[row * heads.count + place]
        return value.isNaN ? nil : value
      }
      series.columns.append(column)
    }
    let all = histograms?.histograms ?? []
    for name in Set(all.map(\.name)).sorted() {
      series.histograms += all.filter { $0.name == name }
    }
    return series
  }
}
