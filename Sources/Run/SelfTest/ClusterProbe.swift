internal import CLinux
internal import ControlPlane
internal import Glibc
public import Measure
internal import Simulation

/// What the whole model of a cluster costs to simulate, for `scripts/bench simulation`.
public struct ClusterProbe: Sendable {
  /// How many nodes the cluster has.
  public var nodes = 1200
  /// Pods that run from the start.
  public var pods = 0
  /// Pods that are deleted and made anew.
  public var churn = Rate(perSecond: 0)
  /// How long is simulated.
  public var duration = Nanoseconds.seconds(600)
  /// How often, with different seeds.
  public var replications = 1
  /// How many of them at once.
  public var threads = 1

  /// An idle cluster of 1200 nodes for ten minutes.
  public init() {}

  /// What it took.
  public struct Figures: Encodable, Sendable {
    /// Simulated time of all replications together, ns.
    public let count: Int64
    /// Events of all replications together.
    public let events: UInt64
    /// CPU time of the process, ns.
    public let cpuNs: Int64
    /// Time that passed, ns.
    public let wallNs: Int64
    /// The most memory that the process had, bytes.
    public let peakBytes: Int
    /// The trace hashes in order of the replications.
    public let traces: [UInt64]
  }

  /// Simulates it.
  ///
  /// Throws `CancellationError` if the task is cancelled.
  public func measure() async throws -> Figures {
    var model = ClusterModel()
    model.nodes.pools = [NodeParameters.Pool(name: "general", nodes: nodes)]
    model.controllers.qps = Rate(perSecond: 100)
    model.controllers.burst = 150
    var load = ClusterLoad()
    load.warmUp = .zero
    load.duration = duration
    load.pods = pods
    load.podChurn = churn
    let (cluster, put) = (model, load)
    let (start, wall) = (cl_process_cpu_ns(), MonotonicClock.now())
    let outcomes = try await Replications(seed: 1, atOnce: threads).run(0..<replications) {
      ClusterTrial(model: cluster, load: put, seed: $0.seed).run()
    }
    let end = cl_process_cpu_ns()
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return Figures(
      count: outcomes.reduce(0) { $0 + $1.simulated.count },
      events: outcomes.reduce(0) { $0 + $1.events }, cpuNs: end - start,
      wallNs: (MonotonicClock.now() - wall).count, peakBytes: usage.ru_maxrss * 1024,
      traces: outcomes.map(\.trace))
  }
}
