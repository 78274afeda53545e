public import Measure

/// API Priority and Fairness of an API server: priority levels and how requests wait for them.
public struct FlowControlParameters: Hashable, Codable, Sendable {
  /// `--enable-priority-and-fairness`; without it the two in-flight limits hold.
  public var isEnabled = true
  /// The release whose rules of queueing hold.
  ///
  /// 1.22 joins the queue with the fewest waiting seats and foresees G for each request; since 1.23
  /// it is the least work, from another place in the hand each time, and a queue does not gain
  /// credit while its requests are not there.
  public var rules: KubernetesProfile
  /// The priority levels; requests of a level that is not here go to catch-all.
  public var levels: [PriorityLevel]
  /// How long a request is taken to be served until it has been: G of the queue set.
  ///
  /// 60 s up to about 1.22, 3 ms since (`estimatedServiceDuration` of fairqueuing/queueset).
  public var estimatedServiceTime: Nanoseconds
  /// How long a request may wait in a queue: a quarter of `--request-timeout` 60 s.
  ///
  /// 1.22 passes `RequestTimeout / 4` to the controller; since 1.28 it is a quarter of the time to
  /// the request's own deadline, 15 s for those that have none (filters/priority-and-fairness.go).
  public var waitLimit = Nanoseconds.seconds(15)
  /// Whether requests leave their queue as soon as the limit is over.
  ///
  /// In 1.22 those that are late are looked for only when another comes to the same queue
  /// (`removeTimedOutRequestsFromQueueLocked`), and leave at `requestTimeout` otherwise.
  public var isWaitLimitPrompt: Bool
  /// `--request-timeout` (default 60 s).
  public var requestTimeout = Nanoseconds.seconds(60)
  /// What a refused client is told to wait: `retryAfter` of filters/maxinflight.go, 1 s.
  public var retryAfter = Nanoseconds.seconds(1)
  /// Whether levels lend and borrow seats every `borrowingPeriod` (since 1.26, KEP-1040).
  public var borrows: Bool
  /// `borrowingAdjustmentPeriod` of apf_controller.go.
  public var borrowingPeriod = Nanoseconds.seconds(10)
  /// Whether lists and writes with many watchers take more than one seat (since 1.23).
  public var hasWidths: Bool
  /// `objectsPerSeat` of flowcontrol/request/config.go: objects of a list for each of its seats.
  public var objectsPerSeat = 100
  /// `watchesPerSeat` of the same: watchers of a change for each of its final seats.
  public var watchesPerSeat = 10
  /// `maximumSeats` of the same; levels with few seats allow fewer.
  public var maximumSeats = 10
  /// `eventAdditionalDuration` of the same: how long a write keeps its final seats.
  public var eventDuration = Nanoseconds.milliseconds(5)

  /// The defaults of a release.
  public init(_ profile: KubernetesProfile = .v1_22) {
    let isModern = profile == .modern
    rules = profile
    levels = PriorityLevel.suggested(profile)
    estimatedServiceTime = isModern ? .milliseconds(3) : .seconds(60)
    isWaitLimitPrompt = isModern
    borrows = isModern
    hasWidths = isModern
  }

  /// What is wrong with them, for people; nil if nothing is.
  var fault: String? {
    if !levels.contains(where: { $0.name == .catchAll }) {
      return "the priority level catch-all is missing; the others' requests may need it"
    }
    if Set(levels.map(\.name)).count < levels.count { return "a priority level stands twice" }
    if objectsPerSeat < 1 || watchesPerSeat < 1 || maximumSeats < 1 {
      return "objects and watches for each seat, and the most seats, must be at least 1"
    }
    if estimatedServiceTime <= .zero || waitLimit <= .zero || borrowingPeriod <= .zero {
      return "the estimated service time, the wait limit and the borrowing period must be above 0"
    }
    return levels.lazy.compactMap(\.fault).first
  }
}

/// A priority level: a share of the server's seats, and queues before it.
public struct PriorityLevel: Hashable, Codable, Sendable {
  /// The levels that the suggested configuration has.
  public enum Name: String, Hashable, Codable, CaseIterable, Sendable {
    /// Without limit: cluster administrators.
    case exempt
    /// What nodes ask for besides their health.
    case system
    /// Leases and status of nodes.
    case nodeHigh = "node-high"
    /// Leases of controllers.
    case leaderElection = "leader-election"
    /// Built-in controllers and the scheduler.
    case workloadHigh = "workload-high"
    /// Other service accounts.
    case workloadLow = "workload-low"
    /// All other users.
    case globalDefault = "global-default"
    /// What nothing else matched.
    case catchAll = "catch-all"
  }

  /// Its name.
  public var name: Name
  /// `assuredConcurrencyShares`, since 1.26 `nominalConcurrencyShares`.
  public var shares: Int
  /// `lendablePercent`: how much of its seats others may borrow.
  public var lendable = Fraction.percent(0)
  /// How many queues it has; 0 refuses whoever finds no seat.
  public var queues: Int
  /// How many queues a flow may use.
  public var handSize: Int
  /// How many requests a queue takes.
  public var queueLength: Int

  /// A level with all that it says.
  public init(
    _ name: Name, shares: Int, lendable: Fraction = .percent(0), queues: Int = 0,
    handSize: Int = 0, queueLength: Int = 50
  ) {
    self.name = name
    self.shares = shares
    self.lendable = lendable
    self.queues = queues
    self.handSize = handSize
    self.queueLength = queueLength
  }

  /// What is wrong with it, for people; nil if nothing is.
  ///
  /// A hand takes at most 60 bits of a hash (`NewDealer`): log2(queues) for each of its cards.
  var fault: String? {
    if shares < 0 || shares > 1_000_000 { return "\(name.rawValue) cannot have \(shares) shares" }
    if !(0...10_000).contains(queues) { return "\(name.rawValue) cannot have \(queues) queues" }
    guard queues > 1 else { return nil }
    var hands: UInt64 = 1
    for _ in 0..<max(0, handSize) {
      let (product, overflows) = hands.multipliedReportingOverflow(by: UInt64(queues))
      guard !overflows, product <= 1 << 60 else {
        return "\(name.rawValue) deals too many cards of too many queues"
      }
      hands = product
    }
    if handSize < 1 || handSize > queues || queueLength < 1 {
      return "\(name.rawValue) needs a hand of 1 to \(queues) queues, and room in each"
    }
    return nil
  }

  /// The suggested configuration of a release (apis/flowcontrol/bootstrap/default.go).
  ///
  /// Shares, queues and hands are the same in 1.22 (with node-high, PR 101151) and since; what may
  /// be lent is of KEP-1040.
  public static func suggested(_ profile: KubernetesProfile) -> [PriorityLevel] {
    let modern = profile == .modern
    func lent(_ percent: Int) -> Fraction { .percent(Double(modern ? percent : 0)) }
    return [
      PriorityLevel(.exempt, shares: 0),
      PriorityLevel(.system, shares: 30, lendable: lent(33), queues: 64, handSize: 6),
      PriorityLevel(.nodeHigh, shares: 40, lendable: lent(25), queues: 64, handSize: 6),
      PriorityLevel(.leaderElection, shares: 10, queues: 16, handSize: 4),
      PriorityLevel(.workloadHigh, shares: 40, lendable: lent(50), queues: 128, handSize: 6),
      PriorityLevel(.workloadLow, shares: 100, lendable: lent(90), queues: 128, handSize: 6),
      PriorityLevel(.globalDefault, shares: 20, lendable: lent(50), queues: 128, handSize: 6),
      PriorityLevel(.catchAll, shares: 5),
    ]
  }
}
