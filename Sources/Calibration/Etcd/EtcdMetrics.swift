internal import AsyncHTTPClient
internal import Foundation
internal import Measure
internal import NIOCore

/// A histogram of durations as Prometheus keeps it: counts up to fixed bounds.
public struct DurationBuckets: Hashable, Codable, Sendable {
  /// Upper bounds of the buckets, ns, rising; the last bucket has none and is not listed.
  public var upperBounds: [Int64] = []
  /// How many durations fell into each bucket, one more than there are bounds.
  public var counts: [UInt64] = []
  /// The sum of all durations, ns.
  public var sum: Int64 = 0

  enum CodingKeys: String, CodingKey {
    case upperBounds = "upperBoundsNs"
    case counts
    case sum = "sumNs"
  }

  /// How many durations there are.
  public var count: UInt64 { counts.reduce(0, +) }

  /// Their mean, ns; nil when there is none.
  public var mean: Double? { count == 0 ? nil : Double(sum) / Double(count) }

  /// What was added between two readings of the same histogram.
  static func - (later: DurationBuckets, earlier: DurationBuckets) -> DurationBuckets {
    guard later.upperBounds == earlier.upperBounds else { return later }
    var change = later
    change.counts = zip(later.counts, earlier.counts).map { $0 &- $1 }
    change.sum -= earlier.sum
    return change
  }
}

/// One reading of what an etcd member says of itself at `/metrics`.
struct EtcdMetrics: Sendable {
  /// Values by name, those of different labels added.
  private var values: [Substring: Double] = [:]
  /// Cumulative counts by upper bound, of histograms by name.
  private var buckets: [Substring: [Double: Double]] = [:]

  /// Reads the text format of Prometheus, as far as counters, gauges and histograms go.
  init(parsing text: String) {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "),
        let value = Double(line[line.index(after: space)...])
      else { continue }
      let series = line[..<space]
      let name = series.prefix { $0 != "{" }
      if name.hasSuffix("_bucket"), let bound = Self.bound(of: series) {
        buckets[name.dropLast("_bucket".count), default: [:]][bound, default: 0] += value
      } else {
        values[name, default: 0] += value
      }
    }
  }

  /// Asks a member.
  ///
  /// Throws what the request throws: the member may be gone, or not answer in so many seconds.
  static func read(port: Int, within seconds: Int64) async throws -> EtcdMetrics {
    let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/metrics")
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(seconds))
    let body = try await response.body.collect(upTo: 4 << 20)
    return EtcdMetrics(parsing: String(buffer: body))
  }

  /// The value of a counter or gauge; 0 where there is none.
  subscript(_ name: String) -> Double { values[Substring(name)] ?? 0 }

  /// A histogram of seconds, in nanoseconds.
  func durations(_ name: String) -> DurationBuckets {
    let cumulative = (buckets[Substring(name)] ?? [:]).sorted { $0.key < $1.key }
    var histogram = DurationBuckets()
    var below = 0.0
    for (bound, count) in cumulative {
      if bound.isFinite { histogram.upperBounds.append(Int64((bound * 1e9).rounded())) }
      histogram.counts.append(UInt64(max(count - below, 0)))
      below = count
    }
    histogram.sum = Int64((self[name + "_sum"] * 1e9).rounded())
    return histogram
  }

  /// The bound `le` of a bucket's labels.
  private static func bound(of series: Substring) -> Double? {
    guard let start = series.range(of: "le=\"") else { return nil }
    let text = series[start.upperBound...].prefix { $0 != "\"" }
    return text == "+Inf" ? .infinity : Double(text)
  }
}
