internal import Measure
internal import Simulation

/// One queue and one rate limiter for each zone, so that a lost zone is not emptied in a hurry.
///
/// `ComputeZoneState`, `handleDisruption`, `setLimiterInZone`, `ReducedQPSFunc` and
/// `RateLimitedTimedQueue` of pkg/controller/nodelifecycle.
extension NodeLifecycle {
  /// How often the queues are looked into (`scheduler.NodeEvictionPeriod`).
  static let passPeriod = Nanoseconds.milliseconds(100)

  /// How many of a zone's nodes are ready.
  enum ZoneState: UInt8 { case initial, normal, partialDisruption, fullDisruption }

  struct Zone: BitwiseCopyable {
    var state = ZoneState.initial
    private(set) var ready: Int32 = 0
    private(set) var notReady: Int32 = 0
    var first = Ward.nobody
    var last = Ward.nobody
    /// Nodes per second; the limiter lets one through at a time, none while the rate is 0.
    private(set) var rate: Rate
    private var limiter: TokenBucket

    init(rate: Rate) {
      self.rate = Rate(perSecond: 0)
      limiter = TokenBucket(rate: Rate(perSecond: 1), burst: 1)
      setRate(rate, at: .zero)
    }

    mutating func forgetCounts() { (ready, notReady) = (0, 0) }

    mutating func count(isReady: Bool) { if isReady { ready += 1 } else { notReady += 1 } }

    /// What so many nodes that are not ready make of the zone.
    func newState(_ parameters: ControllerParameters) -> ZoneState {
      if ready == 0, notReady > 0 { return .fullDisruption }
      let share = Double(notReady) / Double(max(1, ready + notReady))
      return notReady > 2 && share >= parameters.unhealthyZoneThreshold.value
        ? .partialDisruption : .normal
    }

    /// The rate that a state allows.
    func rate(in state: ZoneState, _ parameters: ControllerParameters) -> Rate {
      guard state == .partialDisruption else { return parameters.evictionRate }
      return Int(ready + notReady) > parameters.largeClusterThreshold
        ? parameters.secondaryEvictionRate : Rate(perSecond: 0)
    }

    /// Another rate is another limiter, as empty as the one before (`SwapLimiter`).
    mutating func setRate(_ rate: Rate, at now: Nanoseconds) {
      guard rate != self.rate else { return }
      let isEmpty = self.rate.perSecond > 0 && !limiter.take(at: now)
      self.rate = rate
      guard rate.perSecond > 0 else { return }
      limiter = TokenBucket(rate: rate, burst: 1)
      if isEmpty { _ = limiter.take(at: now) }
    }

    mutating func takeToken(at now: Nanoseconds) -> Bool {
      rate.perSecond > 0 && limiter.take(at: now)
    }

    var isEmpty: Bool { first == Ward.nobody }
  }

  // MARK: States

  /// Zones change their rates with their states; while all of them are away, nobody is evicted: it
  /// is more likely that the controller is cut off.
  mutating func handleDisruption(_ world: inout World, _ loop: inout Loop) {
    var areAll = true
    var wereAll = true
    for zone in zones.indices where zones[zone].ready + zones[zone].notReady > 0 {
      if zones[zone].newState(parameters) != .fullDisruption { areAll = false }
      if zones[zone].state != .fullDisruption { wereAll = false }
    }
    if areAll, wereAll { return }
    if areAll {
      for node in world.nodes.indices where world.nodes[node].isRegistered {
        release(node, &world, &loop)
      }
      for zone in zones.indices {
        zones[zone].state = .fullDisruption
        zones[zone].setRate(Rate(perSecond: 0), at: loop.now)
      }
      return
    }
    // Those who could not tell anything meanwhile have their time anew.
    if wereAll { forgiven = loop.now }
    for zone in zones.indices {
      let state = zones[zone].newState(parameters)
      guard wereAll || state != zones[zone].state else { continue }
      zones[zone].state = state
      zones[zone].setRate(zones[zone].rate(in: state, parameters), at: loop.now)
    }
  }

  // MARK: Queues

  /// A node that is not ready or unknown waits for its NoExecute taint; one that has the other
  /// condition's changes it at once.
  mutating func condemn(_ node: Int, _ world: inout World, _ loop: inout Loop) {
    if world.nodes[node].taints & Taint.noExecute != 0 {
      wards[node].stage = .tainted
      return patchNoExecute(node, &world, &loop)
    }
    if wards[node].stage == .none { enqueue(node, world) }
  }

  mutating func enqueue(_ node: Int, _ world: borrowing World) {
    wards[node].stage = .queued
    guard !wards[node].isInQueue else { return }
    wards[node].isInQueue = true
    wards[node].behind = Ward.nobody
    let zone = Int(world.nodes[node].zone)
    if zones[zone].isEmpty {
      zones[zone].first = UInt32(node)
    } else {
      wards[Int(zones[zone].last)].behind = UInt32(node)
    }
    zones[zone].last = UInt32(node)
  }

  /// A node is ready again: it leaves the queue, its NoExecute taints go.
  mutating func release(_ node: Int, _ world: inout World, _ loop: inout Loop) {
    wards[node].stage = .none
    guard world.nodes[node].taints & Taint.noExecute != 0 else { return }
    clearNoExecute(node, &world, &loop)
  }

  private func clearNoExecute(_ node: Int, _ world: inout World, _ loop: inout Loop) {
    var request = Request(.patch, .node, client: client, object: UInt32(node))
    request.argument = Taint.change(set: 0, clear: Taint.noExecute)
    request.bytes = 20_000
    world.submit(request, in: &loop)
  }

  mutating func armTaintPass(_ loop: inout Loop) {
    guard !isPassing, hasWaiting else { return }
    isPassing = true
    loop.schedule(
      Event(component: .lifecycle, what: Kind.taintPass), after: Self.passPeriod)
  }

  /// Whether a node waits that may be tainted.
  private var hasWaiting: Bool {
    zones.indices.contains { !zones[$0].isEmpty && zones[$0].rate.perSecond > 0 }
  }

  mutating func taintPass(_ world: inout World, _ loop: inout Loop) {
    isPassing = false
    for zone in zones.indices {
      while let node = next(of: zone), zones[zone].takeToken(at: loop.now) {
        zones[zone].first = wards[node].behind
        wards[node].isInQueue = false
        wards[node].stage = .tainted
        patchNoExecute(node, &world, &loop)
      }
    }
    armTaintPass(&loop)
  }

  /// Who has waited longest in a zone; those who have left meanwhile are passed over.
  private mutating func next(of zone: Int) -> Int? {
    while !zones[zone].isEmpty {
      let node = Int(zones[zone].first)
      if wards[node].stage == .queued { return node }
      wards[node].isInQueue = false
      zones[zone].first = wards[node].behind
    }
    return nil
  }
}
