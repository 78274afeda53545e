public import Measure
internal import Simulation

/// One simulated stretch of a cluster's life.
public struct ClusterTrial: Sendable {
  /// The cluster.
  public var model: ClusterModel
  /// What is put on it.
  public var load: ClusterLoad
  /// What all its random numbers follow from.
  public var seed: UInt64

  /// A trial of `model` under `load`.
  public init(model: ClusterModel, load: ClusterLoad, seed: UInt64) {
    self.model = model
    self.load = load
    self.seed = seed
  }

  /// Version of the model: of two of them, the same seed may give different figures.
  public static let modelVersion = 4

  /// Simulates it; the same trial gives the same outcome on every machine.
  ///
  /// O(events). `watch` is asked after each simulated second, with the time simulated, whether to
  /// go on; without that the outcome is the same. With `histograms` the series has those too.
  public func run(
    histograms: Bool = false, _ watch: (Nanoseconds) -> Bool = { _ in true }
  ) -> ClusterOutcome {
    var cluster = Cluster(model: model, load: load, seed: seed)
    if histograms { cluster.sampler.sheet.histograms = HistogramSheet() }
    var loop = startedLoop()
    let stop = advance(&cluster, &loop, limit: load.eventBudget, watch)
    return ClusterOutcome(cluster, loop, stop)
  }

  /// Simulates it until `event` events have happened, and says how the world stands then.
  ///
  /// The same events happen as in ``run(_:)``: the hash after an event is the same. O(events).
  public func run(untilEvent event: UInt64) -> ClusterSnapshot {
    var cluster = Cluster(model: model, load: load, seed: seed)
    var loop = startedLoop()
    _ = advance(&cluster, &loop, limit: min(event, load.eventBudget)) { _ in true }
    return ClusterSnapshot(cluster, loop, last: cluster.last)
  }

  /// Simulates it up to `end` and draws what was wished for from `begin` on.
  ///
  /// Both are counted from the start of the simulation, the warm-up included; of requests and of
  /// moments at most `limit` are kept. O(events), and memory of O(limit).
  public func trace(
    from begin: Nanoseconds, to end: Nanoseconds, limit: Int = 100_000
  ) -> ClusterTrace {
    ClusterTrace(traced(from: begin, to: end, limit: limit))
  }

  /// The cluster after a stretch of which it kept requests and moments.
  func traced(from begin: Nanoseconds, to end: Nanoseconds, limit: Int) -> Cluster {
    var cluster = Cluster(model: model, load: load, seed: seed)
    var loop = startedLoop()
    cluster.world.observations.tracer.turnOn(from: begin, until: end, limit: limit)
    // Requests that were wished for in the stretch end after it.
    let last = end + Self.patience
    _ = advance(&cluster, &loop, limit: load.eventBudget) { $0 < last }
    return cluster
  }

  /// How long after the end of a trace its requests are waited for: `--request-timeout`.
  private static let patience = Nanoseconds.seconds(60)

  private func startedLoop() -> Loop {
    var loop = Loop(capacity: 4 * model.nodes.count + 1024)
    Cluster.start(&loop)
    return loop
  }

  /// Lets time pass to the end, or until so many events have happened.
  private func advance(
    _ cluster: inout Cluster, _ loop: inout Loop, limit: UInt64, _ watch: (Nanoseconds) -> Bool
  ) -> Stop {
    let stop = advance(&cluster, &loop, until: load.warmUp, limit: limit, watch)
    guard stop == .reachedEnd else { return stop }
    cluster.beginMeasuring(at: load.warmUp)
    return advance(
      &cluster, &loop, until: load.warmUp + load.duration, limit: limit, watch)
  }

  private func advance(
    _ cluster: inout Cluster, _ loop: inout Loop, until end: Nanoseconds, limit: UInt64,
    _ watch: (Nanoseconds) -> Bool
  ) -> Stop {
    while true {
      let next = min(end, loop.now + .seconds(1))
      let stop = loop.run(&cluster, until: next, limit: limit)
      if stop == .spentBudget { return stop }
      // Without any event left nothing happens until the end.
      if stop == .ranDry || next == end { return .reachedEnd }
      if !watch(next) { return .ranDry }
    }
  }
}
