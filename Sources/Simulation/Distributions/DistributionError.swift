/// Which parameter of a distribution is impossible, why, and what would do.
public struct DistributionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The sentence for the user.
  public let description: String

  init(_ description: String) { self.description = description }
}
