internal import Measure
internal import Simulation

/// The API servers: who is let in, the cost of requests, etcd, the answer.
struct APIServers: ~Copyable {
  private let standing = Standing()
  /// Kinds of events of its own; `lane` is the server.
  enum Kind {
    /// Request `index` is decoded and admitted: it goes to etcd or to the watch cache.
    static let served: UInt8 = 0
    /// The seats that `index`, a ticket of flow control, stands for are free.
    static let released: UInt8 = 1
    /// The oldest request in queue `index` of flow control may have waited too long.
    static let waitLimit: UInt8 = 2
    /// Levels lend and borrow seats.
    static let adjustLimits: UInt8 = 3
    /// The server runs again.
    static let started: UInt8 = 4
    /// Request `index`, a piece of a fan-out, is sent.
    static let sent: UInt8 = 5
    /// So many informers as `index` says are to be told of a change; the high byte of `lane` is
    /// the resource.
    static let tell: UInt8 = 6
    /// Request `index`, which stands for work that nobody waits for, is done.
    static let worked: UInt8 = 7
  }

  private let parameters: APIServerParameters
  var servers: Table<Server>
  private(set) var flowControl: FlowControl

  // Not private: the compiler (6.3.1) loses the metadata of a private type that `Cluster` destroys.
  struct Server: BitwiseCopyable {
    var processors: Processors
    var mutating: Int32 = 0
    var reading: Int32 = 0
    /// CPU time before its last restart.
    var spentBefore = Nanoseconds.zero
    /// Requests that the in-flight limits refused.
    var refused: UInt64 = 0
    /// Bytes of lists that are being made, and the most there were.
    var listing: Int64 = 0
    var mostListing: Int64 = 0
    /// When its network link has sent all that it was given.
    var linkFree = Nanoseconds.zero
    /// Bytes sent to watchers.
    var watchBytes: Int64 = 0
  }

  init(_ world: inout World) {
    parameters = world.model.apiServer
    servers = Table(capacity: parameters.servers)
    flowControl = FlowControl(
      parameters.flowControl, seats: parameters.maxInflight + parameters.maxMutatingInflight,
      servers: parameters.servers)
    for number in 0..<parameters.servers {
      servers.append(
        Server(processors: Processors(.apiServer, lane: number, cpus: parameters.cpus)))
    }
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    let server = Int(event.lane & 0xFF)
    switch event.what {
    case Port.start: start(&loop)
    case Port.arrive: arrive(event.index, at: server, &world, &loop)
    case Kind.served: served(event.index, &world, &loop)
    case Port.stored: stored(event.index, &world, &loop)
    case Port.fanOut: fanOut(event, &world, &loop)
    case Kind.sent: sent(event.index, &world, &loop)
    case Kind.tell: tell(Int(event.index), event.lane >> 8, from: server, &world, &loop)
    case Kind.worked: worked(event.index, &world, &loop)
    case Port.cancel: cancel(event.index, &world, &loop)
    case Kind.released: released(event, &world, &loop)
    case Kind.waitLimit: waitLimit(Int(event.index), &world, &loop)
    case Kind.adjustLimits: adjustLimits(of: server, &world, &loop)
    case Kind.started: started(server, &world, &loop)
    default: break
    }
  }

  private func start(_ loop: inout Loop) {
    guard parameters.flowControl.isEnabled, parameters.flowControl.borrows else { return }
    for server in servers.indices { scheduleAdjustment(of: server, &loop) }
  }

  private func scheduleAdjustment(of server: Int, _ loop: inout Loop) {
    loop.schedule(
      Event(component: .apiServer, what: Kind.adjustLimits, lane: UInt16(server)),
      after: parameters.flowControl.borrowingPeriod)
  }

  // MARK: Admission

  private mutating func arrive(
    _ place: UInt32, at server: Int, _ world: inout World, _ loop: inout Loop
  ) {
    guard !world.requests[place].isOrphan else {
      world.requests.remove(place)
      return
    }
    world.requests[place].arrived = loop.now
    guard world.connections.isUp(server) else {
      return refuse(place, .unavailable, &world, &loop)
    }
    world.requests[place].isAtServer = true
    world.requests[place].epoch = world.connections.epoch(of: server)
    guard parameters.flowControl.isEnabled else {
      return admitByInflight(place, at: server, &world, &loop)
    }
    let request = world.requests[place]
    let client = world.clients[Int(request.client)]
    let schema = FlowSchema.matching(request, from: client.identity)
    let level = flowControl.level(schema.level, of: server)
    flowControl.parameters.estimate(
      place, widest: flowControl.levels[level].widest, &world)
    let hash = schema.hash(request, from: client, in: world)
    let admission = flowControl.admit(place, to: level, hash: hash, &world.requests, at: loop.now)
    refuseLate(&world, &loop)
    switch admission {
    case .runs: run(place, &world, &loop)
    case .refused: refuse(place, .tooManyRequests, &world, &loop)
    case .waits:
      runWaiting(of: level, &world, &loop)
      if world.requests[place].phase == FlowControl.waiting {
        armWaitLimit(of: flowControl.queue(of: world.requests[place]), world, &loop)
      }
    }
  }

  /// The limits of servers without flow control (filters/maxinflight.go); watches do not count.
  private mutating func admitByInflight(
    _ place: UInt32, at server: Int, _ world: inout World, _ loop: inout Loop
  ) {
    world.requests[place].dispatched = loop.now
    let verb = world.requests[place].verb
    guard verb != .watch else { return run(place, &world, &loop) }
    let inflight = verb.isMutating ? servers[server].mutating : servers[server].reading
    let limit = verb.isMutating ? parameters.maxMutatingInflight : parameters.maxInflight
    guard Int(inflight) < limit else {
      servers[server].refused += 1
      return refuse(place, .tooManyRequests, &world, &loop)
    }
    countInflight(verb, 1, at: server)
    run(place, &world, &loop)
  }

  private mutating func countInflight(_ verb: Verb, _ sign: Int32, at server: Int) {
    guard verb != .watch else { return }
    if verb.isMutating { servers[server].mutating += sign } else { servers[server].reading += sign }
  }

  /// Lets run whoever a free seat is for.
  private mutating func runWaiting(
    of level: Int, _ world: inout World, _ loop: inout Loop
  ) {
    while let place = flowControl.dispatch(level, &world.requests, at: loop.now) {
      run(place, &world, &loop)
    }
  }

  private mutating func refuse(
    _ place: UInt32, _ outcome: Outcome, _ world: inout World, _ loop: inout Loop
  ) {
    world.requests[place].isAtServer = false
    world.requests[place].outcome = outcome
    world.requests[place].answered = loop.now
    Clients.answer(place, world, &loop)
  }

  // MARK: The wait limit

  private mutating func armWaitLimit(
    of queue: Int, _ world: borrowing World, _ loop: inout Loop
  ) {
    guard let deadline = flowControl.deadline(ofQueue: queue, world.requests) else { return }
    guard flowControl.armTimer(of: queue, true) else { return }
    loop.schedule(
      Event(component: .apiServer, what: Kind.waitLimit, index: UInt32(queue)),
      after: max(.zero, deadline - loop.now))
  }

  private mutating func waitLimit(
    _ queue: Int, _ world: inout World, _ loop: inout Loop
  ) {
    _ = flowControl.armTimer(of: queue, false)
    flowControl.expire(queue, &world.requests, at: loop.now)
    refuseLate(&world, &loop)
    armWaitLimit(of: queue, world, &loop)
  }

  private mutating func refuseLate(_ world: inout World, _ loop: inout Loop) {
    while let place = flowControl.takeLate(world.requests) {
      refuse(place, .tooManyRequests, &world, &loop)
    }
  }

  private mutating func adjustLimits(
    of server: Int, _ world: inout World, _ loop: inout Loop
  ) {
    scheduleAdjustment(of: server, &loop)
    guard world.connections.isUp(server) else { return }
    flowControl.adjustLimits(of: server, at: loop.now)
    for level in flowControl.levels(of: server) { runWaiting(of: level, &world, &loop) }
  }

  // MARK: Service

  private mutating func run(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    world.requests[place].revision = max(world.requests[place].revision, revision(place, world))
    if world.requests[place].isFromEtcd {
      world.requests[place].proposed = loop.now
      return loop.schedule(now: Event(component: .etcd, what: Port.read, lane: 1, index: place))
    }
    spend(place, &world, &loop)
  }

  /// What a list shows is what is committed when it is begun; a watch brings its own revision.
  private func revision(_ place: UInt32, _ world: borrowing World) -> UInt64 {
    world.requests[place].verb == .watch ? 0 : world.revision
  }

  private mutating func spend(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let server = Int(world.requests[place].server)
    world.requests[place].rest = parameters.cost(of: world.requests[place])
    noteList(place, 1, world)
    takeTurn(place, at: server, &world, &loop)
  }

  /// A request has a CPU for one turn at a time, so that long lists let others through.
  private mutating func takeTurn(
    _ place: UInt32, at server: Int, _ world: inout World, _ loop: inout Loop
  ) {
    let turn = min(world.requests[place].rest, parameters.turn)
    world.requests[place].rest = world.requests[place].rest - turn
    servers[server].processors.spend(turn, on: place, then: Kind.served, &world, &loop)
  }

  /// A list keeps several times its size in memory while it is made.
  private mutating func noteList(_ place: UInt32, _ sign: Int64, _ world: borrowing World) {
    guard world.requests[place].verb == .list else { return }
    let server = Int(world.requests[place].server)
    servers[server].listing += sign * Int64(world.requests[place].bytes)
    servers[server].mostListing = max(servers[server].mostListing, servers[server].listing)
  }

  private mutating func served(
    _ place: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    let server = Int(world.requests[place].server)
    guard world.requests[place].epoch == world.connections.epoch(of: server) else {
      world.requests.remove(place)
      return
    }
    guard world.requests[place].rest == .zero else {
      takeTurn(place, at: server, &world, &loop)
      return servers[server].processors.leave(&world, &loop)
    }
    servers[server].processors.leave(&world, &loop)
    guard world.requests[place].verb.isMutating else {
      noteList(place, -1, world)
      let request = world.requests[place]
      let isGone =
        request.verb == .watch
        && world.watchCaches.isGone(request.revision, of: request.resource, at: server)
      world.requests[place].outcome = isGone ? .gone : .ok
      return finish(place, &world, &loop)
    }
    world.requests[place].proposed = loop.now
    loop.schedule(now: Event(component: .etcd, what: Port.propose, index: place))
  }

  private mutating func stored(
    _ place: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    let isWrite = world.requests[place].verb.isMutating
    if isWrite, world.requests[place].outcome == .ok { world.commit(place, in: &loop) }
    let server = Int(world.requests[place].server)
    guard world.requests[place].epoch == world.connections.epoch(of: server) else {
      world.requests.remove(place)
      return
    }
    if isWrite || world.requests[place].outcome != .ok {
      finish(place, &world, &loop)
    } else {
      spend(place, &world, &loop)
    }
  }

  private mutating func finish(
    _ place: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    let server = Int(world.requests[place].server)
    if parameters.flowControl.isEnabled {
      let (linger, ticket) = flowControl.finish(place, world.requests, at: loop.now)
      if linger > .zero {
        loop.schedule(
          Event(
            component: .apiServer, what: Kind.released,
            lane: UInt16(server) | UInt16(world.requests[place].epoch) << 8, index: ticket),
          after: linger)
      }
    } else {
      countInflight(world.requests[place].verb, -1, at: server)
    }
    let level = flowControl.level(of: world.requests[place])
    if parameters.overhead.value > 0 {
      let cost = Double(parameters.cost(of: world.requests[place]).count)
      work(Nanoseconds(Int64(cost * parameters.overhead.value)), at: server, &world, &loop)
    }
    if world.model.machine != nil, world.requests[place].verb.isMutating {
      loop.schedule(
        now: Event(
          component: .client, what: Clients.takeIn, lane: UInt16(Clients.controllerManager),
          index: 1))
    }
    world.requests[place].isAtServer = false
    world.requests[place].answered = loop.now
    if world.requests[place].isOrphan {
      world.requests.remove(place)
    } else {
      Clients.answer(place, world, &loop)
    }
    if parameters.flowControl.isEnabled { runWaiting(of: level, &world, &loop) }
  }

  /// The seats of a request that has ended are free, unless the server has been restarted since.
  private mutating func released(
    _ event: Event, _ world: inout World, _ loop: inout Loop
  ) {
    let server = Int(event.lane & 0xFF)
    guard world.connections.epoch(of: server) == UInt8(event.lane >> 8) else { return }
    let level = flowControl.release(event.index, at: loop.now)
    runWaiting(of: level, &world, &loop)
  }

  /// The client of a request has gone: it leaves its queue; what runs already, runs on.
  private mutating func cancel(
    _ place: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    guard world.requests[place].isOrphan, world.requests[place].isAtServer,
      world.requests[place].phase == FlowControl.waiting, parameters.flowControl.isEnabled
    else { return }
    let level = flowControl.level(of: world.requests[place])
    flowControl.cancel(place, &world.requests, at: loop.now)
    world.requests[place].isAtServer = false
    world.requests.remove(place)
    runWaiting(of: level, &world, &loop)
  }

  // MARK: Restart

  /// Ends a server's process; it runs again `pause` later, its watch caches filled anew.
  ///
  /// Clients lose their connections at once and go to servers that run, where they stay. Writes
  /// that etcd has already are done, though no one is told.
  mutating func restart(
    _ server: Int, after pause: Nanoseconds, _ world: inout World, _ loop: inout Loop
  ) {
    guard world.connections.isUp(server) else { return }
    world.connections.stop(server)
    if let delay = parameters.listenDelay {
      world.connections.announce(server, listens: loop.now + delay, serves: loop.now + pause)
    }
    while let place = servers[server].processors.takeWaiting(from: world.requests) {
      lose(place, &world, &loop)
    }
    for place in 0..<UInt32(world.requests.peak)
    where world.requests[place].isAtServer && Int(world.requests[place].server) == server {
      if world.requests[place].phase == FlowControl.waiting {
        lose(place, &world, &loop)
      } else if !world.requests[place].isOrphan {
        lose(world.abandon(place), &world, &loop)
      }
    }
    servers[server].spentBefore =
      servers[server].spentBefore + servers[server].processors.spent
    servers[server].processors = Processors(.apiServer, lane: server, cpus: parameters.cpus)
    servers[server].mutating = 0
    servers[server].reading = 0
    flowControl.reset(server, at: loop.now)
    world.reconnectClients(of: server)
    loop.schedule(
      now: Event(component: .watch, what: Watches.serverLost, lane: UInt16(server)))
    loop.schedule(
      Event(component: .apiServer, what: Kind.started, lane: UInt16(server)), after: pause)
  }

  /// Tells the client of a request that its connection is lost.
  private func lose(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    world.requests[place].isAtServer = false
    guard !world.requests[place].isOrphan else {
      world.requests.remove(place)
      return
    }
    loop.cancel(world.requests[place].timer)
    world.requests[place].outcome = .unavailable
    world.requests[place].answered = loop.now
    Clients.answer(place, world, &loop)
  }

  /// Whether an event lets a server serve again.
  static func mayStart(_ event: Event) -> Bool { event.what == Kind.started }

  private func started(_ server: Int, _ world: inout World, _ loop: inout Loop) {
    world.connections.start(server)
    loop.schedule(
      now: Event(component: .watch, what: Watches.serverStarted, lane: UInt16(server)))
  }
}
