public import Measure

/// The nodes of a cluster and their kubelets.
public struct NodeParameters: Hashable, Codable, Sendable {
  /// How many there are at the start.
  public var count = 3
  /// How often a kubelet renews its lease (`nodeLeaseDurationSeconds` 40 / 4; kubelet's defaults).
  public var leaseInterval = Nanoseconds.seconds(10)

  /// The defaults.
  public init() {}
}
