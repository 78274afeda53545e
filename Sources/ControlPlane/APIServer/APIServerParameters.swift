internal import Measure

/// The API servers of a cluster.
public struct APIServerParameters: Hashable, Codable, Sendable {
  /// How many there are.
  public var servers = 3
  /// CPUs of each.
  public var cpus = 8
  /// `--max-requests-inflight` (default of kube-apiserver).
  public var maxInflight = 400
  /// `--max-mutating-requests-inflight` (default of kube-apiserver).
  public var maxMutatingInflight = 200

  /// The defaults.
  public init() {}
}
