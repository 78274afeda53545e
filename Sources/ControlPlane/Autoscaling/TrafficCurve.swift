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

  /// The multiple of the usual at `moment`, counted from the end of the warm-up.
  ///
  /// Straight lines between the usual and the peak. O(1).
  public func multiple(at moment: Nanoseconds) -> Double {
    let risen = share(moment - begin)
    let fallen = hold > .zero ? share(moment - begin - ramp - hold) : 0
    return 1 + (peak - 1) * (risen - fallen)
  }

  /// The share of a ramp that is over, `elapsed` after its begin.
  private func share(_ elapsed: Nanoseconds) -> Double {
    if elapsed < .zero { return 0 }
    return elapsed < ramp ? Double(elapsed.count) / Double(ramp.count) : 1
  }

  /// What is wrong with it, for people; nil if nothing is.
  public var fault: String? {
    if !(peak >= 0 && peak <= 1e6) { return "traffic cannot be \(peak) times the usual" }
    return begin < .zero || ramp < .zero || hold < .zero
      ? "the times of the traffic curve must not be below zero" : nil
  }
}

/// The users' requests that a deployment's pods answer.
public struct ServedTraffic: Hashable, Codable, Sendable {
  /// Requests at usual traffic, for all pods together.
  public var usual: Rate
  /// CPU time that a request takes.
  public var cpuPerRequest = Nanoseconds.microseconds(1200)
  /// Requests that a pod can answer; what is beyond is lost.
  ///
  /// 833 requests of 1.2 ms a second are one CPU.
  public var capacity = Rate(perSecond: 833)
  /// Bytes of log that a request leaves on its pod's node (an access log's line).
  public var logBytes = ByteCount(200)

  /// Traffic of `usual` requests at usual times.
  public init(usual: Rate) { self.usual = usual }

  /// What is wrong with it, for people; nil if nothing is.
  public var fault: String? {
    guard usual.perSecond >= 0, usual.perSecond <= 1e9, capacity.perSecond > 0,
      cpuPerRequest >= .zero, logBytes >= .zero
    else {
      return "traffic needs 0 to 10^9 requests a second, a capacity above 0, and no negative cost"
    }
    return nil
  }
}
