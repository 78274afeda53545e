/// What runs beside workloads in every cluster and asks its API servers and nodes.
public struct AddOnParameters: Hashable, Codable, Sendable {
  /// None of them.
  public init() {}
}
