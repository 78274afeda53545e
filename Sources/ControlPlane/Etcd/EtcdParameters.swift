public import Measure

/// An etcd cluster.
public struct EtcdParameters: Hashable, Codable, Sendable {
  /// How many voting members there are.
  public var members = 3
  /// `--heartbeat-interval` (etcd's default).
  public var heartbeatInterval = Nanoseconds.milliseconds(100)
  /// `--election-timeout` (etcd's default).
  public var electionTimeout = Nanoseconds.milliseconds(1000)

  /// The defaults of etcd.
  public init() {}
}
