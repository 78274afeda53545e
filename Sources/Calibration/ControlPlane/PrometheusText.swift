internal import Foundation

/// One reading of metrics in the text format of Prometheus, with their labels.
struct PrometheusText: Sendable {
  /// A series: its name and labels.
  struct Series: Hashable, Sendable {
    var name: String
    var labels: [String: String]
  }

  private(set) var values: [Series: Double] = [:]

  /// Reads those series whose name begins with one of `prefixes`; what is no sample is passed over.
  init(parsing text: String, prefixes: [String]) {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard prefixes.contains(where: { line.hasPrefix($0) }),
        let space = line.lastIndex(of: " "),
        let value = Double(line[line.index(after: space)...])
      else { continue }
      values[Self.series(line[..<space])] = value
    }
  }

  /// The value of a series without labels; 0 where there is none.
  func value(_ name: String) -> Double { values[Series(name: name, labels: [:])] ?? 0 }

  /// Reads `name{label="value",…}`; a comma or brace within a value is a part of it.
  private static func series(_ text: Substring) -> Series {
    guard let brace = text.firstIndex(of: "{") else {
      return Series(name: String(text), labels: [:])
    }
    var labels: [String: String] = [:]
    for match in text[brace...].matches(of: #/(\w+)="((?:[^"\\]|\\.)*)"/#) {
      labels[String(match.1)] = String(match.2)
    }
    return Series(name: String(text[..<brace]), labels: labels)
  }
}

/// A histogram of a server's own, as far as it grew within a window.
public struct ServerLatency: Hashable, Codable, Sendable {
  /// The metric's name without its suffix: `apiserver_request_duration_seconds`.
  public var metric: String
  /// The labels it is told apart by.
  public var labels: [String: String]
  /// Observations.
  public var count: Int
  /// Their mean, s.
  public var meanSeconds: Double
  /// The median, s, interpolated within its bucket as PromQL's histogram_quantile does.
  public var p50Seconds: Double
  /// The 99th percentile, s, in the same way.
  public var p99Seconds: Double
}

extension ServerLatency {
  /// What a histogram gained between two readings, by the labels named; those that gained nothing
  /// are left out.
  static func gained(
    _ metric: String, by names: [String], from earlier: PrometheusText, to later: PrometheusText
  ) -> [ServerLatency] {
    struct Sum {
      var count = 0.0
      var sum = 0.0
      var buckets: [Double: Double] = [:]
    }
    var sums: [[String: String]: Sum] = [:]
    for (series, value) in later.values where series.name.hasPrefix(metric + "_") {
      let gain = value - (earlier.values[series] ?? 0)
      let labels = series.labels.filter { names.contains($0.key) && !$0.value.isEmpty }
      switch series.name.dropFirst(metric.count) {
      case "_count": sums[labels, default: Sum()].count += gain
      case "_sum": sums[labels, default: Sum()].sum += gain
      case "_bucket":
        let bound = series.labels["le"].map { $0 == "+Inf" ? .infinity : Double($0) ?? .infinity }
        sums[labels, default: Sum()].buckets[bound ?? .infinity, default: 0] += gain
      default: break
      }
    }
    return sums.filter { $0.value.count > 0 }.map { labels, sum in
      ServerLatency(
        metric: metric, labels: labels, count: Int(sum.count), meanSeconds: sum.sum / sum.count,
        p50Seconds: quantile(0.5, sum.buckets, sum.count),
        p99Seconds: quantile(0.99, sum.buckets, sum.count))
    }
    .sorted { ($1.count, "\($0.labels)") < ($0.count, "\($1.labels)") }
  }

  /// The last finite bound for what lies above it, as histogram_quantile has it.
  private static func quantile(
    _ fraction: Double, _ buckets: [Double: Double], _ count: Double
  ) -> Double {
    let rank = fraction * count
    var (lower, below) = (0.0, 0.0)
    for (bound, total) in buckets.sorted(by: { $0.key < $1.key }) {
      guard bound.isFinite else { break }
      if total >= rank {
        return total == below ? lower : lower + (bound - lower) * (rank - below) / (total - below)
      }
      (lower, below) = (bound, total)
    }
    return lower
  }
}
