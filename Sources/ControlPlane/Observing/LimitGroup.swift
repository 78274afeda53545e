internal import Measure
internal import Simulation

/// Clients with a rate limit of their own, as one counts them together.
enum LimitGroup: String, CaseIterable {
  case controllerManager = "kube-controller-manager"
  case scheduler = "kube-scheduler"
  case kubelet
  case other

  init(_ client: Client) {
    switch client.identity {
    case .kubeControllerManager: self = .controllerManager
    case .kubeScheduler: self = .scheduler
    case .node: self = .kubelet
    default: self = .other
    }
  }

  /// Its place among all.
  var place: Int {
    switch self {
    case .controllerManager: 0
    case .scheduler: 1
    case .kubelet: 2
    case .other: 3
    }
  }
}

/// How a limit was used: by the busiest client of a group.
struct LimitUse {
  /// Waits of all clients of the group together.
  var waits = Nanoseconds.zero
  /// Of the client that waited longest: its waits, its rate per second, the tokens that it took.
  var longest: Int128 = 0
  var rate = 0.0
  var taken: UInt64 = 0
}

extension World {
  /// How the limits of clients were used since the warm-up, by group.
  ///
  /// The busiest client is the one that waited longest, or else took the most. O(clients).
  func limitUses() -> [LimitUse] {
    var uses = LimitGroup.allCases.map { _ in LimitUse() }
    for number in clients.indices where clients[number].limiter != Client.unlimited {
      let limiter = Int(clients[number].limiter)
      let start =
        limiter < limitStarts.count ? limitStarts[limiter] : LimitStart(taken: 0, waits: 0)
      let taken = limiters[limiter].taken - start.taken
      let waits = limiters[limiter].waits - start.waits
      guard taken > 0 else { continue }
      let group = LimitGroup(clients[number]).place
      uses[group].waits = uses[group].waits + Nanoseconds(Int64(clamping: waits))
      guard (waits, taken) > (uses[group].longest, uses[group].taken) else { continue }
      uses[group].longest = waits
      uses[group].taken = taken
      uses[group].rate = limitRates[limiter]
    }
    return uses
  }

  /// From now on limits are counted anew.
  mutating func restartLimits() {
    limitStarts.removeAll()
    for limiter in limiters.indices {
      limitStarts.append(
        LimitStart(taken: limiters[limiter].taken, waits: limiters[limiter].waits))
    }
  }
}

/// What a limit had given at the end of the warm-up.
struct LimitStart: BitwiseCopyable {
  var taken: UInt64
  var waits: Int128
}
