internal import Measure
internal import Simulation

/// The replica-set controller (pkg/controller/replicaset/replica_set.go).
struct ReplicaSetController: ~Copyable {
  /// What it has asked for but not seen is waited for so long (`ExpectationsTimeout`).
  private static let expectationsTimeout = Nanoseconds.seconds(300)

  let client: UInt32
  var queue: WorkQueue
  var recorder: EventRecorder
  private let burst: Int32
  private var states = Table<State>(capacity: 64)
  private var ranked = PodRanking()

  /// What it expects to see of a replica set, and the sync that is under way.
  struct State: BitwiseCopyable {
    var creations: Int32 = 0
    var deletions: Int32 = 0
    var expectedSince = Nanoseconds.zero
    var start = SlowStart()
    /// Deletions that are asked for and not answered.
    var ending: Int32 = 0
    var hasFailed = false
  }

  init(_ world: inout World) {
    let parameters = world.model.controllers
    client = world.addController()
    queue = WorkQueue(workers: parameters.replicaSetWorkers)
    recorder = EventRecorder(client: client)
    burst = Int32(clamping: parameters.replicaSetBurst)
  }

  mutating func reset() {
    queue.reset()
    recorder.reset()
    for set in states.indices { states[set] = State() }
  }

  private mutating func reserve(_ set: Int) {
    while states.count <= set { states.append(State()) }
  }

  // MARK: What it sees

  mutating func sawCreation(in set: UInt32) {
    reserve(Int(set))
    states[Int(set)].creations -= 1
    queue.add(set)
  }

  mutating func sawEnd(of view: ControllerCache.PodView) {
    reserve(Int(view.replicaSet))
    if view.isExpectedGone { states[Int(view.replicaSet)].deletions -= 1 }
    queue.add(view.replicaSet)
  }

  // MARK: Sync

  mutating func work(
    _ cache: inout ControllerCache, _ world: inout World, _ loop: inout Loop
  ) {
    while let set = queue.take() {
      reserve(Int(set))
      sync(set, &cache, &world, &loop)
    }
  }

  private mutating func sync(
    _ set: UInt32, _ cache: inout ControllerCache, _ world: inout World, _ loop: inout Loop
  ) {
    let view = cache.replicaSets[Int(set)]
    guard view.object.isThere else {
      states[Int(set)] = State()
      return finish(set, &loop)
    }
    states[Int(set)].hasFailed = false
    guard isSatisfied(states[Int(set)], at: loop.now) else {
      return writeStatus(set, cache, &world, &loop)
    }
    let missing = view.object.desired - view.active
    if missing > 0 {
      let wanted = min(missing, burst)
      expect(creations: wanted, deletions: 0, of: set, at: loop.now)
      states[Int(set)].start = SlowStart(wanted)
      create(set, cache, &world, &loop)
    } else if missing < 0 {
      end(min(-missing, burst), of: set, &cache, &world, &loop)
    } else {
      writeStatus(set, cache, &world, &loop)
    }
  }

  private func isSatisfied(_ state: State, at now: Nanoseconds) -> Bool {
    (state.creations <= 0 && state.deletions <= 0)
      || now - state.expectedSince > Self.expectationsTimeout
  }

  private mutating func expect(
    creations: Int32, deletions: Int32, of set: UInt32, at now: Nanoseconds
  ) {
    states[Int(set)].creations = creations
    states[Int(set)].deletions = deletions
    states[Int(set)].expectedSince = now
  }

  /// The next batch of creations.
  private mutating func create(
    _ set: UInt32, _ cache: borrowing ControllerCache, _ world: inout World, _ loop: inout Loop
  ) {
    let workload = Int(cache.replicaSets[Int(set)].object.workload)
    for _ in 0..<states[Int(set)].start.nextBatch() {
      let wished = world.podNeeds.ask(of: set) ?? loop.now
      var pod = world.pod(of: workload, wished: wished)
      pod.replicaSet = set
      world.submitCreation(of: pod, by: client, set: set, &loop)
    }
  }

  private mutating func end(
    _ count: Int32, of set: UInt32, _ cache: inout ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    expect(creations: 0, deletions: count, of: set, at: loop.now)
    states[Int(set)].ending = count
    ranked.rank(set, cache, world)
    for _ in 0..<count {
      let pod = ranked.removeFirst()
      cache.expectEnd(of: pod, true)
      var request = Request(.delete, .pod, client: client, object: pod)
      request.serial = cache.pods[Int(pod)].serial
      request.detail = set
      world.submit(request, in: &loop)
    }
  }

  // MARK: Answers

  mutating func answered(
    _ request: Request, _ cache: inout ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    switch (request.resource, request.verb) {
    case (.event, _): recorder.answered(&world, &loop)
    case (.pod, .create): created(request, cache, &world, &loop)
    case (.pod, _): ended(request, &cache, &world, &loop)
    default: wroteStatus(request, &cache, world, &loop)
    }
  }

  private mutating func created(
    _ request: Request, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let set = request.detail
    if request.outcome == .ok {
      recorder.record(set, &world, &loop)
    } else {
      world.forget(request.object)
      states[Int(set)].creations -= 1
      states[Int(set)].hasFailed = true
    }
    guard states[Int(set)].start.answered(request.outcome == .ok) else { return }
    if states[Int(set)].start.isOver {
      states[Int(set)].creations -= states[Int(set)].start.remaining
      writeStatus(set, cache, &world, &loop)
    } else {
      create(set, cache, &world, &loop)
    }
  }

  private mutating func ended(
    _ request: Request, _ cache: inout ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let set = request.detail
    let view = cache.pods[Int(request.object)]
    if request.outcome == .ok {
      recorder.record(set, &world, &loop)
    } else if view.serial == request.serial, view.isExpectedGone {
      cache.expectEnd(of: request.object, false)
      states[Int(set)].deletions -= 1
      if request.outcome != .notFound { states[Int(set)].hasFailed = true }
    }
    states[Int(set)].ending -= 1
    if states[Int(set)].ending == 0 { writeStatus(set, cache, &world, &loop) }
  }

  // MARK: Status

  private mutating func writeStatus(
    _ set: UInt32, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let view = cache.replicaSets[Int(set)]
    guard view.object.replicas != view.active || view.object.ready != view.ready else {
      return finish(set, &loop)
    }
    var request = Request(.update, .replicaSetStatus, client: client, object: set)
    request.argument = UInt32(view.active)
    request.detail = UInt32(view.ready)
    request.bytes = UInt32(Resource.replicaSetStatus.objectBytes)
    world.submit(request, in: &loop)
  }

  private mutating func wroteStatus(
    _ request: Request, _ cache: inout ControllerCache, _ world: borrowing World,
    _ loop: inout Loop
  ) {
    if request.outcome == .ok {
      cache.take(replicaSet: Int(request.object), world)
    } else {
      states[Int(request.object)].hasFailed = true
    }
    finish(request.object, &loop)
  }

  private mutating func finish(_ set: UInt32, _ loop: inout Loop) {
    queue.finish(set)
    guard states[Int(set)].hasFailed else { return queue.forget(set) }
    Controllers.requeue(.replicaSet, set, after: queue.backOff(of: set, at: loop.now), &loop)
  }
}

/// Creations in batches of 1, 2, 4, ...: the next when all of one succeeded (`slowStartBatch`).
struct SlowStart: BitwiseCopyable {
  /// Creations that are not begun.
  private(set) var remaining: Int32 = 0
  private var batch: Int32 = 0
  private var outstanding: Int32 = 0
  private var hasFailed = false

  init(_ count: Int32 = 0) { remaining = count }

  /// Whether no batch is to come; what remains then is given up.
  var isOver: Bool { outstanding == 0 && (hasFailed || remaining == 0) }

  /// How many to begin now.
  mutating func nextBatch() -> Int32 {
    batch = min(remaining, max(1, 2 * batch))
    remaining -= batch
    outstanding = batch
    return batch
  }

  /// Takes in an answer; whether it is the last of its batch.
  mutating func answered(_ isGood: Bool) -> Bool {
    outstanding -= 1
    if !isGood { hasFailed = true }
    return outstanding == 0
  }
}
