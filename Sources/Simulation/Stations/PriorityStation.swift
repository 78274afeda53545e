public import Measure

/// Servers before which jobs wait in classes: the lowest class goes first, in order of arrival.
///
/// A job that is served is never interrupted. Driven like ``FIFOStation``; all are O(1) but
/// `start`, which is O(classes).
public struct PriorityStation: ~Copyable {
  /// A queue through `places`; not private for what ``SharedStation`` says.
  struct Queue: BitwiseCopyable {
    var head = UInt32.max
    var tail = UInt32.max
    var waiting = Population()
    var waits: Int128 = 0
  }
  struct Place: BitwiseCopyable {
    var waiter: Waiter
    var next = UInt32.max
  }

  private var queues: Table<Queue>
  private var places = Slab<Place>(capacity: 16)
  /// How many jobs can be served at once; fewer than are served now lets those finish.
  public var servers: Int {
    didSet { precondition(servers >= 0, "a station cannot have \(servers) servers") }
  }
  /// Who is served.
  public private(set) var serving = Population()

  /// Makes an idle station for classes 0 ..< `classes`, 0 the first to be served.
  public init(servers: Int, classes: Int) {
    precondition(servers >= 0 && classes > 0, "a station has servers, and at least one class")
    self.servers = servers
    queues = Table(repeating: Queue(), count: classes)
  }

  /// Who of `priority` waits.
  public func waiting(_ priority: Int) -> Population { queues[priority].waiting }

  /// How long those of `priority` who have started waited on average, ns.
  public func meanWait(_ priority: Int) -> Double {
    let started = queues[priority].waiting.left
    return started > 0 ? Double(queues[priority].waits) / Double(started) : 0
  }

  /// Lets `job` of class `priority` come.
  public mutating func arrive(_ job: UInt32, priority: Int, at now: Nanoseconds) {
    let place = places.insert(Place(waiter: Waiter(job: job, arrived: now.count)))
    queues[priority].waiting.enter(at: now)
    let tail = queues[priority].tail
    if tail == .max { queues[priority].head = place } else { places[tail].next = place }
    queues[priority].tail = place
  }

  /// Lets the first job of the lowest class in which one waits start, if a server is free.
  public mutating func start(at now: Nanoseconds) -> UInt32? {
    guard serving.count < servers, places.live > 0 else { return nil }
    var priority = 0
    while queues[priority].head == .max { priority += 1 }
    let place = places.remove(queues[priority].head)
    queues[priority].head = place.next
    if place.next == .max { queues[priority].tail = .max }
    queues[priority].waits += Int128(now.count - place.waiter.arrived)
    queues[priority].waiting.leave(at: now)
    serving.enter(at: now)
    return place.waiter.job
  }

  /// Lets a job that has been served leave.
  public mutating func leave(at now: Nanoseconds) { serving.leave(at: now) }

  /// Holds the station's books against each other: conservation of jobs, and Little's law.
  ///
  /// For the end of a run. Throws `StationFault` that names `place`. O(jobs waiting).
  public func audit(_ place: String, at now: Nanoseconds) throws(StationFault) {
    try serving.audit("\(place), served", at: now)
    var started: UInt64 = 0
    for priority in queues.indices {
      let queue = queues[priority]
      let name = "\(place), class \(priority)"
      try queue.waiting.audit("\(name), waiting", at: now)
      var sum = queue.waits
      var next = queue.head
      while next != .max {
        sum += Int128(now.count - places[next].waiter.arrived)
        next = places[next].next
      }
      try StationFault.require(name, sum, queue.waiting, at: now)
      started += queue.waiting.left
    }
    try StationFault.require(place, stoppedWaiting: started, started: serving.entered)
  }
}
