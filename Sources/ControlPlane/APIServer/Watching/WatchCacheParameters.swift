public import Measure

/// The watch caches of an API server (apiserver's storage/cacher/watch_cache.go).
public struct WatchCacheParameters: Hashable, Codable, Sendable {
  /// Whether they grow and shrink with the changes (since 1.19).
  public var isDynamic = true
  /// Events that a cache holds at least: `defaultLowerBoundCapacity`, and
  /// `--default-watch-cache-size` where sizes are fixed.
  public var leastEvents = 100
  /// Events that a cache holds at most: `defaultUpperBoundCapacity`.
  public var mostEvents = 102_400
  /// A full cache whose oldest event is younger than this grows: `eventFreshDuration`, a minute of
  /// bookmarks and a bit.
  public var freshness = Nanoseconds.seconds(75)
  /// How often watchers are told the revision they are at: `defaultBookmarkFrequency`; 0 is never.
  public var bookmarks = Nanoseconds.seconds(60)
  /// Whether an informer whose revision is gone lists from etcd rather than from the cache.
  ///
  /// Reflectors did so (resourceVersion "") before they asked for data as new as the last seen
  /// (client-go 0.18).
  public var relistsFromEtcd = false
  /// What a reflector waits before it lists again: 800 ms, doubled up to 30 s, each with up to as
  /// much again by chance (client-go, tools/cache/reflector.go, `NewExponentialBackoffManager`).
  public var relistBackOff = Nanoseconds.milliseconds(800)
  /// The longest of these waits.
  public var longestRelistBackOff = Nanoseconds.seconds(30)

  /// The defaults.
  public init() {}

  /// What is wrong with them, for people; nil if nothing is.
  var fault: String? {
    if leastEvents < 4 { return "a watch cache holds at least 4 events, not \(leastEvents)" }
    if mostEvents < leastEvents {
      return "watch caches that hold at least \(leastEvents) events cannot hold at most "
        + "\(mostEvents)"
    }
    return relistBackOff > .zero ? nil : "the back-off before a list must be above zero"
  }

  /// Fixed sizes of `events` each, as releases before 1.19 had them.
  public static func fixed(_ events: Int) -> WatchCacheParameters {
    var parameters = WatchCacheParameters()
    parameters.isDynamic = false
    parameters.leastEvents = events
    parameters.relistsFromEtcd = true
    return parameters
  }
}
