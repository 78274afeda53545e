internal import Measure
internal import Simulation

/// The CPUs that one server can use at once, given to requests first come first served.
struct Processors: BitwiseCopyable {
  /// Whose CPUs they are; their events go there.
  let component: Component
  let lane: UInt16
  let cpus: Int32
  private(set) var busy: Int32 = 0
  private var queue = RequestQueue()
  /// CPU time handed out, of all CPUs together.
  private(set) var spent = Nanoseconds.zero

  init(_ component: Component, lane: Int, cpus: Int) {
    self.component = component
    self.lane = UInt16(lane)
    self.cpus = Int32(cpus)
  }

  /// How many requests wait.
  var waiting: Int { Int(queue.count) }

  /// Spends `cost` on request `place` when a CPU is free; then `what` happens to it.
  mutating func spend(
    _ cost: Nanoseconds, on place: UInt32, then what: UInt8, _ world: inout World,
    _ loop: inout Loop
  ) {
    spent = spent + cost
    world.requests[place].phase = what
    world.requests[place].cost = cost
    guard busy < cpus else { return queue.append(place, in: &world.requests) }
    begin(place, &world, &loop)
  }

  /// A request has had its CPU; whoever waits longest gets it.
  mutating func leave(_ world: inout World, _ loop: inout Loop) {
    busy -= 1
    guard queue.count > 0 else { return }
    begin(queue.removeFirst(from: world.requests), &world, &loop)
  }

  /// Takes a request that waits for a CPU away from it; nil if none does.
  mutating func takeWaiting(from requests: borrowing Slab<Request>) -> UInt32? {
    queue.count > 0 ? queue.removeFirst(from: requests) : nil
  }

  private mutating func begin(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    busy += 1
    let event = Event(
      component: component, what: world.requests[place].phase, lane: lane, index: place)
    world.machine.run(event, world.requests[place].cost, wakes: true, &loop)
  }
}
