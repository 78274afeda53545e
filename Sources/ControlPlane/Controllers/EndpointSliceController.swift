internal import Measure
internal import Simulation

/// The endpoint-slice controller: which ready pods stand in which slice, and which slices change.
///
/// Endpoints that go leave their slice; those that come fill a slice that changes anyway, then the
/// fullest with room, then a new one (endpointslice/reconciler.go).
struct EndpointSliceController: ~Copyable {
  private static let none = UInt32.max

  let client: UInt32
  var queue: WorkQueue
  private let perSlice: Int32
  private var services = Table<Service>(capacity: 64)
  private var slices = Slab<Slice>(capacity: 64)
  /// The slice of each pod's endpoint, or `none`.
  private var sliceOfPod = Table<UInt32>(capacity: 1024)
  /// The pod that comes after each pod among those that are to be added.
  private var nextToAdd = Table<UInt32>(capacity: 1024)

  struct Service: BitwiseCopyable {
    var firstSlice = EndpointSliceController.none
    /// Pods whose endpoints are to be added.
    var firstToAdd = EndpointSliceController.none
    var hasFailed = false
  }

  struct Slice: BitwiseCopyable {
    var endpoints: Int32 = 0
    var isWritten = false
    var isChanged = false
    var next = EndpointSliceController.none
  }

  init(_ world: inout World) {
    client = world.addController()
    queue = WorkQueue(workers: world.model.controllers.endpointWorkers)
    perSlice = Int32(clamping: world.model.apiServer.endpointsPerSlice)
  }

  /// Its process has ended; which pods stand in which slices, the API knows.
  mutating func reset() { queue.reset() }

  private mutating func reserve(_ workload: Int, _ pod: UInt32) {
    while services.count <= workload { services.append(Service()) }
    while sliceOfPod.count <= Int(pod) {
      sliceOfPod.append(Self.none)
      nextToAdd.append(Self.none)
    }
  }

  // MARK: What it sees

  /// A pod is ready, or is no longer.
  mutating func saw(_ pod: UInt32, of workload: Int, isReady: Bool) {
    reserve(workload, pod)
    let slice = sliceOfPod[Int(pod)]
    if !isReady {
      if slice != Self.none {
        slices[slice].endpoints -= 1
        slices[slice].isChanged = true
        sliceOfPod[Int(pod)] = Self.none
      } else {
        withdraw(pod, from: workload)
      }
    } else if slice == Self.none {
      nextToAdd[Int(pod)] = services[workload].firstToAdd
      services[workload].firstToAdd = pod
    }
  }

  /// A pod that was to be added is not.
  private mutating func withdraw(_ pod: UInt32, from workload: Int) {
    var before = Self.none
    var current = services[workload].firstToAdd
    while current != Self.none, current != pod {
      before = current
      current = nextToAdd[Int(current)]
    }
    guard current != Self.none else { return }
    let after = nextToAdd[Int(pod)]
    if before == Self.none {
      services[workload].firstToAdd = after
    } else {
      nextToAdd[Int(before)] = after
    }
    nextToAdd[Int(pod)] = Self.none
  }

  /// What is there at the start is written already.
  mutating func adopt(_ workload: Int) {
    reserve(workload, 0)
    fill(workload)
    var slice = services[workload].firstSlice
    while slice != Self.none {
      slices[slice].isChanged = false
      slices[slice].isWritten = true
      slice = slices[slice].next
    }
  }

  // MARK: Sync

  mutating func work(
    _ cache: borrowing ControllerCache, _ world: inout World, _ loop: inout Loop
  ) {
    while let key = queue.take() {
      let workload = Int(key)
      reserve(workload, 0)
      services[workload].hasFailed = false
      fill(workload)
      write(workload, &world, &loop)
    }
  }

  /// Gives every pod that is to be added its slice.
  private mutating func fill(_ workload: Int) {
    while services[workload].firstToAdd != Self.none {
      let pod = services[workload].firstToAdd
      services[workload].firstToAdd = nextToAdd[Int(pod)]
      nextToAdd[Int(pod)] = Self.none
      let slice = sliceWithRoom(workload)
      slices[slice].endpoints += 1
      slices[slice].isChanged = true
      sliceOfPod[Int(pod)] = slice
    }
  }

  private mutating func sliceWithRoom(_ workload: Int) -> UInt32 {
    var best = Self.none
    var current = services[workload].firstSlice
    while current != Self.none {
      let slice = slices[current]
      if slice.endpoints < perSlice {
        if slice.isChanged { return current }
        if best == Self.none || slice.endpoints > slices[best].endpoints { best = current }
      }
      current = slice.next
    }
    if best != Self.none { return best }
    var slice = Slice()
    slice.next = services[workload].firstSlice
    let place = slices.insert(slice)
    services[workload].firstSlice = place
    return place
  }

  /// Writes the next slice that has changed; one that is empty goes, but for the last.
  private mutating func write(_ workload: Int, _ world: inout World, _ loop: inout Loop) {
    var before = Self.none
    var current = services[workload].firstSlice
    while current != Self.none {
      let slice = slices[current]
      let isLast = before == Self.none && slice.next == Self.none
      guard slice.isChanged else {
        before = current
        current = slice.next
        continue
      }
      var verb = Verb.update
      if slice.endpoints == 0, !isLast {
        verb = .delete
        if before == Self.none {
          services[workload].firstSlice = slice.next
        } else {
          slices[before].next = slice.next
        }
        slices.remove(current)
      } else {
        if !slice.isWritten { verb = .create }
        slices[current].isChanged = false
      }
      var request = Request(verb, .endpointSlice, client: client, object: UInt32(workload))
      request.argument = verb == .delete ? Self.none : current
      request.bytes = UInt32(Resource.endpointSlice.objectBytes)
      world.submit(request, in: &loop)
      return
    }
    finish(workload, &loop)
  }

  mutating func answered(_ request: Request, _ world: inout World, _ loop: inout Loop) {
    let workload = Int(request.object)
    if request.argument != Self.none {
      if request.outcome == .ok {
        slices[request.argument].isWritten = true
      } else {
        slices[request.argument].isChanged = true
      }
    }
    guard request.outcome == .ok else {
      services[workload].hasFailed = true
      return finish(workload, &loop)
    }
    write(workload, &world, &loop)
  }

  private mutating func finish(_ workload: Int, _ loop: inout Loop) {
    let key = UInt32(workload)
    queue.finish(key)
    guard services[workload].hasFailed else { return queue.forget(key) }
    Controllers.requeue(.endpointSlice, key, after: queue.backOff(of: key, at: loop.now), &loop)
  }
}

/// The endpoints controller: one Endpoints object for each service, written as a whole.
struct EndpointsController: ~Copyable {
  let client: UInt32
  var queue: WorkQueue

  init(_ world: inout World) {
    client = world.addController()
    queue = WorkQueue(workers: world.model.controllers.endpointWorkers)
  }

  mutating func work(_ world: inout World, _ loop: inout Loop) {
    while let workload = queue.take() {
      var request = Request(.update, .endpoints, client: client, object: workload)
      request.bytes = UInt32(Resource.endpoints.objectBytes)
      world.submit(request, in: &loop)
    }
  }

  mutating func answered(_ request: Request, _ loop: inout Loop) {
    queue.finish(request.object)
    guard request.outcome != .ok else { return queue.forget(request.object) }
    let pause = queue.backOff(of: request.object, at: loop.now)
    Controllers.requeue(.endpoints, request.object, after: pause, &loop)
  }
}
