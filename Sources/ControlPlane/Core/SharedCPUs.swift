internal import Measure
internal import Simulation

/// The CPUs of the one machine that all processes run on, where the model has one.
///
/// The kernel gives them to the threads that want them evenly (processor sharing); how many threads
/// a process has, its own `Processors` say. Where each has a machine of its own, work takes as long
/// as it is.
struct SharedCPUs: ~Copyable {
  let parameters: SharedMachine?
  private let wakingCost: Double
  /// What work takes of what it costs on average, nil where always that.
  private let spread: Distribution?
  private var stream: RandomStream
  /// The share of the CPUs that was used lately, since when, and jobs that stand for no work.
  private var used = 0.0
  private var noted = Nanoseconds.zero
  private var idleJobs = 0
  private var station: SharedStation
  private var jobs: Slab<Event>
  private var timer = Timer.none
  fileprivate enum Kind {
    static let departure: UInt8 = 0
    /// Work of components that nothing is asked of.
    static let idle: UInt8 = 1
    static let nothing: UInt8 = 2
  }
  private static let idlePeriod = Nanoseconds.milliseconds(100)

  init(_ parameters: SharedMachine?, _ stream: RandomStream) {
    self.parameters = parameters
    self.stream = stream
    spread =
      (parameters?.cpuSpread ?? 0) > 0
      ? Distribution.known(
        try .lognormal(
          Lognormal(median: .milliseconds(1), sigma: parameters?.cpuSpread ?? 0))) : nil
    wakingCost = parameters?.wakingCost ?? 0
    station = SharedStation(servers: max(1, parameters?.cpus ?? 1))
    jobs = Slab(capacity: parameters == nil ? 0 : 16)
  }

  /// Whether a CPU has nothing to do.
  var hasIdleCPU: Bool { station.inside.count < station.servers }

  /// Lets `event` happen when so much `work` is done; `wakes` where it costs more the longer CPUs
  /// were idle.
  mutating func run(
    _ event: Event, _ work: Nanoseconds, wakes: Bool = false, _ loop: inout Loop
  ) {
    guard parameters != nil else { return loop.schedule(event, after: work) }
    note(at: loop.now)
    let work = wakes ? Nanoseconds(Int64(Double(work.count) * factor())) : work
    if event.isNothing { idleJobs += 1 }
    station.arrive(jobs.insert(event), work: work, at: loop.now)
    rearm(&loop)
  }

  private mutating func factor() -> Double {
    let waking = 1 + wakingCost * (1 - used)
    guard let spread else { return waking }
    return waking * Double(spread.draw(&stream).count) / spread.mean
  }

  /// Keeps the share of the CPUs that work has used lately, without what nobody waits for.
  private mutating func note(at now: Nanoseconds) {
    let span = Double((now - noted).count)
    let inside = station.inside.count
    let busy = Double(min(inside, station.servers)) / Double(station.servers)
    let share = inside > 0 ? busy * Double(inside - idleJobs) / Double(inside) : 0
    used += (share - used) * span / (span + Self.memory)
    noted = now
  }

  /// How long what a CPU did is felt, ns: of the order of a turn of the kernel's scheduler for each
  /// of a few threads.
  private static let memory = 20e6

  /// Some work is done, or the next of the idle components' is due.
  mutating func handle(_ event: Event, _ loop: inout Loop) {
    if event.what == Port.start || event.what == Kind.idle { return idle(&loop) }
    guard event.what == Kind.departure else { return }
    timer = .none
    note(at: loop.now)
    while let job = station.leave(at: loop.now) {
      let event = jobs.remove(job)
      if event.isNothing { idleJobs -= 1 }
      loop.schedule(now: event)
    }
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

extension Event {
  fileprivate var isNothing: Bool { component == .machine && what == SharedCPUs.Kind.nothing }
}
