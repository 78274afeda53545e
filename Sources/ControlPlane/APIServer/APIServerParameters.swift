public import Measure

/// The API servers of a cluster.
public struct APIServerParameters: Hashable, Codable, Sendable {
  /// How many there are.
  public var servers = 3
  /// CPUs of each.
  public var cpus = 8
  /// `--max-requests-inflight` (default of kube-apiserver).
  public var maxInflight = 400
  /// `--max-mutating-requests-inflight` (default of kube-apiserver).
  public var maxMutatingInflight = 200
  /// From a client to the server and back.
  public var roundTrip = Nanoseconds.microseconds(500)
  /// CPU of a write: decoding, admission, validation, encoding, the watch event.
  public var writeCPU = Nanoseconds.microseconds(400)
  /// CPU of a lease's renewal, a small object without admission of its own.
  public var leaseCPU = Nanoseconds.microseconds(200)
  /// CPU of a read of one object from the watch cache.
  public var readCPU = Nanoseconds.microseconds(100)
  /// What each object of a list adds.
  public var listCPUPerObject = Nanoseconds.microseconds(20)
  /// From etcd's commit until an informer has the event.
  public var watchLatency = LatencyLaw.lognormal(p50: .milliseconds(4), p99: .milliseconds(20))

  /// The defaults.
  public init() {}

  var halfTrip: Nanoseconds { Nanoseconds(roundTrip.count / 2) }

  func cost(of request: Request) -> Nanoseconds {
    switch request.verb {
    case .list, .watch: readCPU + listCPUPerObject * Int64(request.objects)
    case .get: readCPU
    default: request.resource == .lease ? leaseCPU : writeCPU
    }
  }
}
