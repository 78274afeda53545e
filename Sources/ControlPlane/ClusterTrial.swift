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
  public static let modelVersion = 1

  /// Simulates it; the same trial gives the same outcome on every machine.
  ///
  /// O(events). `watch` is asked after each simulated second, with the time simulated, whether to
  /// go on; without that the outcome is the same.
  public func run(_ watch: (Nanoseconds) -> Bool = { _ in true }) -> ClusterOutcome {
    var cluster = Cluster(model: model, load: load, seed: seed)
    var loop = Loop(capacity: 4 * model.nodes.count + 1024)
    Cluster.start(&loop)
    cluster.world.observations.begin = load.warmUp
    var stop = advance(&cluster, &loop, until: load.warmUp, watch)
    // What etcd counts of itself, too, is of the measured time only.
    cluster.etcd.counters = EtcdCounters()
    if stop == .reachedEnd {
      stop = advance(&cluster, &loop, until: load.warmUp + load.duration, watch)
    }
    return ClusterOutcome(cluster, loop, stop)
  }

  private func advance(
    _ cluster: inout Cluster, _ loop: inout Loop, until end: Nanoseconds,
    _ watch: (Nanoseconds) -> Bool
  ) -> Stop {
    while true {
      let next = min(end, loop.now + .seconds(1))
      let stop = loop.run(&cluster, until: next, limit: load.eventBudget)
      if stop == .spentBudget { return stop }
      // Without any event left nothing happens until the end.
      if stop == .ranDry || next == end { return .reachedEnd }
      if !watch(next) { return .ranDry }
    }
  }
}

/// What a trial showed, all of it after the warm-up.
public struct ClusterOutcome: Sendable {
  /// The time simulated, warm-up included.
  public var simulated: Nanoseconds
  /// How many events happened, those of the warm-up included.
  public var events: UInt64
  /// The hash of all of them.
  public var trace: UInt64
  /// Whether it ended because the budget of events was spent.
  public var spentBudget: Bool
  /// API latency of mutating requests, from arrival to answer.
  public var mutatingLatency: LatencyDistribution
  /// The same of reads of one object.
  public var getLatency: LatencyDistribution
  /// The same of lists of a namespace.
  public var namespaceListLatency: LatencyDistribution
  /// The same of lists of a whole resource.
  public var clusterListLatency: LatencyDistribution
  /// From the wish for a pod to its being seen ready.
  public var podStartup: LatencyDistribution
  /// What the API servers and their clients went through.
  public var apiServers: APIServerOutcome
  /// `etcd_disk_wal_fsync_duration_seconds` of the leader.
  public var walSync: LatencyDistribution
  /// `etcd_disk_backend_commit_duration_seconds` of the leader.
  public var backendCommit: LatencyDistribution
  /// Requests by how they ended.
  public var requests: RequestCounts
  /// `etcd_server_leader_changes_seen_total`.
  public var leaderChanges: UInt64
  /// `etcd_server_proposals_failed_total`.
  public var failedProposals: UInt64
  /// Pods that were not ready at the end though they had been wanted for ``overdue`` or longer.
  public var overduePods: Int
  /// What the autoscalers did, and what users and add-ons saw of it.
  public var scaling: ScalingOutcome
  /// How long a pod may take before it counts as overdue: six times the objective of 5 s.
  public static let overdue = Nanoseconds.seconds(30)

  /// Requests by how they ended.
  public struct RequestCounts: Hashable, Codable, Sendable {
    /// Answered with what was asked for.
    public var succeeded: UInt64 = 0
    /// 409, 404 and 410: answered otherwise, for the client to deal with.
    public var refused: UInt64 = 0
    /// 429.
    public var rejected: UInt64 = 0
    /// 504, or given up by the client.
    public var timedOut: UInt64 = 0
    /// 500, 503, connections refused, and what etcd had no space for.
    public var unavailable: UInt64 = 0

    /// None.
    public init() {}

    /// All of them.
    public var all: UInt64 { succeeded + refused + rejected + timedOut + unavailable }

    mutating func add(_ count: UInt64, _ outcome: Outcome) {
      switch outcome {
      case .pending: break
      case .ok: succeeded += count
      case .conflict, .notFound, .gone: refused += count
      case .tooManyRequests: rejected += count
      case .timeout: timedOut += count
      case .unavailable, .noSpace: unavailable += count
      }
    }
  }

  init(_ cluster: borrowing Cluster, _ loop: borrowing Loop, _ stop: Stop) {
    simulated = loop.now
    events = loop.handled
    trace = loop.trace.value
    spentBudget = stop == .spentBudget
    mutatingLatency = cluster.world.observations.mutating.snapshot()
    getLatency = cluster.world.observations.singleGet.snapshot()
    namespaceListLatency = cluster.world.observations.namespaceList.snapshot()
    clusterListLatency = cluster.world.observations.clusterList.snapshot()
    podStartup = cluster.world.observations.podStartup.snapshot()
    walSync = cluster.etcd.counters.walSyncs.snapshot()
    backendCommit = cluster.etcd.counters.backendCommits.snapshot()
    leaderChanges = cluster.etcd.counters.leaderChanges
    failedProposals = cluster.etcd.counters.failedProposals
    requests = RequestCounts()
    for outcome in Outcome.allCases {
      requests.add(cluster.world.observations.outcomes[Int(outcome.rawValue)], outcome)
    }
    apiServers = APIServerOutcome(cluster)
    scaling = ScalingOutcome(cluster)
    overduePods = cluster.world.pods(waitingSince: loop.now - Self.overdue)
  }
}

extension World {
  /// How many pods have been wanted since `moment` or longer and were never ready.
  ///
  /// O(pods).
  func pods(waitingSince moment: Nanoseconds) -> Int {
    (0..<UInt32(pods.peak)).count { pod in
      pods[pod].phase.rawValue < PodPhase.ready.rawValue && pods[pod].wished <= moment
    }
  }
}
