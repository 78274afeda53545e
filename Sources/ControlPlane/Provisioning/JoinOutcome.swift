public import Measure
internal import Simulation

/// What became of the machines that were to join a cluster.
public struct JoinOutcome: Hashable, Sendable {
  /// Machines that were begun together.
  public struct Step: Hashable, Sendable {
    /// When it began, counted from the start of the simulation.
    public var began: Nanoseconds
    /// When the last of its machines was ready or given up; nil if that was not before the end.
    public var ended: Nanoseconds?
    /// How many machines it had, how many of them became ready nodes, how many were given up.
    public var machines: Int
    /// Those that became ready nodes.
    public var ready: Int
    /// Those that were given up.
    public var failed: Int
  }

  /// Machines that were wanted.
  public var wanted = 0
  /// Those that became ready nodes.
  public var ready = 0
  /// Those that were given up, ``withoutNetwork`` included.
  public var givenUp = 0
  /// Those for which no VLAN or overlay network was left.
  public var withoutNetwork = 0
  /// Attempts that failed, whether or not others followed.
  public var failedAttempts = 0
  /// The steps, in order.
  public var steps: [Step] = []
  /// From the wish for a machine until it answers ping.
  public var createToPing = LatencyDistribution()
  /// From the wish for a machine until its node is ready.
  public var createToReady = LatencyDistribution()
  /// From a machine's boot until its node is ready.
  public var bootToReady = LatencyDistribution()
  /// When the first node was ready, and when the last, counted from the start of the simulation.
  public var firstReady: Nanoseconds?
  /// When the last node was ready.
  public var lastReady: Nanoseconds?
  /// The part of all machines' time that each phase took, largest first, by its name.
  public var phases: [PhaseShare] = []
  /// What machines waited for most on the way to ready nodes; nil if nothing much.
  public var bottleneck: Bottleneck?
  /// Bytes that the image server was asked for.
  public var imageBytes = ByteCount.zero
  /// From a pod's need of a container image until its node has it.
  public var imagePull = LatencyDistribution()
  /// Bytes of container images that nodes asked the registry for.
  public var pulledBytes = ByteCount.zero

  /// The part that a phase took of all machines' time, waiting for others within it included.
  public struct PhaseShare: Hashable, Sendable {
    /// Which phase.
    public var phase: ProvisioningPhase
    /// Its part of the time of all machines together.
    public var share: Fraction
    /// The time of all machines together.
    public var time: Nanoseconds
  }

  init(_ cluster: borrowing Cluster, at now: Nanoseconds) {
    self = cluster.provisioning.outcome
    bottleneck = cluster.provisioning.bottleneck(at: now)
    addNodes(cluster.world.observations)
    pulledBytes = ByteCount(cluster.kubelets.pulls.link.bytes)
  }

  init() {}

  private mutating func addNodes(_ observations: borrowing Observations) {
    bootToReady = observations.nodeJoin.snapshot()
    imagePull = observations.imagePull.snapshot()
    guard bootToReady.count > 0 else { return }
    firstReady = observations.firstReady
    lastReady = observations.lastReady
  }
}

extension Provisioning {
  /// What became of its machines, without what their nodes went through.
  var outcome: JoinOutcome {
    var outcome = JoinOutcome()
    outcome.wanted = counters.wanted
    outcome.givenUp = counters.givenUp
    outcome.withoutNetwork = counters.withoutNetwork
    outcome.failedAttempts = counters.failedAttempts
    outcome.createToPing = createToPing.snapshot()
    outcome.createToReady = createToReady.snapshot()
    outcome.ready = Int(createToReady.count)
    outcome.imageBytes = imageBytes
    outcome.steps = steps.indices.map { Self.described(steps[$0]) }
    outcome.phases = phaseShares
    return outcome
  }

  private static func described(_ step: Step) -> JoinOutcome.Step {
    JoinOutcome.Step(
      began: step.began, ended: step.open == 0 ? step.ended : nil,
      machines: Int(step.machines), ready: Int(step.ready), failed: Int(step.failed))
  }

  private var phaseShares: [JoinOutcome.PhaseShare] {
    let all = spent.indices.reduce(0) { $0 + spent[$1] }
    var shares: [JoinOutcome.PhaseShare] = []
    for phase in ProvisioningPhase.allCases where spent[Int(phase.rawValue)] > 0 {
      let time = spent[Int(phase.rawValue)]
      shares.append(
        JoinOutcome.PhaseShare(
          phase: phase, share: Fraction(Double(time) / Double(all)), time: Nanoseconds(time)))
    }
    return shares.sorted { $0.time > $1.time }
  }
}
