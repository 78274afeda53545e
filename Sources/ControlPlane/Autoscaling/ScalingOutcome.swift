public import Measure
internal import Simulation

/// What the autoscalers did in a trial, and what users and add-ons saw of it.
public struct ScalingOutcome: Hashable, Sendable {
  /// A deployment that serves users.
  public struct Service: Hashable, Sendable {
    /// Its place in the load's deployments.
    public var deployment: Int
    /// Requests that users sent after the warm-up.
    public var offered = 0.0
    /// Requests that were answered.
    public var served = 0.0
    /// How long its ready pods were fewer than the traffic needed.
    public var underProvisioned = Nanoseconds.zero
    /// From the traffic's rise until its ready pods were enough for the peak.
    ///
    /// Nil if they never were, or if the traffic did not rise.
    public var timeToEnoughPods: Nanoseconds?
    /// The fewest ready pods.
    public var fewestReady = 0
    /// The most ready pods.
    public var mostReady = 0
    /// Pods wanted at the end.
    public var replicas = 0
    /// How often its autoscaler wanted more pods.
    public var scaleUps: UInt64 = 0
    /// How often its autoscaler wanted fewer pods.
    public var scaleDowns: UInt64 = 0

    /// The share of requests that was lost.
    public var unserved: Fraction {
      Fraction(offered > 0 ? max(0, (offered - served) / offered) : 0)
    }
  }

  /// What the cluster autoscaler did, warm-up included.
  public struct Nodes: Hashable, Sendable {
    /// Its loops.
    public var loops: UInt64 = 0
    /// The longest of them, by the model's estimate of its cost.
    public var longestLoop = Nanoseconds.zero
    /// Loops that asked for machines.
    public var scaleUps: UInt64 = 0
    /// Loops that removed nodes.
    public var scaleDowns: UInt64 = 0
    /// Machines that were asked for.
    public var asked: UInt64 = 0
    /// Machines asked for that became ready.
    public var added: UInt64 = 0
    /// Machines asked for that were not ready in time.
    public var failed: UInt64 = 0
    /// Nodes that were removed empty.
    public var removedEmpty: UInt64 = 0
    /// Nodes that were removed after their pods had been evicted.
    public var removedDrained: UInt64 = 0
    /// Nodes that could not be drained in time.
    public var failedDrains: UInt64 = 0
  }

  /// The deployments that serve users.
  public var services: [Service] = []
  /// The cluster autoscaler.
  public var nodes = Nodes()
  /// The add-ons.
  public var addOns = AddOnOutcome()

  /// The share of all users' requests that was lost.
  public var unserved: Fraction {
    let offered = services.reduce(0) { $0 + $1.offered }
    let served = services.reduce(0) { $0 + $1.served }
    return Fraction(offered > 0 ? max(0, (offered - served) / offered) : 0)
  }

  init(_ cluster: borrowing Cluster) {
    let load = cluster.world.load
    for number in cluster.autoscalers.services.all.indices {
      let state = cluster.autoscalers.services.all[number]
      var service = Service(deployment: Int(state.workload))
      service.offered = state.offered
      service.served = state.served
      service.underProvisioned = state.short
      if state.enough > .zero {
        service.timeToEnoughPods = state.enough - load.warmUp - load.traffic.begin
      }
      service.fewestReady = Int(min(state.fewest, state.most))
      service.mostReady = Int(state.most)
      service.replicas = Int(cluster.world.workloads[Int(state.workload)].desired)
      services.append(service)
    }
    for number in cluster.autoscalers.pods.scalers.indices {
      let scaler = cluster.autoscalers.pods.scalers[number]
      guard scaler.service >= 0 else { continue }
      services[Int(scaler.service)].scaleUps += scaler.ups
      services[Int(scaler.service)].scaleDowns += scaler.downs
    }
    let counters = cluster.autoscalers.nodes.counters
    nodes.loops = counters.loops
    nodes.longestLoop = counters.longest
    nodes.scaleUps = counters.ups
    nodes.scaleDowns = counters.downs
    nodes.asked = counters.asked
    nodes.added = counters.added
    nodes.failed = counters.failed
    nodes.removedEmpty = counters.removedEmpty
    nodes.removedDrained = counters.removedDrained
    nodes.failedDrains = counters.failedDrains
    addOns = AddOnOutcome(cluster.addOns, cluster.world)
  }
}
