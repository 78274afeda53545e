public import Measure
internal import Synchronization

/// A verb on a resource, as the API server's own metrics name them: PATCH nodes/status.
public struct APIOperation: Hashable, Codable, Sendable {
  /// POST, PUT, PATCH, GET, LIST, WATCH, DELETE or DELETECOLLECTION.
  public var verb: String
  /// The resource with its subresource.
  public var resource: String

  /// Names an operation.
  public init(_ verb: String, _ resource: String) {
    self.verb = verb
    self.resource = resource
  }
}

/// What one operation cost its clients within a window.
public struct RequestFigures: Hashable, Codable, Sendable {
  /// The operation.
  public var operation: APIOperation
  /// From sending to the last byte of the answer, of requests that succeeded.
  public var latency: LatencyDistribution
  /// Requests that succeeded, per second of the window.
  public var perSecond: Double
  /// Requests that failed, by HTTP status or by what the connection failed with.
  public var failures: [String: Int]

  enum CodingKeys: String, CodingKey {
    case operation
    case latency = "latencyNs"
    case perSecond, failures
  }

  /// What an operation cost.
  public init(
    operation: APIOperation, latency: LatencyDistribution, perSecond: Double,
    failures: [String: Int]
  ) {
    self.operation = operation
    self.latency = latency
    self.perSecond = perSecond
    self.failures = failures
  }
}

/// Latencies and failures by operation, from many tasks.
final class RequestLog: Sendable {
  /// A box: histograms cannot be copied into a dictionary.
  fileprivate final class Entry {
    var histogram = LatencyHistogram()
    var failures: [String: Int] = [:]
  }

  fileprivate struct State: ~Copyable {
    var entries: [APIOperation: Entry] = [:]
    var begun = MonotonicClock.now()
  }

  private let state = Mutex(State())

  /// Forgets what there is: a window begins.
  func begin() {
    state.withLock { $0 = State() }
  }

  func record(_ operation: APIOperation, _ latency: Nanoseconds) {
    state.withLock { state in
      state.entry(operation).histogram.record(UInt64(max(latency.count, 0)))
    }
  }

  func recordFailure(_ operation: APIOperation, _ reason: String) {
    state.withLock { state in state.entry(operation).failures[reason, default: 0] += 1 }
  }

  /// Requests of an operation that succeeded since the window began.
  func successes(of operation: APIOperation) -> Int {
    state.withLock { $0.entries[operation].map { Int($0.histogram.count) } ?? 0 }
  }

  /// What there was since the window began, the most frequent operation first.
  func figures() -> [RequestFigures] {
    state.withLock { state in
      let elapsed = (MonotonicClock.now() - state.begun).inSeconds
      return state.entries.map { operation, entry in
        let latency = entry.histogram.snapshot()
        return RequestFigures(
          operation: operation, latency: latency, perSecond: Double(latency.count) / elapsed,
          failures: entry.failures)
      }
      .sorted {
        ($1.latency.count, $0.operation.verb, $0.operation.resource)
          < ($0.latency.count, $1.operation.verb, $1.operation.resource)
      }
    }
  }
}

extension RequestLog.State {
  fileprivate mutating func entry(_ operation: APIOperation) -> RequestLog.Entry {
    if let entry = entries[operation] { return entry }
    let entry = RequestLog.Entry()
    entries[operation] = entry
    return entry
  }
}
