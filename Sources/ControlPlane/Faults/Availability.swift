public import Measure
internal import Simulation

/// How often and how long something was away.
public struct Availability: Hashable, Codable, Sendable {
  /// The time in which it was looked at.
  public var measured = Nanoseconds.zero
  /// How much of that it was away.
  public var away = Nanoseconds.zero
  /// How often it went away, or was away at the start.
  public var outages: UInt64 = 0
  /// The longest time away; one that lasts at the end counts up to there.
  public var longest = Nanoseconds.zero

  /// The share of the time in which it was there; 1 if no time was measured.
  public var share: Fraction {
    Fraction(measured > .zero ? 1 - Double(away.count) / Double(measured.count) : 1)
  }
}

/// What could be done on a cluster, and when, as it truly was.
public struct AvailabilityOutcome: Hashable, Codable, Sendable {
  /// A write would have been answered: an API server runs, and etcd has a leader with a quorum and
  /// space.
  public var writes: Availability
  /// An object could be read: an API server runs (its watch cache needs no etcd).
  public var reads: Availability
  /// The workloads by their number in ``ClusterLoad/deployments``, from when each was first ready.
  public var workloads: [Workload]

  /// One workload, by its pods that were ready, are not to end, and whose machine runs them: after
  /// a power loss they are away long before the API knows, after a partition not at all.
  public struct Workload: Hashable, Codable, Sendable {
    /// As many pods as desired served.
    public var full: Availability
    /// At least one pod served.
    public var any: Availability
  }
}

/// Whether something is there, and for how long it was not.
struct OutageClock: BitwiseCopyable {
  private(set) var isUp: Bool
  /// Nothing counts before.
  private var begin: Nanoseconds
  /// When it went away.
  private var left: Nanoseconds
  private var away: Int64 = 0
  private var outages: UInt64 = 0
  private var longest: Int64 = 0

  init(isUp: Bool, at now: Nanoseconds) {
    self.isUp = isUp
    begin = now
    left = now
  }

  /// Forgets what was; what is away now is an outage from now on.
  mutating func restart(at now: Nanoseconds) { self = OutageClock(isUp: isUp, at: now) }

  mutating func set(_ isUp: Bool, at now: Nanoseconds) {
    guard isUp != self.isUp else { return }
    self.isUp = isUp
    guard isUp else {
      left = now
      return
    }
    close(at: now)
  }

  private mutating func close(at now: Nanoseconds) {
    let span = (now - left).count
    guard span > 0 else { return }
    away += span
    outages += 1
    longest = max(longest, span)
  }

  func outcome(at end: Nanoseconds) -> Availability {
    var clock = self
    if !isUp { clock.close(at: end) }
    return Availability(
      measured: end - begin, away: Nanoseconds(clock.away), outages: clock.outages,
      longest: Nanoseconds(clock.longest))
  }
}

/// Who serves, as it truly is.
struct AvailabilityBook: ~Copyable {
  /// A workload's pods that serve.
  struct Service: BitwiseCopyable {
    var serving: Int32 = 0
    /// Counted from when it was first ready.
    var hasBegun = false
    var full = OutageClock(isUp: false, at: .zero)
    var any = OutageClock(isUp: false, at: .zero)
  }

  private(set) var services = Table<Service>(capacity: 64)
  var writes = OutageClock(isUp: true, at: .zero)
  var reads = OutageClock(isUp: true, at: .zero)

  mutating func begin(at now: Nanoseconds) {
    writes.restart(at: now)
    reads.restart(at: now)
    for workload in services.indices where services[workload].hasBegun {
      services[workload].full.restart(at: now)
      services[workload].any.restart(at: now)
    }
  }

  /// So many more pods of a workload serve, of `desired`.
  mutating func change(
    _ workload: Int, by difference: Int32, desired: Int32, at now: Nanoseconds
  ) {
    while services.count <= workload { services.append(Service()) }
    services[workload].serving += difference
    let serving = services[workload].serving
    if !services[workload].hasBegun {
      guard serving >= desired, serving > 0 else { return }
      services[workload].hasBegun = true
      services[workload].full = OutageClock(isUp: true, at: now)
      services[workload].any = OutageClock(isUp: true, at: now)
    }
    // A workload that is to have no pods is never away.
    services[workload].full.set(serving >= desired, at: now)
    services[workload].any.set(serving > 0 || desired == 0, at: now)
  }

  func outcome(at end: Nanoseconds) -> AvailabilityOutcome {
    AvailabilityOutcome(
      writes: writes.outcome(at: end), reads: reads.outcome(at: end),
      workloads: services.indices.map { workload in
        guard services[workload].hasBegun else {
          return AvailabilityOutcome.Workload(full: Availability(), any: Availability())
        }
        return AvailabilityOutcome.Workload(
          full: services[workload].full.outcome(at: end),
          any: services[workload].any.outcome(at: end))
      })
  }
}

extension World {
  /// Takes note of whether a pod serves: it was ready, is not to end, and its machine runs it.
  ///
  /// Whether the machine runs is no one's to know in the cluster; here it is measured.
  mutating func noteServing(_ pod: UInt32, at now: Nanoseconds) {
    let node = pods[pod].node
    let isThere =
      pods[pod].phase == .ready
      || (pods[pod].phase == .running && observations.pods[pod].wasReady)
    let serves = isThere && node != Pod.nowhere && nodes[Int(node)].runsPods
    let difference = observations.pods.setServes(pod, serves)
    guard difference != 0 else { return }
    noteService(of: Int(pods[pod].workload), difference, at: now)
  }

  /// The pods that serve of a workload, or those that it is to have, have changed.
  mutating func noteService(of workload: Int, _ difference: Int32, at now: Nanoseconds) {
    observations.availability.change(
      workload, by: difference, desired: workloads[workload].desired, at: now)
  }

  /// Machine `node` runs its pods, or does so no longer.
  ///
  /// O(pods).
  mutating func setRunsPods(_ node: UInt32, _ runs: Bool, at now: Nanoseconds) {
    nodes[Int(node)].runsPods = runs
    for pod in 0..<UInt32(pods.peak) where pods[pod].node == node {
      noteServing(pod, at: now)
    }
  }
}

extension Cluster {
  /// Takes note of whether the API could be written and read.
  mutating func noteAvailability(at now: Nanoseconds) {
    let isReadable = world.connections.anyIsUp
    let up = etcd.members.indices.count { etcd.members[$0].isUp }
    let isWritable =
      isReadable && up >= etcd.quorum && etcd.leader != nil
      && !etcd.database.isFull(etcd.parameters.quota)
    world.observations.availability.reads.set(isReadable, at: now)
    world.observations.availability.writes.set(isWritable, at: now)
    if world.observations.tracer.isOn {
      world.observations.tracer.noteLeader(etcd.leader, etcd.counters.leaderChanges, at: now)
    }
  }
}
