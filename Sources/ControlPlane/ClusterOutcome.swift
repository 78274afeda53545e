public import Measure
internal import Simulation
internal import Statistics

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
  /// How the objectives of Kubernetes were kept.
  public var serviceLevels: [ServiceLevelOutcome]
  /// Latencies at the API servers by verb, resource and scope.
  public var latencies: [RequestLatency]
  /// What latencies are made of.
  public var composition: Composition
  /// How much of what is limited was used.
  public var resources: [ResourceUse]
  /// What pods that started waited for most at their 99th percentile, or requests that change
  /// something if no pod started; nil if they waited for nothing much.
  public var bottleneck: Bottleneck?
  /// What could be done on the cluster, and when.
  public var availability: AvailabilityOutcome
  /// Nodes that lost their power, each time counted.
  public var nodesLost: UInt64
  /// What monitoring would have shown.
  public var series: ClusterSeries
  /// What became of the machines that were to join.
  public var join: JoinOutcome
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
  /// Pods that the scheduler ended to make room for others of higher priority.
  public var preemptedPods: UInt64
  /// Pods that kubelets evicted because their machines ran out of memory or disk.
  public var evictedPods: UInt64
  /// Pods that churn was to replace, and could not for want of a ready one.
  public var churn = ChurnCounts()
  /// Whether etcd's database had reached its quota at the end, so that it takes no more writes.
  public var isDatabaseFull: Bool
  /// By how many a second the pods that wait become more; nil where they do not grow without bound,
  /// or fewer than 32 samples cannot tell.
  public var backlogGrowth: Double?
  /// What clients of etcd itself saw; nil if there were none.
  public var etcdLoad: EtcdLoadOutcome?
  /// What the autoscalers did, and what users and add-ons saw of it.
  public var scaling: ScalingOutcome
  /// How long a pod may take before it counts as overdue: six times the objective of 5 s.
  public static let overdue = Nanoseconds.seconds(30)

  /// Latencies with their parts: of requests at the servers, and as clients see them from the wish
  /// on; of pods.
  public struct Composition: Hashable, Codable, Sendable {
    /// From arrival at the server to the answer, of requests that succeeded.
    public var mutatingAtServer: LatencyComposition
    /// The same of reads of one object.
    public var getAtServer: LatencyComposition
    /// The same of lists.
    public var listAtServer: LatencyComposition
    /// From the wish to the answer's arrival, of requests that succeeded.
    public var mutating: LatencyComposition
    /// The same of reads of one object.
    public var get: LatencyComposition
    /// The same of lists.
    public var list: LatencyComposition
    /// From the wish for a pod until the API has it as ready; what its requests went through is in
    /// the parts.
    public var podStartup: LatencyComposition

    init(_ observations: borrowing Observations) {
      mutatingAtServer = observations.serverParts.mutating.snapshot()
      getAtServer = observations.serverParts.get.snapshot()
      listAtServer = observations.serverParts.list.snapshot()
      mutating = observations.clientParts.mutating.snapshot()
      get = observations.clientParts.get.snapshot()
      list = observations.clientParts.list.snapshot()
      podStartup = observations.startupParts.snapshot()
    }
  }

  /// What became of the churn that was asked for.
  public struct ChurnCounts: Hashable, Codable, BitwiseCopyable, Sendable {
    /// How often a pod was to be replaced.
    public var asked: UInt64 = 0
    /// How often none was ready.
    public var missed: UInt64 = 0

    /// None.
    public init() {}

    /// Whether the cluster replaces pods less fast than was asked for: one in a hundred was missed.
    public var isAboveCapacity: Bool { missed * 100 > asked }
  }

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

  /// A trace hash as records have it, in 16 hexadecimal digits.
  public static func traceHash(_ trace: UInt64) -> String {
    let digits = String(trace, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
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
    serviceLevels = cluster.world.observations.serviceLevels.outcome()
    latencies = cluster.world.observations.latencies.snapshot()
    composition = Composition(cluster.world.observations)
    resources = cluster.resourceUses(at: loop.now)
    bottleneck = Self.bottleneck(composition, resources)
    availability = cluster.world.observations.availability.outcome(at: loop.now)
    nodesLost = cluster.faults.counters.nodesLost
    series = cluster.sampler.sheet.series
    join = JoinOutcome(cluster, at: loop.now)
    apiServers = APIServerOutcome(cluster)
    preemptedPods = cluster.scheduler.preempted
    evictedPods = cluster.kubelets.pressure.evictions
    scaling = ScalingOutcome(cluster)
    etcdLoad = cluster.generator.etcdClients.outcome(cluster.etcd.counters)
    overduePods = cluster.world.pods(waitingSince: loop.now - Self.overdue)
    churn = cluster.generator.churned
    isDatabaseFull = cluster.etcd.database.isFull(cluster.world.model.etcd.quota)
    backlogGrowth = Self.backlogGrowth(series, every: cluster.sampler.interval)
  }

  private static func backlogGrowth(
    _ series: ClusterSeries, every interval: Nanoseconds
  ) -> Double? {
    let values = series.column(SampleSheet.podsWaiting)?.values.compactMap(\.self) ?? []
    let growth = Growth(
      of: OutputSeries(spacing: interval, values: values), confidence: .percent(95))
    return growth.flatMap { $0.isUnbounded ? $0.perSecond.value : nil }
  }

  private static func bottleneck(
    _ composition: Composition, _ resources: [ResourceUse]
  ) -> Bottleneck? {
    if let breakdown = composition.podStartup.breakdown(of: 0.99) {
      return Bottleneck(breakdown, of: "pod startup p99", among: resources)
    }
    return composition.mutating.breakdown(of: 0.99).flatMap {
      Bottleneck($0, of: "mutating p99", ofRequests: true, among: resources)
    }
  }
}

extension World {
  /// How many pods have been wanted since `moment` or longer and were never ready, those included
  /// that no controller has asked for yet.
  ///
  /// O(pods).
  func pods(waitingSince moment: Nanoseconds) -> Int {
    (0..<UInt32(pods.peak)).count { pod in
      pods[pod].phase.rawValue < PodPhase.ready.rawValue && pods[pod].wished <= moment
    } + podNeeds.count(since: moment)
  }
}
