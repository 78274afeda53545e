public import Measure
internal import Simulation

/// What the add-ons went through in a trial.
public struct AddOnOutcome: Hashable, Sendable {
  /// Lookups that CoreDNS had after the warm-up, for names that are there or not.
  public var queries = 0.0
  /// The share of them that its caches answered.
  public var hitShare = Fraction(0)
  /// Lookups that it asked name servers outside for.
  public var upstreamQueries = 0.0
  /// Scrapes by way of the API servers, warm-up included.
  public var scrapes: UInt64 = 0
  /// Scrapes that had no answer in time.
  public var failedScrapes: UInt64 = 0
  /// An estimate of the series in Prometheus' memory at the end.
  public var series = 0
  /// Pods whose metadata Fluent Bit asked for, warm-up included.
  public var enrichments: UInt64 = 0
  /// Bytes of log after the warm-up.
  public var logBytes = ByteCount(0)
  /// The most that a pod's log took of its node's buffer between two flushes.
  public var mostBuffered = ByteCount(0)
  /// Bytes of log that had to wait in their files, for the buffer was full.
  public var delayedLogBytes = ByteCount(0)

  /// Without add-ons.
  public init() {}

  init(_ addOns: borrowing AddOns, _ world: borrowing World) {
    let counters = addOns.counters
    queries = counters.queries
    hitShare = Fraction(counters.queries > 0 ? counters.hits / counters.queries : 0)
    upstreamQueries = counters.upstream
    scrapes = counters.scrapes
    failedScrapes = counters.failedScrapes
    enrichments = counters.enrichments
    logBytes = ByteCount(Int64(counters.logBytes))
    mostBuffered = ByteCount(Int64(counters.mostBuffered))
    delayedLogBytes = ByteCount(Int64(counters.delayedLogBytes))
    guard let prometheus = world.model.addOns.prometheus else { return }
    let nodes = world.nodes.indices.count { world.nodes[$0].isRegistered }
    let pods = world.workloads.indices.reduce(0) { $0 + Int(world.workloads[$1].pods) }
    series =
      nodes * prometheus.seriesPerNode + pods * prometheus.seriesPerPod
      + world.model.apiServer.servers * prometheus.seriesPerServer
  }
}
