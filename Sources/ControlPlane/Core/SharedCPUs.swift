internal import Measure
internal import Simulation

/// The CPUs of the one machine that all processes run on, where the model has one.
///
/// The kernel gives them to the threads that want them evenly (processor sharing); how many threads
/// a process has, its own `Processors` say. Where each has a machine of its own, work takes as long
/// as it is.
struct SharedCPUs: ~Copyable {
  let parameters: SharedMachine?
  private let wakingFactor: Double
  private var station: SharedStation
  private var jobs: Slab<Event>
  private var timer = Timer.none
  private enum Kind {
    static let departure: UInt8 = 0
    /// Work of components that nothing is asked of.
    static let idle: UInt8 = 1
    static let nothing: UInt8 = 2
  }
  private static let idlePeriod = Nanoseconds.milliseconds(100)

  init(_ parameters: SharedMachine?) {
    self.parameters = parameters
    wakingFactor = parameters?.wakingFactor ?? 1
    station = SharedStation(servers: max(1, parameters?.cpus ?? 1))
    jobs = Slab(capacity: parameters == nil ? 0 : 16)
  }

  /// Whether a CPU has nothing to do.
  var hasIdleCPU: Bool { station.inside.count < station.servers }

  /// Lets `event` happen when so much `work` is done, or more where a CPU has to wake for it.
  mutating func wake(_ event: Event, _ work: Nanoseconds, _ loop: inout Loop) {
    guard parameters != nil else { return loop.schedule(event, after: work) }
    let factor = hasIdleCPU ? wakingFactor : 1
    run(event, Nanoseconds(Int64(Double(work.count) * factor)), &loop)
  }

  /// Lets `event` happen when so much `work` is done, on the machine that all share.
  mutating func run(_ event: Event, _ work: Nanoseconds, _ loop: inout Loop) {
    station.arrive(jobs.insert(event), work: work, at: loop.now)
    rearm(&loop)
  }

  /// Some work is done, or the next of the idle components' is due.
  mutating func handle(_ event: Event, _ loop: inout Loop) {
    if event.what == Port.start || event.what == Kind.idle { return idle(&loop) }
    guard event.what == Kind.departure else { return }
    timer = .none
    while let job = station.leave(at: loop.now) { loop.schedule(now: jobs.remove(job)) }
    rearm(&loop)
  }

  private mutating func idle(_ loop: inout Loop) {
    guard let idle = parameters?.idle.value, idle > 0 else { return }
    // A job for each CPU: one alone would never have more than one of them.
    let jobs = max(1, parameters?.cpus ?? 1)
    let work = Nanoseconds(Int64(Double(Self.idlePeriod.count) * idle / Double(jobs)))
    for _ in 0..<jobs { run(Event(component: .machine, what: Kind.nothing), work, &loop) }
    loop.schedule(Event(component: .machine, what: Kind.idle), after: Self.idlePeriod)
  }

  private mutating func rearm(_ loop: inout Loop) {
    loop.cancel(timer)
    timer = .none
    guard let rest = station.untilDeparture(at: loop.now) else { return }
    timer = loop.arm(Event(component: .machine, what: Kind.departure), after: rest)
  }
}
