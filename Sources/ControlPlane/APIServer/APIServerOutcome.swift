public import Measure
internal import Simulation

/// What the API servers and their clients went through in a trial, warm-up included.
public struct APIServerOutcome: Hashable, Sendable {
  /// One priority level, over all servers.
  public struct Level: Hashable, Sendable {
    /// Its name.
    public var name: PriorityLevel.Name
    /// Requests that were let in (`apiserver_flowcontrol_dispatched_requests_total`).
    public var dispatched: UInt64 = 0
    /// Requests that found a full queue or no seat (`..._rejected_requests_total`).
    public var refused: UInt64 = 0
    /// Requests that waited too long, by the same metric.
    public var timedOut: UInt64 = 0
    /// Requests whose client had gone, by the same metric.
    public var cancelled: UInt64 = 0
  }

  /// The priority levels, without requests where flow control is off.
  public var levels: [Level]
  /// Requests that the plain in-flight limits refused.
  public var refusedByInflight: UInt64 = 0
  /// How often clients sent a request again.
  public var retries: UInt64
  /// How long requests waited for their own client's limiter.
  public var throttled: LatencyDistribution
  /// Watches that broke.
  public var brokenWatches: UInt64
  /// Watches that were answered 410.
  public var goneWatches: UInt64
  /// Lists of informers that begin or have lost their watch.
  public var lists: UInt64
  /// Bytes of endpoint slices that went to kube-proxies.
  public var watchBytes = ByteCount(0)
  /// From the change of a slice until a kube-proxy has it.
  public var watchLag: LatencyDistribution
  /// CPU time of all servers together.
  public var cpu = Nanoseconds.zero
  /// The most that lists took in memory of one server at once.
  public var listMemory = ByteCount(0)

  init(_ cluster: borrowing Cluster) {
    let parameters = cluster.world.model.apiServer
    retries = cluster.clients.retries
    throttled = cluster.clients.throttled.snapshot()
    brokenWatches = cluster.watches.counters.broken
    goneWatches = cluster.watches.counters.gone
    lists = cluster.watches.counters.lists
    watchLag = cluster.world.observations.watchLag.snapshot()
    levels = parameters.flowControl.levels.map { Level(name: $0.name) }
    var most: Int64 = 0
    for server in cluster.apiServers.servers.indices {
      let state = cluster.apiServers.servers[server]
      refusedByInflight += state.refused
      watchBytes = ByteCount(watchBytes.count + state.watchBytes)
      cpu = cpu + state.spentBefore + state.processors.spent
      most = max(most, state.mostListing)
      for (number, place) in cluster.apiServers.flowControl.levels(of: server).enumerated() {
        let level = cluster.apiServers.flowControl.levels[place]
        levels[number].dispatched += level.dispatched
        levels[number].refused += level.refused
        levels[number].timedOut += level.timedOut
        levels[number].cancelled += level.cancelled
      }
    }
    listMemory = ByteCount(Int64(Double(most) * parameters.listMemoryFactor))
  }
}
