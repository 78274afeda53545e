internal import Measure
internal import Simulation

/// A component's lease, renewed by whoever leads (client-go, tools/leaderelection).
///
/// The replicas of a component are one here: the leader renews every `retryPeriod` and gives up
/// after `renewDeadline` without success; then whoever asks first once `leaseDuration` is over,
/// leads. Each attempt reads the lease and then writes it (`tryAcquireOrRenew`).
struct LeaderElection: ~Copyable {
  /// What an answer or a tick means for its component.
  enum Turn { case none, leads, lost }

  private let component: Component
  private let what: UInt8
  private let client: UInt32
  private let parameters: ControllerParameters
  private var stream: RandomStream
  /// When the lease was last renewed, as its candidates have seen it.
  private var renewed = Nanoseconds.zero
  private(set) var isLeader = true
  private var isRunning = true
  private var epoch: UInt16 = 0

  /// `what` is the component's event that must come back as `tick`.
  init(_ component: Component, _ identity: Identity, tick what: UInt8, _ world: inout World) {
    self.component = component
    self.what = what
    parameters = world.model.controllers
    client = world.add(
      Client(owner: component, identity: identity), rate: parameters.qps,
      burst: parameters.burst)
    stream = world.stream(.controller, of: UInt32(component.rawValue))
  }

  /// Whether the answer to `request` is for it.
  func owns(_ request: Request) -> Bool { request.client == client }

  /// Begins somewhere in the period, as a leader that has led for long.
  mutating func begin(_ loop: inout Loop) {
    guard parameters.electsLeaders else { return }
    let phase = stream.below(UInt64(parameters.retryPeriod.count))
    schedule(after: Nanoseconds(Int64(phase)), &loop)
  }

  private func schedule(after pause: Nanoseconds, _ loop: inout Loop) {
    loop.schedule(Event(component: component, what: what, lane: epoch), after: pause)
  }

  /// The process ends.
  mutating func stop() {
    isRunning = false
    isLeader = false
    epoch &+= 1
  }

  /// The process runs again; without elections it leads at once.
  mutating func start(_ loop: inout Loop) -> Turn {
    isRunning = true
    epoch &+= 1
    guard parameters.electsLeaders else {
      isLeader = true
      return .leads
    }
    schedule(after: .zero, &loop)
    return .none
  }

  mutating func tick(_ event: Event, _ world: inout World, _ loop: inout Loop) -> Turn {
    guard isRunning, event.lane == epoch else { return .none }
    if isLeader, loop.now - renewed > parameters.renewDeadline {
      isLeader = false
      schedule(after: parameters.retryPeriod, &loop)
      return .lost
    }
    var pause = parameters.retryPeriod.count
    if !isLeader { pause += Int64(stream.below(UInt64(pause + pause / 5))) }
    schedule(after: Nanoseconds(pause), &loop)
    send(.get, &world, &loop)
    return .none
  }

  private func send(_ verb: Verb, _ world: inout World, _ loop: inout Loop) {
    var request = Request(verb, .leaderLease, client: client)
    if verb == .get { request.argument = Request.fromEtcd }
    request.bytes = UInt32(Resource.leaderLease.objectBytes)
    request.tag = epoch
    world.submit(request, in: &loop)
  }

  mutating func answered(
    _ request: Request, _ world: inout World, _ loop: inout Loop
  ) -> Turn {
    guard isRunning, request.tag == epoch, request.outcome == .ok else { return .none }
    if request.verb == .get {
      if isLeader || loop.now - renewed >= parameters.leaseDuration {
        send(.update, &world, &loop)
      }
      return .none
    }
    renewed = loop.now
    guard !isLeader else { return .none }
    isLeader = true
    return .leads
  }
}
