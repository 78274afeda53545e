public import Measure

/// Servers before which jobs wait in the order of their arrival.
///
/// Stations schedule nothing. The model tells a station what happens, then asks which jobs start,
/// until none does:
///
///     case .arrival(let job): cpu.arrive(job, at: simulator.now); serve(in: &simulator)
///     case .served(let job): cpu.leave(at: simulator.now); serve(in: &simulator); ...
///
///     mutating func serve(in simulator: inout Simulator<Event>) {
///       while let job = cpu.start(at: simulator.now) {
///         simulator.schedule(.served(job), after: work.draw(&stream))
///       }
///     }
///
/// The same three verbs, `arrive`, `start` and `leave`, serve every kind of station. A job is a
/// number of the model's own. All are O(1).
public struct FIFOStation: ~Copyable {
  private var queue: Ring<Waiter>
  /// How many jobs can be served at once; fewer than are served now lets those finish.
  public var servers: Int {
    didSet { precondition(servers >= 0, "a station cannot have \(servers) servers") }
  }
  /// How many jobs can be inside at once, waiting or served; further ones are refused.
  public var room: Int
  /// Who waits.
  public private(set) var waiting = Population()
  /// Who is served.
  public private(set) var serving = Population()
  /// How many jobs were refused for want of room.
  public private(set) var refused: UInt64 = 0
  /// The waits of all who have started, ns.
  private var waits: Int128 = 0

  /// Makes an idle station.
  public init(servers: Int, room: Int = .max) {
    precondition(servers >= 0, "a station cannot have \(servers) servers")
    self.servers = servers
    self.room = room
    queue = Ring(capacity: 16)
  }

  /// Lets `job` come; false if there is no room, and it does not.
  @discardableResult
  public mutating func arrive(_ job: UInt32, at now: Nanoseconds) -> Bool {
    guard waiting.count + serving.count < room else {
      refused += 1
      return false
    }
    waiting.enter(at: now)
    queue.append(Waiter(job: job, arrived: now.count))
    return true
  }

  /// Lets the next job start, if a server is free and one waits.
  public mutating func start(at now: Nanoseconds) -> UInt32? {
    guard serving.count < servers, queue.count > 0 else { return nil }
    let waiter = queue.removeFirst()
    waits += Int128(now.count - waiter.arrived)
    waiting.leave(at: now)
    serving.enter(at: now)
    return waiter.job
  }

  /// Lets a job that has been served leave.
  public mutating func leave(at now: Nanoseconds) { serving.leave(at: now) }

  /// How long those who have started waited on average, ns.
  public var meanWait: Double { waiting.left > 0 ? Double(waits) / Double(waiting.left) : 0 }

  /// Holds the station's books against each other: conservation of jobs, and Little's law.
  ///
  /// For the end of a run. Throws `StationFault` that names `place`. O(jobs waiting).
  public func audit(_ place: String, at now: Nanoseconds) throws(StationFault) {
    try waiting.audit("\(place), waiting", at: now)
    try serving.audit("\(place), served", at: now)
    var sum = waits
    for index in 0..<queue.count { sum += Int128(now.count - queue[index].arrived) }
    try StationFault.require(place, sum, waiting, at: now)
    try StationFault.require(place, stoppedWaiting: waiting.left, started: serving.entered)
  }
}
