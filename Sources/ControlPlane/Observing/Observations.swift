internal import Measure
internal import Simulation

/// What a simulation sees of itself: latencies by kind of request, and parts of them.
struct Observations: ~Copyable {
  /// How far apart samples of the time series are.
  let interval: Nanoseconds
  /// Measured only from here: the end of the warm-up.
  var begin = Nanoseconds.zero
  /// API latency of mutating requests and of single GETs: from arrival to answer.
  var mutating = LatencyHistogram()
  var singleGet = LatencyHistogram()
  var namespaceList = LatencyHistogram()
  var clusterList = LatencyHistogram()
  /// From the wish for a pod to its being seen ready by the API.
  var podStartup = LatencyHistogram()
  /// From a change's commit until a watcher of its fan-out has it.
  var watchLag = LatencyHistogram()
  var outcomes = Table<UInt64>(repeating: 0, count: Outcome.allCases.count)

  init(interval: Nanoseconds) { self.interval = interval }

  /// Takes in a pod that has become ready.
  mutating func podBecameReady(_ pod: Pod) {
    guard pod.wished >= begin else { return }
    podStartup.record(UInt64((pod.ready - pod.wished).count))
  }

  /// Takes in an answered request.
  mutating func note(_ request: Request) {
    guard request.arrived >= begin else { return }
    outcomes[Int(request.outcome.rawValue)] += 1
    // Of what others answer by way of the API server, objectives do not speak either.
    guard request.outcome == .ok, request.verb != .watch, request.resource != .nodeProxy else {
      return
    }
    let latency = UInt64(max(0, (request.answered - request.arrived).count))
    switch (request.verb, request.scope) {
    case (.list, .cluster): clusterList.record(latency)
    case (.list, _): namespaceList.record(latency)
    case (.get, _): singleGet.record(latency)
    default: mutating.record(latency)
    }
  }
}
