/// The horizontal pod autoscaler and the cluster autoscaler.
public struct AutoscalingParameters: Hashable, Codable, Sendable {
  /// Without either.
  public init() {}
}
