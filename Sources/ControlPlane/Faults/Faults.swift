internal import Measure
internal import Simulation

/// What goes wrong by the load's description, and what comes back.
///
/// A fault is two events, its begin and its end; nodes that fail by themselves have one pending
/// event each. Faults overlap: what two of them have taken is back when both are over.
struct Faults: ~Copyable {
  /// Kinds of events of its own.
  enum Kind {
    /// Fault `index` of the load begins, or is over.
    static let begins: UInt8 = 0
    static let ends: UInt8 = 1
    /// Node `index` fails by itself, by fault `lane`; it has power again.
    static let nodeFails: UInt8 = 2
    static let nodeReturns: UInt8 = 3
    /// Node `index` runs its pods again, if it has not been lost since (`lane`, a count).
    static let nodeServes: UInt8 = 4
  }

  let descriptions: [ClusterFault]
  /// What by chance is chosen, by fault.
  var choices: Table<RandomStream>
  /// When each node fails next, by chance.
  var failures: Table<RandomStream>
  /// How long a node's pods take to run again once it has power.
  let restart: Distribution
  var restarts: RandomStream
  var nodes: Table<NodeState>
  /// What a fault has hit, until it is over: members, servers, zones; `nothing` else.
  var targets: Table<Int32>
  /// Nodes that faults have hit, each fault's in a row.
  var hit = Table<Hit>(capacity: 64)
  /// How many faults hold the controller manager down, and what it would have done.
  var controllerManagerDowns = 0
  var held = Ring<Event>(capacity: 256)
  private(set) var counters = Counters()

  static let nothing: Int32 = -1

  struct NodeState: BitwiseCopyable {
    /// How many faults have taken its power, and its way to the API servers.
    var withoutPower: UInt8 = 0
    var cutOff: UInt8 = 0
    /// How often its power was lost.
    var losses: UInt16 = 0
  }

  struct Hit: BitwiseCopyable {
    var fault: UInt16
    var node: UInt32
  }

  struct Counters: BitwiseCopyable {
    /// Nodes that lost their power, each time.
    var nodesLost: UInt64 = 0
    /// Faults that have begun; nodes that fail by themselves are one.
    var begun: UInt64 = 0
  }

  init(_ world: inout World) {
    descriptions = world.load.faults
    choices = Table(capacity: max(1, descriptions.count))
    targets = Table(repeating: Self.nothing, count: descriptions.count)
    for number in descriptions.indices {
      choices.append(world.stream(.fault, of: UInt32(number)))
    }
    restart = world.model.nodes.podStart.distribution
    // Streams of the faults themselves are few and come first.
    restarts = world.stream(.fault, of: 1 << 20)
    failures = Table(capacity: max(1, world.nodes.count))
    nodes = Table(repeating: NodeState(), count: world.nodes.count)
  }

  /// Room for nodes that have come since.
  mutating func grow(to count: Int) {
    while nodes.count < count { nodes.append(NodeState()) }
  }

  mutating func noteBegin() { counters.begun += 1 }
  mutating func noteLostNode() { counters.nodesLost += 1 }

  /// Whether an event is the controller manager's, which is away: it is kept for later.
  mutating func holds(_ event: Event) -> Bool {
    // The controllers of workloads end and begin by themselves.
    switch event.component {
    case .lifecycle, .certificate, .daemonSet:
      held.append(event)
      return true
    default: return false
    }
  }
}

extension Cluster {
  /// Faults reach into every component.
  mutating func handleFault(_ event: Event, _ loop: inout Loop) {
    switch event.what {
    case Port.start: scheduleFaults(&loop)
    case Faults.Kind.begins: begin(Int(event.index), &loop)
    case Faults.Kind.ends: end(Int(event.index), &loop)
    case Faults.Kind.nodeFails: nodeFails(event, &loop)
    case Faults.Kind.nodeReturns: nodeReturns(event, &loop)
    case Faults.Kind.nodeServes: nodeServes(event, &loop)
    default: break
    }
    noteAvailability(at: loop.now)
  }

  private func scheduleFaults(_ loop: inout Loop) {
    for (number, fault) in faults.descriptions.enumerated() {
      loop.schedule(
        Event(component: .fault, what: Faults.Kind.begins, index: UInt32(number)),
        after: world.load.warmUp + fault.at)
    }
  }

  private mutating func begin(_ number: Int, _ loop: inout Loop) {
    let fault = faults.descriptions[number]
    faults.noteBegin()
    if fault.duration > .zero {
      loop.schedule(
        Event(component: .fault, what: Faults.Kind.ends, index: UInt32(number)),
        after: fault.duration)
    }
    switch fault.kind {
    case .rackLost, .nodesLost, .zonePartitioned: beginOnNodes(number, fault, &loop)
    case .nodesFailing: beginFailing(number, fault, &loop)
    case .slowDisk, .leaderKilled, .memberKilled, .memberPartitioned:
      beginOnEtcd(number, fault, &loop)
    case .apiServerRestarted: restartServer(number, fault, &loop)
    case .controllerManagerDown:
      faults.controllerManagerDowns += 1
      if faults.controllerManagerDowns == 1 { controllers.stop(&world, &loop) }
    case .imageServerSlow: slowImageServer(by: fault.factor, &loop)
    }
    world.observations.tracer.noteFault(number, begins: true, at: loop.now)
  }

  private mutating func end(_ number: Int, _ loop: inout Loop) {
    let fault = faults.descriptions[number]
    switch fault.kind {
    case .rackLost, .nodesLost, .zonePartitioned: endOnNodes(number, fault, &loop)
    // Those that fail by themselves come back one by one; a server by itself.
    case .nodesFailing, .apiServerRestarted: break
    case .slowDisk, .leaderKilled, .memberKilled, .memberPartitioned:
      endOnEtcd(number, fault, &loop)
    case .controllerManagerDown:
      faults.controllerManagerDowns -= 1
      guard faults.controllerManagerDowns == 0 else { break }
      while faults.held.count > 0 { loop.schedule(now: faults.held.removeFirst()) }
      controllers.start(&world, &loop)
    case .imageServerSlow: slowImageServer(by: 1 / fault.factor, &loop)
    }
    world.observations.tracer.noteFault(number, begins: false, at: loop.now)
  }

  /// One of `count` by chance, unless the fault names one.
  mutating func choose(_ number: Int, of count: Int) -> Int {
    if let target = faults.descriptions[number].target { return min(max(target, 0), count - 1) }
    return Int(faults.choices[number].below(UInt64(max(1, count))))
  }

  private mutating func slowImageServer(by factor: Double, _ loop: inout Loop) {
    world.imageServerSlowness *= factor
    provisioning.slowImageServer(by: world.imageServerSlowness, &loop)
  }

  // MARK: API servers

  private mutating func restartServer(
    _ number: Int, _ fault: ClusterFault, _ loop: inout Loop
  ) {
    let server = choose(number, of: world.model.apiServer.servers)
    faults.targets[number] = Int32(server)
    // For good is until long after the end.
    let pause = fault.duration > .zero ? fault.duration : .seconds(1 << 32)
    apiServers.restart(server, after: pause, &world, &loop)
  }
}
