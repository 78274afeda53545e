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
  /// API Priority and Fairness, which shares the sum of the two limits.
  public var flowControl = FlowControlParameters()
  /// The watch caches.
  public var watchCache = WatchCacheParameters()
  /// From a client to the server and back.
  public var roundTrip = Nanoseconds.microseconds(500)
  /// CPU of a write: decoding, admission, validation, encoding, the watch event.
  public var writeCPU = Nanoseconds.microseconds(400)
  /// CPU to renew a lease, or to write another small object without admission of its own.
  public var leaseCPU = Nanoseconds.microseconds(200)
  /// CPU of a read of one object from the watch cache.
  public var readCPU = Nanoseconds.microseconds(100)
  /// What a request costs beside its own way, as a share of its CPU: garbage collection, events
  /// for watchers, timers.
  public var overhead = Fraction(0)
  /// What each object of a list adds.
  public var listCPUPerObject = Nanoseconds.microseconds(20)
  /// From etcd's commit until an informer has the event.
  public var watchLatency = LatencyLaw.lognormal(p50: .milliseconds(4), p99: .milliseconds(20))

  /// After its end, when a server that is started again has its port; nil: when it answers.
  ///
  /// kube-apiserver opens it while it reads its flags (server/options/serving.go,
  /// `CreateListener`), long before it serves: the kernel takes connections meanwhile, which wait.
  public var listenDelay: Nanoseconds?
  /// How long a request has a CPU before others have their turn: Go takes a goroutine off after
  /// 10 ms (runtime/proc.go, `forcePreemptNS`).
  public var turn = Nanoseconds.milliseconds(10)
  /// What each object of a list from etcd adds to that: it is decoded anew.
  ///
  /// 100 000 pods by etcd take 10 s where the cache takes 50 ms for those of a node (k8s at 4000
  /// nodes): of the order of 100 us each.
  public var etcdListCPUPerObject = Nanoseconds.microseconds(80)
  /// CPU to send an event to one watcher; events are encoded once (an estimate of this model).
  public var sendCPU = Nanoseconds.microseconds(20)
  /// What a server's network link carries, bytes per second: 10 Gbit/s.
  public var linkBytesPerSecond: Int64 = 1_250_000_000
  /// Whether each watcher's send is an event of its own rather than one for all of a server.
  public var hasFanOutPerWatcher = false
  /// Endpoints in a slice: `--max-endpoints-per-slice` (default 100).
  public var endpointsPerSlice = 100
  /// What a list needs in memory while it is made, over its size: about 5 times (KEP-3157).
  public var listMemoryFactor = 5.0
  /// The memory of an API server without objects (an estimate of this model).
  public var baseMemory = ByteCount.mebibytes(500)
  /// What an object in memory takes over its stored size (an estimate of this model).
  public var objectMemoryFactor = 3.0
  /// Memory of a watch: goroutines, buffers, HTTP/2 stream (an estimate of this model).
  public var watchMemory = ByteCount.kibibytes(70)

  /// The defaults of a release.
  public init(_ profile: KubernetesProfile = .v1_22) {
    flowControl = FlowControlParameters(profile)
  }

  /// What is wrong with them, for people; nil if nothing is.
  public var fault: String? {
    if !(1...32).contains(servers) { return "there can be 1 to 32 API servers, not \(servers)" }
    if cpus < 1 { return "an API server needs at least one CPU, not \(cpus)" }
    if maxInflight < 0 || maxMutatingInflight < 0 || maxInflight + maxMutatingInflight < 1 {
      return "the in-flight limits must leave at least one request in all"
    }
    if linkBytesPerSecond < 1 || turn <= .zero || roundTrip < .zero {
      return "the link, the turn of a CPU and the round trip must be above zero"
    }
    return flowControl.fault ?? watchCache.fault
  }

  var halfTrip: Nanoseconds { Nanoseconds(roundTrip.count / 2) }

  func cost(of request: Request) -> Nanoseconds {
    switch request.verb {
    case .list where request.isFromEtcd:
      readCPU + (listCPUPerObject + etcdListCPUPerObject) * Int64(request.objects)
    case .list, .watch: readCPU + listCPUPerObject * Int64(request.objects)
    case .get: readCPU
    default:
      switch request.resource {
      case .lease, .configMap: leaseCPU
      default: writeCPU
      }
    }
  }
}
