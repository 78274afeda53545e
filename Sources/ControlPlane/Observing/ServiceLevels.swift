public import Measure
internal import Simulation

/// How an objective of Kubernetes was kept.
///
/// The indicator is the 99th percentile of a window of 5 minutes, for every pair of verb and
/// resource; the objective is that 99 % of the windows of a cluster-day keep the threshold
/// (sig-scalability, slos/slos.md).
public struct ServiceLevelOutcome: Hashable, Codable, Sendable {
  /// What latency it is of.
  public enum Indicator: String, Hashable, Codable, CaseIterable, Sendable {
    /// Requests that change one object.
    case mutating
    /// Reads of one object.
    case get
    /// Lists of a namespace or of all.
    case list
    /// Pods without image pull, of those that found a node.
    case podStartup = "pod startup"

    /// The most that the 99th percentile may be (slos/slos.md).
    public var threshold: Nanoseconds {
      switch self {
      case .mutating, .get: .seconds(1)
      case .list: .seconds(30)
      case .podStartup: .seconds(5)
      }
    }
  }

  /// Which.
  public var indicator: Indicator
  /// Windows with requests of it, over all pairs of verb and resource; the last may be shorter.
  public var windows: UInt64 = 0
  /// Those in which more than 1 % of the requests were above the threshold.
  public var badWindows: UInt64 = 0
  /// Requests, or pods.
  public var count: UInt64 = 0
  /// Those above the threshold.
  public var slow: UInt64 = 0

  /// The share of bad windows: the objective is kept if it is at most 1 %.
  public var badShare: Fraction {
    Fraction(windows == 0 ? 0 : Double(badWindows) / Double(windows))
  }
  /// Whether the objective was kept.
  public var isKept: Bool { badShare <= .percent(1) }

  init(_ indicator: Indicator) { self.indicator = indicator }
}

/// Counts, for each pair of verb and resource, how many requests of the window were too slow.
struct ServiceLevels: ~Copyable {
  static let window = Nanoseconds.seconds(300)

  struct Tally: BitwiseCopyable {
    var count: UInt32 = 0
    var slow: UInt32 = 0
  }

  /// The pairs, and pods last.
  private var tallies = Table<Tally>(repeating: Tally(), count: RequestLatencies.kinds + 1)
  private var totals: [ServiceLevelOutcome] = ServiceLevelOutcome.Indicator.allCases.map {
    ServiceLevelOutcome($0)
  }
  private var windowEnd = Nanoseconds.zero

  /// The objectives do not count metrics' own API and custom resources (slos/api_call_latency.md).
  private static func isCounted(_ resource: Resource) -> Bool {
    resource != .podMetrics && resource != .customResource
  }

  mutating func begin(at now: Nanoseconds) { windowEnd = now + Self.window }

  /// Takes in a request's latency without its wait for a seat.
  mutating func note(_ request: borrowing Request, kind: Int, sli: Int64) {
    guard Self.isCounted(request.resource) else { return }
    if request.answered >= windowEnd { close(at: request.answered) }
    let threshold: Int64 = request.verb == .list ? 30_000_000_000 : 1_000_000_000
    tallies[kind].count += 1
    if sli > threshold { tallies[kind].slow += 1 }
  }

  /// Takes in a pod that has become ready.
  mutating func notePod(_ startup: Int64, at now: Nanoseconds) {
    if now >= windowEnd { close(at: now) }
    tallies[RequestLatencies.kinds].count += 1
    if startup > ServiceLevelOutcome.Indicator.podStartup.threshold.count {
      tallies[RequestLatencies.kinds].slow += 1
    }
  }

  /// Ends the window, and begins the one that `now` is in.
  ///
  /// O(kinds), once in 5 minutes.
  private mutating func close(at now: Nanoseconds) {
    totals = outcome()
    for kind in tallies.indices { tallies[kind] = Tally() }
    while windowEnd <= now { windowEnd = windowEnd + Self.window }
  }

  /// All windows so far, the one under way included.
  func outcome() -> [ServiceLevelOutcome] {
    var totals = self.totals
    for kind in tallies.indices where tallies[kind].count > 0 {
      let indicator = Self.indicator(of: kind)
      let tally = tallies[kind]
      totals[indicator].windows += 1
      totals[indicator].count += UInt64(tally.count)
      totals[indicator].slow += UInt64(tally.slow)
      if UInt64(tally.slow) * 100 > UInt64(tally.count) { totals[indicator].badWindows += 1 }
    }
    return totals
  }

  /// The place of a kind's indicator among all.
  private static func indicator(of kind: Int) -> Int {
    guard kind < RequestLatencies.kinds else { return 3 }
    let verb = Verb(
      rawValue: UInt8(kind / Scope.allCases.count / Resource.allCases.count))
    return verb == .list ? 2 : verb == .get ? 1 : 0
  }
}
