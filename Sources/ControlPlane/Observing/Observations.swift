internal import Measure
internal import Simulation

/// What a simulation sees of itself: latencies by kind of request, and parts of them.
///
/// It only looks: nothing here changes what happens.
struct Observations: ~Copyable {
  private let standing = Standing()
  /// How far apart samples of the time series are.
  let interval: Nanoseconds
  let server: APIServerParameters
  /// Measured only from here: the end of the warm-up.
  var begin = Nanoseconds.zero
  /// API latency from arrival to answer of mutating requests and of single GETs that succeeded.
  var mutating = LatencyHistogram()
  var singleGet = LatencyHistogram()
  var namespaceList = LatencyHistogram()
  var clusterList = LatencyHistogram()
  /// From the wish for a pod to its being seen ready by the API.
  var podStartup = LatencyHistogram()
  /// From a change's commit until a watcher of its fan-out has it.
  var watchLag = LatencyHistogram()
  /// From a machine's boot until its node is ready for the first time.
  var nodeJoin = LatencyHistogram()
  /// When the first and the last of them were.
  var firstReady = Nanoseconds.zero
  var lastReady = Nanoseconds.zero
  /// From a pod's need of an image until its node has it.
  var imagePull = LatencyHistogram()
  /// Events that were sent to watchers of a fan-out.
  var watchEvents: UInt64 = 0
  var outcomes = Table<UInt64>(repeating: 0, count: Outcome.allCases.count)
  /// Answers of the servers by how they ended, every attempt counted.
  var answers = Table<UInt64>(repeating: 0, count: Outcome.allCases.count)
  /// Answers by verb, resource and scope.
  var latencies = RequestLatencies()
  var serviceLevels = ServiceLevels()
  /// What latencies are made of: at the servers, and as clients see them from their wish on.
  var serverParts = RequestParts()
  var clientParts = RequestParts()
  var startupParts = PartTable()
  var pods = PodRecords()
  /// Seats of each priority level times how long they were taken, and waits for them, ns.
  var levels = Table<LevelUse>(repeating: LevelUse(), count: 16)
  var availability = AvailabilityBook()
  var tracer = Tracer()

  /// How much a priority level was used, over all servers.
  struct LevelUse: BitwiseCopyable {
    var seatTime: Int64 = 0
    var waits: Int64 = 0
  }

  /// Takes in a node that is ready for the first time.
  mutating func nodeJoined(_ node: Node) {
    guard node.becameReady >= begin else { return }
    if nodeJoin.count == 0 { firstReady = node.becameReady }
    lastReady = node.becameReady
    nodeJoin.record(UInt64((node.becameReady - node.booted).count))
  }

  init(_ model: ClusterModel, _ load: ClusterLoad) {
    interval = load.sampling
    server = model.apiServer
    serviceLevels.begin(at: .zero)
  }

  /// Measures from `now` on.
  mutating func begin(at now: Nanoseconds) {
    begin = now
    serviceLevels.begin(at: now)
    availability.begin(at: now)
  }

  /// Takes in the answer to an attempt, as the server sees it.
  mutating func answered(_ request: borrowing Request) {
    guard request.arrived >= begin, request.verb != .watch else { return }
    answers[Int(request.outcome.rawValue)] += 1
    // An attempt that no server took in has no latency there, and 429 no service; what others
    // answer by way of a server is not what objectives are about.
    guard request.arrived >= request.sent, request.dispatched >= request.arrived,
      request.outcome != .tooManyRequests, request.resource != .nodeProxy
    else { return }
    let waited = request.dispatched - request.arrived
    let latency = max(0, (request.answered - request.arrived).count)
    let sli = latency - waited.count
    let kind = RequestLatencies.kind(request)
    latencies.record(kind: kind, UInt64(latency), sli: UInt64(max(0, sli)))
    serviceLevels.note(request, kind: kind, sli: sli)
    let level = Int(request.priorityLevel) & 15
    levels[level].waits += waited.count
    levels[level].seatTime += Int64(request.maximumSeats) * (sli + Int64(request.linger))
    guard request.outcome == .ok else { return }
    serverParts.record(
      request.serverParts(until: request.answered, server), of: request.verb)
    switch (request.verb, request.scope) {
    case (.list, .cluster): clusterList.record(UInt64(latency))
    case (.list, _): namespaceList.record(UInt64(latency))
    case (.get, _): singleGet.record(UInt64(latency))
    default: mutating.record(UInt64(latency))
    }
  }

  /// Takes in a request that its owner has done with.
  mutating func note(_ request: borrowing Request) {
    if tracer.isOn { tracer.note(request) }
    guard request.arrived >= begin else { return }
    outcomes[Int(request.outcome.rawValue)] += 1
    guard request.outcome == .ok, request.verb != .watch else { return }
    var parts = request.clientParts
    parts += request.serverParts(until: request.answered, server)
    parts[.network] += server.halfTrip.count
    clientParts.record(parts, of: request.verb)
  }
}

/// What requests of each class are made of.
struct RequestParts: ~Copyable {
  private(set) var mutating = PartTable()
  private(set) var get = PartTable()
  private(set) var list = PartTable()

  @inline(__always) mutating func record(_ parts: PartVector, of verb: Verb) {
    switch verb {
    case .list: list.record(parts)
    case .get: get.record(parts)
    default: mutating.record(parts)
    }
  }
}

extension Observations {
  /// A piece of a fan-out is with its watchers, `lag` after the change.
  mutating func noteWatchLag(_ lag: Nanoseconds, of request: borrowing Request) {
    guard request.wished >= begin else { return }
    watchLag.record(UInt64(lag.count), times: UInt64(request.objects))
    watchEvents += UInt64(request.objects)
  }
}
