public import Measure
internal import Simulation

/// Latencies of one kind of request at the API servers.
public struct RequestLatency: Hashable, Codable, Sendable {
  /// The verb as metrics have it: `GET`, `LIST`, `POST`, `PUT`, `PATCH`, `DELETE`.
  public var verb: String
  /// The resource, by its plural.
  public var resource: String
  /// The subresource; empty without one.
  public var subresource: String
  /// `resource`, `namespace` or `cluster`.
  public var scope: String
  /// `apiserver_request_duration_seconds`: from its arrival to the answer, of those that were not
  /// refused by 429.
  public var duration: LatencyDistribution
  /// `apiserver_request_sli_duration_seconds`: without the wait for a seat, as the service level
  /// objectives of Kubernetes count (sig-scalability, slos/api_call_latency.md).
  public var sliDuration: LatencyDistribution
}

/// Histograms by verb, resource and scope; a row is taken when a kind of request first appears.
struct RequestLatencies: ~Copyable {
  /// Rows that have room from the start: more than a cluster has kinds of requests.
  private static let rows = 64
  private static let none: UInt16 = .max

  private var rowOf: Table<UInt16>
  private var durations = HistogramRows(capacity: Self.rows)
  private var sliDurations = HistogramRows(capacity: Self.rows)

  init() { rowOf = Table(repeating: Self.none, count: Self.kinds) }

  /// How many kinds of requests there could be.
  static let kinds = Verb.allCases.count * Resource.allCases.count * Scope.allCases.count

  /// The number of a kind.
  @inline(__always) static func kind(_ request: borrowing Request) -> Int {
    let pair =
      Int(request.verb.rawValue) * Resource.allCases.count + Int(request.resource.rawValue)
    return pair * Scope.allCases.count + Int(request.scope.rawValue)
  }

  mutating func record(kind: Int, _ duration: UInt64, sli: UInt64) {
    if rowOf[kind] == Self.none {
      rowOf[kind] = UInt16(durations.add())
      _ = sliDurations.add()
    }
    durations.record(duration, in: Int(rowOf[kind]))
    sliDurations.record(sli, in: Int(rowOf[kind]))
  }

  /// Those that had requests, by verb, resource, scope.
  ///
  /// O(kinds + rows x buckets).
  func snapshot() -> [RequestLatency] {
    rowOf.indices.filter { rowOf[$0] != Self.none }.compactMap { kind in
      let scopes = Scope.allCases.count
      let resources = Resource.allCases.count
      guard let verb = Verb(rawValue: UInt8(kind / scopes / resources)),
        let resource = Resource(rawValue: UInt8(kind / scopes % resources)),
        let scope = Scope(rawValue: UInt8(kind % scopes))
      else { return nil }
      let (plural, subresource) = resource.names
      return RequestLatency(
        verb: verb.metricName, resource: plural, subresource: subresource,
        scope: scope.metricName, duration: durations.snapshot(of: Int(rowOf[kind])),
        sliDuration: sliDurations.snapshot(of: Int(rowOf[kind])))
    }
  }
}

/// Histograms side by side in one memory, each a row.
struct HistogramRows: ~Copyable {
  // Not private: the compiler (6.3.1) loses the metadata of a private type that `Cluster` destroys.
  struct Sums: BitwiseCopyable {
    var count: UInt64 = 0
    var sum: UInt64 = 0
    var squares = 0.0
    var minimum = UInt64.max
    var maximum: UInt64 = 0
  }

  private var buckets: Table<UInt64>
  private var sums: Table<Sums>

  init(capacity: Int) {
    buckets = Table(capacity: capacity * LatencyBuckets.count)
    sums = Table(capacity: capacity)
  }

  /// Adds an empty row and gives its number.
  mutating func add() -> Int {
    for _ in 0..<LatencyBuckets.count { buckets.append(0) }
    return sums.append(Sums())
  }

  @inline(__always) mutating func record(_ value: UInt64, in row: Int) {
    buckets[row * LatencyBuckets.count + LatencyBuckets.index(of: value)] += 1
    sums[row].count += 1
    sums[row].sum += value
    sums[row].squares += Double(value) * Double(value)
    sums[row].minimum = min(sums[row].minimum, value)
    sums[row].maximum = max(sums[row].maximum, value)
  }

  func snapshot(of row: Int) -> LatencyDistribution {
    var distribution = LatencyDistribution()
    for index in 0..<LatencyBuckets.count {
      let count = buckets[row * LatencyBuckets.count + index]
      if count > 0 { distribution.buckets.append(.init(index: index, count: count)) }
    }
    distribution.count = sums[row].count
    distribution.sum = sums[row].sum
    distribution.sumOfSquares = sums[row].squares
    distribution.minimum = sums[row].count == 0 ? 0 : sums[row].minimum
    distribution.maximum = sums[row].maximum
    return distribution
  }
}
