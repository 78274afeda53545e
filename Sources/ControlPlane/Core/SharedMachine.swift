public import Measure

/// One machine for the whole of a cluster, those who put load on it included, as a control plane
/// for tests has it.
public struct SharedMachine: Hashable, Codable, Sendable {
  /// Its CPUs.
  public var cpus = 2
  /// CPU of a client for one request: making it, sending it and reading the answer.
  public var clientCPU = Nanoseconds.microseconds(150)
  /// CPU of a watcher to take in one event of a small object.
  public var watcherCPU = Nanoseconds.microseconds(60)
  /// What sending and taking in an event of a pod or node costs over one of a small object: it is
  /// encoded, encrypted and decoded byte by byte.
  public var largeEvent = 1.0
  /// CPU of the controller manager for any write: its garbage collector watches all resources.
  public var controllerCPU = Nanoseconds.microseconds(60)
  /// By how much work costs more where all CPUs are idle than where they are all busy, as a share.
  ///
  /// Whoever wakes a CPU pays for that: an interrupt, on a virtual machine the way through the
  /// hypervisor; then caches that others have used meanwhile; and a Go process starts threads one
  /// by one, which look for more work before they sleep again (runtime/proc.go, `wakep` and
  /// `findRunnable`). How often that is so, is taken to be the share of time that CPUs were idle
  /// lately. Of etcd, ``EtcdParameters/wakeUp`` says it.
  public var wakingCost = 0.0
  /// How far CPU times are from their means: sigma of a lognormal distribution, 0 for not at all.
  ///
  /// Of etcd, ``EtcdParameters/cpuSpread`` says it.
  public var cpuSpread = 0.0
  /// What is used beside all that is modelled, as a share of one CPU.
  ///
  /// By components that nothing is asked of, and by other programs; above 1 it is of several CPUs.
  public var idle = Fraction(0)

  /// Two CPUs; costs are estimates, to be measured.
  public init() {}

  /// What a cost of an event of a small object is of one of `resource`.
  func cost(_ small: Nanoseconds, ofEvent resource: Resource) -> Nanoseconds {
    switch resource {
    case .pod, .podStatus, .node, .nodeStatus:
      Nanoseconds(Int64(Double(small.count) * largeEvent))
    default: small
    }
  }
}
