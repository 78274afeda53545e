internal import Measure
internal import Simulation

/// kube-scheduler: one pod at a time is filtered, scored and assumed; binding goes on beside it.
struct Scheduler: ~Copyable {
  private let standing = Standing()
  private enum Kind {
    /// The search for pod `index` has taken its time.
    static let decided: UInt8 = 0
    /// Back-offs that are over end (each second).
    static let endBackOffs: UInt8 = 1
    /// Pods that have been unschedulable for too long are tried again (every 30 s).
    static let releaseOld: UInt8 = 2
    static let elect: UInt8 = 3
  }

  private let parameters: ControllerParameters
  private let client: UInt32
  /// Events go by a client of their own.
  private let eventClient: UInt32
  private(set) var queue: SchedulingQueue
  private(set) var cache = SchedulerCache()
  private var choice: NodeChoice
  private var preemption: Preemption
  /// Pods that had to go for others.
  private(set) var preempted: UInt64 = 0
  private var election: LeaderElection
  private var isBusy = false
  /// How long it was busy with decisions.
  private(set) var busy = Nanoseconds.zero
  private var isWorking = true
  private var listsDue = 0
  private var endsBackOffs = false
  private var releasesOld = false
  /// What the search under way has found.
  private var found = NodeChoice.Result()
  /// Changes with every end of the process.
  private var epoch: UInt16 = 0

  init(_ world: inout World) {
    parameters = world.model.controllers
    let client = Client(owner: .scheduler, identity: .kubeScheduler)
    self.client = world.add(
      client, rate: parameters.schedulerQPS, burst: parameters.schedulerBurst)
    eventClient = world.add(
      client, rate: parameters.schedulerQPS, burst: parameters.schedulerBurst)
    queue = SchedulingQueue(parameters)
    choice = NodeChoice(world)
    preemption = Preemption(world)
    election = LeaderElection(.scheduler, .kubeScheduler, tick: Kind.elect, &world)
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start:
      takeAll(world)
      election.begin(&loop)
    case Port.observed: observed(event, world, &loop)
    case Port.listed: listed(world)
    case Kind.decided: decided(event, &world, &loop)
    case Kind.endBackOffs:
      endsBackOffs = false
      queue.endBackOffs(world, at: loop.now)
    case Kind.releaseOld:
      releasesOld = false
      queue.releaseOld(world, at: loop.now)
    case Kind.elect: turn(election.tick(event, &world, &loop), &world, &loop)
    case Port.reply: answered(event.index, &world, &loop)
    default: return
    }
    begin(&world, &loop)
    armTimers(&loop)
  }

  // MARK: What it sees

  private mutating func observed(_ event: Event, _ world: borrowing World, _ loop: inout Loop) {
    // What comes while its process is away, the next list brings.
    guard isWorking, let change = ChangeKind(rawValue: event.lane) else { return }
    switch change {
    case .nodeAdded, .nodeStatus, .nodeTaints, .nodeGone:
      guard cache.take(node: Int(event.index), world) else { return }
      queue.move(onto: Int(event.index), cache, world, at: loop.now)
    case .podCreated, .podBound, .podFailed, .podGone:
      if take(pod: event.index, world) {
        queue.move(Misfit.resources | Misfit.spread, world, at: loop.now)
      }
    default: break
    }
  }

  /// Takes in a pod as it is; whether one counts on a node no longer.
  private mutating func take(pod: UInt32, _ world: borrowing World) -> Bool {
    let object = world.pods[pod]
    var hasLeft = false
    if cache.isStale(pod, object.serial) {
      cache.remove(pod)
      hasLeft = true
    }
    switch object.phase {
    case .wished: break
    case .pending:
      // Another scheduler's (`responsibleForPod`).
      guard world.workloads[Int(object.workload)].isScheduled else { break }
      if !queue.knows(pod, object.serial), cache.node(of: pod, object.serial) == Pod.nowhere {
        queue.add(pod, object.serial, priority: world.priority(of: pod))
      }
    case .failed, .gone:
      queue.remove(pod)
      cache.endNomination(of: pod)
      if cache.node(of: pod, object.serial) != Pod.nowhere {
        cache.remove(pod)
        hasLeft = true
      }
    case .bound, .running, .ready, .deleting:
      queue.remove(pod)
      if object.isCounted, cache.node(of: pod, object.serial) == Pod.nowhere {
        cache.place(pod, on: object.node, world)
      }
    }
    return hasLeft
  }

  /// Takes in all objects as they are committed, as lists bring them.
  ///
  /// O(objects).
  private mutating func takeAll(_ world: borrowing World) {
    for node in world.nodes.indices { cache.take(node: node, world) }
    for pod in 0..<UInt32(world.pods.peak) { _ = take(pod: pod, world) }
  }

  // MARK: The scheduling cycle

  /// Takes the next pod; the decision comes after what it costs.
  private mutating func begin(_ world: inout World, _ loop: inout Loop) {
    guard isWorking, !isBusy, let pod = queue.next() else { return }
    isBusy = true
    if queue.entry(pod).misfits != 0 { world.observations.pods.cut(pod, .room, at: loop.now) }
    // The snapshot of nodes is of the beginning.
    found = choice.choose(for: pod, &cache, world)
    var cost = parameters.schedulingCost + parameters.filterCostPerNode * Int64(found.examined)
    if found.feasible > 1 {
      cost = cost + parameters.schedulingCostPerNode * Int64(found.feasible)
    } else if found.feasible == 0 {
      cost = cost + parameters.preemptionCostPerPod * Int64(cache.placed)
    }
    busy = busy + cost
    world.machine.run(
      Event(component: .scheduler, what: Kind.decided, lane: epoch, index: pod), cost, wakes: true,
      &loop)
  }

  private mutating func decided(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    guard event.lane == epoch else { return }
    let pod = event.index
    isBusy = false
    let entry = queue.entry(pod)
    // It was deleted, and is known to be, or bound by someone else.
    guard entry.place == .inWork, entry.serial == world.pods[pod].serial else { return }
    guard found.feasible > 0 else {
      return fitsNowhere(pod, entry, &world, &loop)
    }
    queue.remove(pod)
    cache.endNomination(of: pod)
    cache.place(pod, on: found.node, world)
    var request = Request(.create, .binding, client: client, object: pod)
    request.argument = found.node
    request.serial = entry.serial
    request.bytes = UInt32(Resource.binding.objectBytes)
    world.submit(request, in: &loop)
  }

  /// Lets pods of lower priority go for one that fits nowhere; whether there were any.
  private mutating func makeRoom(
    for pod: UInt32, _ world: inout World, _ loop: inout Loop
  ) -> Bool {
    guard parameters.preempts, let node = preemption.choose(for: pod, cache, world) else {
      return false
    }
    cache.nominate(pod, to: node, world)
    for place in preemption.victims.indices {
      let victim = preemption.victims[place]
      preempted += 1
      var request = Request(.delete, .pod, client: client, object: victim)
      request.serial = world.pods[victim].serial
      world.submit(request, in: &loop)
      tell(of: victim, .create, &world, &loop)
    }
    return true
  }

  /// The pod's condition says that it fits nowhere, when that is new.
  ///
  /// An event tells of it once, and a second time as a series (tools/events).
  private mutating func fitsNowhere(
    _ pod: UInt32, _ entry: SchedulingQueue.Entry, _ world: inout World, _ loop: inout Loop
  ) {
    queue.putBack(pod, misfits: found.misfits, at: loop.now)
    world.observations.pods.cut(pod, .scheduler, at: loop.now)
    let makesRoom = makeRoom(for: pod, &world, &loop)
    if makesRoom || entry.attempts == 1 || entry.misfits != found.misfits {
      var request = Request(.patch, .podStatus, client: client, object: pod)
      request.argument = UInt32(PodPhase.pending.rawValue)
      request.serial = entry.serial
      request.bytes = UInt32(Resource.podStatus.objectBytes)
      world.submit(request, in: &loop)
    }
    if entry.attempts <= 2 { tell(of: pod, entry.attempts == 1 ? .create : .patch, &world, &loop) }
  }

  private func tell(
    of pod: UInt32, _ verb: Verb, _ world: inout World, _ loop: inout Loop
  ) {
    var request = Request(verb, .event, client: eventClient, object: pod)
    request.bytes = UInt32(Resource.event.objectBytes)
    world.submit(request, in: &loop)
  }

  private mutating func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    guard !world.requests[place].isOrphan else {
      world.requests.remove(place)
      return
    }
    let request = world.finish(place)
    if election.owns(request) {
      turn(election.answered(request, &world, &loop), &world, &loop)
    } else if request.resource == .binding {
      bound(request, &world, &loop)
    }
  }

  /// The binding was answered; one that failed is tried again after its back-off.
  private mutating func bound(_ request: Request, _ world: inout World, _ loop: inout Loop) {
    let pod = request.object
    if request.outcome == .ok { return tell(of: pod, .create, &world, &loop) }
    guard cache.node(of: pod, request.serial) != SchedulerCache.none else { return }
    let object = world.pods[pod]
    // A binding whose answer was lost may have been done: then the pod is where it is.
    guard object.serial == request.serial, object.phase == .pending else { return }
    cache.remove(pod)
    queue.add(pod, object.serial, priority: world.priority(of: pod))
    queue.withdraw(pod, at: loop.now)
  }

  // MARK: Timers

  private mutating func armTimers(_ loop: inout Loop) {
    if queue.backingOffCount > 0, !endsBackOffs {
      endsBackOffs = true
      arm(Kind.endBackOffs, period: .seconds(1), &loop)
    }
    if queue.unschedulable > 0, !releasesOld {
      releasesOld = true
      arm(Kind.releaseOld, period: .seconds(30), &loop)
    }
  }

  /// At the next whole period, as a timer that runs all the time.
  private func arm(_ what: UInt8, period: Nanoseconds, _ loop: inout Loop) {
    let rest = period.count - loop.now.count % period.count
    loop.schedule(Event(component: .scheduler, what: what), after: Nanoseconds(rest))
  }

  // MARK: Its process

  /// The process ends.
  ///
  /// O(requests).
  mutating func stop(_ world: inout World, _ loop: inout Loop) {
    election.stop()
    halt(&world, &loop)
  }

  /// The process runs again, and works once it leads and has its lists.
  mutating func start(_ world: inout World, _ loop: inout Loop) {
    turn(election.start(&loop), &world, &loop)
  }

  private mutating func turn(
    _ turn: LeaderElection.Turn, _ world: inout World, _ loop: inout Loop
  ) {
    switch turn {
    case .none: return
    case .lost: halt(&world, &loop)
    case .leads:
      listsDue = Watches.watched(by: .scheduler)
      loop.schedule(
        now: Event(
          component: .watch, what: Watches.attach, lane: UInt16(Component.scheduler.rawValue)))
    }
  }

  private mutating func halt(_ world: inout World, _ loop: inout Loop) {
    isWorking = false
    isBusy = false
    epoch &+= 1
    queue = SchedulingQueue(parameters)
    cache = SchedulerCache()
    for place in 0..<UInt32(world.requests.peak) where !world.requests[place].isOrphan {
      let request = world.requests[place]
      guard request.client == client || request.client == eventClient else { continue }
      world.requests[place].isOrphan = true
    }
    loop.schedule(
      now: Event(
        component: .watch, what: Watches.detach, lane: UInt16(Component.scheduler.rawValue)))
  }

  private mutating func listed(_ world: borrowing World) {
    if listsDue > 0 { listsDue -= 1 }
    guard listsDue == 0, election.isLeader else { return }
    isWorking = true
    takeAll(world)
  }
}
