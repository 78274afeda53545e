public import Measure

/// Something that goes wrong in a cluster at a moment, and for how long.
public struct ClusterFault: Hashable, Codable, Sendable {
  /// What goes wrong.
  public enum Kind: String, Hashable, Codable, CaseIterable, Sendable {
    /// All nodes of a rack lose power.
    case rackLost = "rack-lost"
    /// So many nodes, by chance, lose power.
    case nodesLost = "nodes-lost"
    /// All nodes of a zone reach the API servers no longer.
    case zonePartitioned = "zone-partitioned"
    /// Syncs of the write-ahead log take so many times as long, on one member or on all.
    case slowDisk = "slow-disk"
    /// etcd's leader is killed.
    case leaderKilled = "leader-killed"
    /// A member of etcd is killed.
    case memberKilled = "member-killed"
    /// A member of etcd is cut from the others.
    case memberPartitioned = "member-partitioned"
    /// An API server is killed and started again.
    case apiServerRestarted = "api-server-restarted"
    /// The controller manager is away, as while it crashes again and again.
    case controllerManagerDown = "controller-manager-down"
    /// The image server's link carries so many times less.
    case imageServerSlow = "image-server-slow"
    /// Nodes fail by themselves, each with `meanTimeBetween`, and come back after `duration`.
    case nodesFailing = "nodes-failing"
  }

  /// What goes wrong.
  public var kind: Kind
  /// When, counted from the end of the warm-up.
  public var at = Nanoseconds.zero
  /// For how long; zero is for good.
  public var duration = Nanoseconds.zero
  /// Which rack, zone, member or server; nil is by chance, or all of them where that is possible.
  public var target: Int?
  /// How many nodes.
  public var count = 1
  /// How many times as slow.
  public var factor = 10.0
  /// The mean time from one failure of a node to its next.
  public var meanTimeBetween = Nanoseconds.seconds(30 * 24 * 3600)

  /// A fault with its defaults.
  public init(_ kind: Kind) { self.kind = kind }
}
