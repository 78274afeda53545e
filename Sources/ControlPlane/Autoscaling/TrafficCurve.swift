public import Measure

/// The users' traffic over time, as a multiple of the usual.
public struct TrafficCurve: Hashable, Codable, Sendable {
  /// The largest multiple; 1 is the usual all the time.
  public var peak = 1.0
  /// When it begins to rise, counted from the end of the warm-up.
  public var begin = Nanoseconds.zero
  /// How long it takes to rise, and later to fall.
  public var ramp = Nanoseconds.seconds(60)
  /// How long it stays at its peak; zero is until the end.
  public var hold = Nanoseconds.zero

  /// The usual traffic all the time.
  public init() {}
}
