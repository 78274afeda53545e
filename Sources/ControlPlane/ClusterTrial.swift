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

  /// Simulates it; the same trial gives the same outcome on every machine.
  ///
  /// O(events).
  public func run() -> ClusterOutcome {
    var cluster = Cluster(model: model, load: load, seed: seed)
    var loop = Loop(capacity: 4 * model.nodes.count + 1024)
    Cluster.start(&loop)
    cluster.world.observations.begin = load.warmUp
    let stop = loop.run(&cluster, until: load.warmUp + load.duration, limit: load.eventBudget)
    return ClusterOutcome(
      simulated: loop.now, events: loop.handled, trace: loop.trace.value,
      spentBudget: stop == .spentBudget,
      mutatingLatency: cluster.world.observations.mutating.snapshot(),
      podStartup: cluster.world.observations.podStartup.snapshot(),
      apiServers: APIServerOutcome(cluster))
  }
}

/// What a trial showed.
public struct ClusterOutcome: Sendable {
  /// The time simulated, warm-up included.
  public var simulated: Nanoseconds
  /// How many events happened.
  public var events: UInt64
  /// The hash of all of them.
  public var trace: UInt64
  /// Whether it ended because the budget of events was spent.
  public var spentBudget: Bool
  /// API latency of mutating requests, from arrival to answer.
  public var mutatingLatency: LatencyDistribution
  /// From the wish for a pod to its being seen ready.
  public var podStartup: LatencyDistribution
  /// What the API servers and their clients went through.
  public var apiServers: APIServerOutcome
}
