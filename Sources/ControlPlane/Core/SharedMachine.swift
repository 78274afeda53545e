public import Measure

/// One machine for the whole of a cluster, those who put load on it included, as a control plane
/// for tests has it.
public struct SharedMachine: Hashable, Codable, Sendable {
  /// Its CPUs.
  public var cpus = 2
  /// CPU of a client for one request: making it, sending it and reading the answer.
  public var clientCPU = Nanoseconds.microseconds(150)
  /// CPU of a watcher to take in one event.
  public var watcherCPU = Nanoseconds.microseconds(60)
  /// CPU of the controller manager for any write: its garbage collector watches all resources.
  public var controllerCPU = Nanoseconds.microseconds(60)
  /// What is used beside all that is modelled, as a share of one CPU.
  ///
  /// By components that nothing is asked of, and by other programs; above 1 it is of several CPUs.
  public var idle = Fraction(0)

  /// Two CPUs; costs are estimates, to be measured.
  public init() {}
}
