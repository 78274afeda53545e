internal import Measure
internal import Simulation

/// The garbage collector: what has lost its owner is looked up once more, then deleted
/// (pkg/controller/garbagecollector, `attemptToDeleteItem`).
///
/// The one look at the owner itself, whose absence is remembered, is left out.
struct GarbageCollector: ~Copyable {
  /// Marks a replica set among the items; the others are pods.
  private static let replicaSet: UInt32 = 1 << 31

  let client: UInt32
  private let workers: Int
  private var busy = 0
  private var waiting = Ring<UInt32>(capacity: 64)
  /// Failures in a row of all items; they come back after 5 ms times two to that power.
  private var failures = 0

  init(_ world: inout World) {
    client = world.addController()
    workers = world.model.controllers.collectorWorkers
  }

  mutating func reset() {
    busy = 0
    failures = 0
    while waiting.count > 0 { _ = waiting.removeFirst() }
  }

  /// How many items wait for a worker.
  var depth: Int { waiting.count }

  mutating func add(replicaSet set: UInt32) { waiting.append(set | Self.replicaSet) }

  /// Adds a pod, or an item that comes back.
  mutating func add(_ item: UInt32) { waiting.append(item) }

  mutating func work(
    _ cache: borrowing ControllerCache, _ world: inout World, _ loop: inout Loop
  ) {
    while busy < workers, waiting.count > 0 {
      let item = waiting.removeFirst()
      guard !isGone(item, cache) else { continue }
      busy += 1
      submit(item, .get, cache, &world, &loop)
    }
  }

  /// Whether its deletion was seen meanwhile.
  private func isGone(_ item: UInt32, _ cache: borrowing ControllerCache) -> Bool {
    guard item & Self.replicaSet == 0 else {
      return !cache.replicaSets[Int(item & ~Self.replicaSet)].object.isThere
    }
    let phase = cache.pods[Int(item)].phase
    return phase == .gone || phase == .deleting
  }

  private func submit(
    _ item: UInt32, _ verb: Verb, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let object = item & ~Self.replicaSet
    let isSet = item & Self.replicaSet != 0
    var request = Request(verb, isSet ? .replicaSet : .pod, client: client, object: object)
    if !isSet { request.serial = cache.pods[Int(object)].serial }
    world.submit(request, in: &loop)
  }

  mutating func answered(
    _ request: Request, _ cache: borrowing ControllerCache, _ world: inout World,
    _ loop: inout Loop
  ) {
    let item = request.object | (request.resource == .replicaSet ? Self.replicaSet : 0)
    if request.verb == .get, request.outcome == .ok, !isGone(item, cache) {
      return submit(item, .delete, cache, &world, &loop)
    }
    busy -= 1
    if request.outcome == .ok || request.outcome == .notFound {
      failures = 0
    } else {
      let pause = Nanoseconds(Nanoseconds.milliseconds(5).count << Int64(min(failures, 17)))
      failures += 1
      Controllers.requeue(.garbageCollector, item, after: pause, &loop)
    }
    work(cache, &world, &loop)
  }
}
