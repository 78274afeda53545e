internal import Measure
internal import Simulation

/// The CPUs of the machines that etcd's members, and in a calibration their clients, run on.
///
/// Work waits for a CPU in the order in which it comes; a thread that slept may go before it, as
/// kernels and the Go scheduler's `runnext` let those that were just woken.
struct Machines: ~Copyable {
  /// CPU time that something needs.
  struct Work: BitwiseCopyable {
    static let nobody = UInt32.max

    /// What happens when it has had it.
    var event: Event
    var cost: Nanoseconds
    /// The place of the work behind it in the queue, or of the next job in its batch.
    var behind = Work.nobody
    /// The gate whose batch this is, or `nobody`.
    var gate = Work.nobody
    /// The last job of its batch.
    var lastJob = Work.nobody
  }

  struct Machine: BitwiseCopyable {
    var busy: Int32 = 0
    var waiting: Int32 = 0
    var first: UInt32 = 0
    var last: UInt32 = 0
  }

  private var machines: Table<Machine>
  private var works = Slab<Work>(capacity: 64)
  /// The batch of each gate that waits for a CPU, or `nobody`.
  private var gates: Table<UInt32>
  private let cpus: Int32
  private let wakeUp: Nanoseconds
  private let ahead: Fraction
  /// What work takes of what it costs on average, nil where always that.
  private let spread: Distribution?
  private var stream: RandomStream
  /// The machine that etcd shares with all else, where there is one; the world, which outlives
  /// this, holds it.
  private let shared: UnsafeMutablePointer<SharedCPUs>?

  init(
    _ parameters: EtcdParameters, _ stream: RandomStream,
    _ shared: UnsafeMutablePointer<SharedCPUs>?
  ) {
    self.shared = shared
    let count = parameters.placement == .oneMachine ? 1 : parameters.members
    machines = Table(repeating: Machine(), count: count)
    gates = Table(capacity: 1)
    cpus = Int32(parameters.cpus)
    wakeUp = parameters.wakeUp
    ahead = parameters.loopGoesFirst
    spread =
      parameters.cpuSpread > 0
      ? Distribution.known(
        try .lognormal(Lognormal(median: .milliseconds(1), sigma: parameters.cpuSpread))) : nil
    self.stream = stream
  }

  /// Makes so many gates.
  mutating func makeGates(_ count: Int) {
    for _ in 0..<count { gates.append(Work.nobody) }
  }

  /// The machine of a member.
  func home(of member: Int) -> Int { machines.count == 1 ? 0 : member }

  /// Whether a thread that wakes on a machine goes on at once.
  func isReady(_ machine: Int) -> Bool { wakeUp == .zero && machines[machine].busy < cpus }

  /// Lets `event` happen when a CPU has been spent on it for `cost`; its handler calls ``leave``.
  ///
  /// `wakes` where it first has to wake a thread, `mayGoFirst` where it is a loop's.
  mutating func spend(
    _ cost: Nanoseconds, then event: Event, on machine: Int, wakes: Bool = false,
    mayGoFirst: Bool = false, _ loop: inout Loop
  ) {
    let cost = drawn(cost)
    guard machines[machine].busy == cpus else {
      machines[machine].busy += 1
      return begin(event, wakes && isAsleep ? wakeUp + cost : cost, &loop)
    }
    let goesFirst = mayGoFirst && ahead.value > 0 && stream.unit() < ahead.value
    enqueue(works.insert(Work(event: event, cost: cost)), on: machine, first: goesFirst)
  }

  /// The same for a job at a gate of machine 0, which lets all that waits through together.
  ///
  /// What comes until a CPU begins is one batch, whose `fixed` cost is spent once; then
  /// `Port.batch` happens, with the batch's first job.
  mutating func spend(
    _ cost: Nanoseconds, and fixed: Nanoseconds, then event: Event, at gate: Int,
    _ loop: inout Loop
  ) {
    let job = works.insert(Work(event: event, cost: cost))
    let batch = gates[gate]
    if batch != Work.nobody {
      works[works[batch].lastJob].behind = job
      works[batch].lastJob = job
      works[batch].cost = works[batch].cost + drawn(cost)
      return
    }
    let begun = Event(component: .load, what: Port.batch, index: job)
    let whole = drawn(fixed + cost)
    guard machines[0].busy == cpus else {
      machines[0].busy += 1
      return begin(begun, wakeUp + whole, &loop)
    }
    gates[gate] = works.insert(
      Work(event: begun, cost: whole, gate: UInt32(gate), lastJob: job))
    enqueue(gates[gate], on: 0, first: false)
  }

  /// Takes the next event of a batch that has had its CPU, and where it goes on; nil at its end.
  mutating func takeJob(_ place: UInt32) -> (event: Event, next: UInt32)? {
    guard place != Work.nobody else { return nil }
    let job = works.remove(place)
    return (job.event, job.behind)
  }

  private mutating func drawn(_ cost: Nanoseconds) -> Nanoseconds {
    guard let spread, cost > .zero else { return cost }
    let factor = Double(spread.draw(&stream).count) / spread.mean
    return Nanoseconds(Int64(Double(cost.count) * factor))
  }

  private mutating func enqueue(_ place: UInt32, on machine: Int, first: Bool) {
    if machines[machine].waiting == 0 {
      machines[machine].first = place
      machines[machine].last = place
    } else if first {
      works[place].behind = machines[machine].first
      machines[machine].first = place
    } else {
      works[machines[machine].last].behind = place
      machines[machine].last = place
    }
    machines[machine].waiting += 1
  }

  /// Something has had its CPU; what waits longest gets it.
  mutating func leave(_ machine: Int, _ loop: inout Loop) {
    guard machines[machine].waiting > 0 else {
      machines[machine].busy -= 1
      return
    }
    let work = works.remove(machines[machine].first)
    machines[machine].first = work.behind
    machines[machine].waiting -= 1
    if work.gate != Work.nobody { gates[Int(work.gate)] = Work.nobody }
    begin(work.event, work.cost, &loop)
  }

  /// Whether who is woken finds a CPU idle; one that others keep busy takes no time to wake.
  private var isAsleep: Bool { shared?.pointee.hasIdleCPU ?? true }

  /// A CPU is there; how fast it goes, a machine that others use too decides.
  private func begin(_ event: Event, _ cost: Nanoseconds, _ loop: inout Loop) {
    guard let shared else { return loop.schedule(event, after: cost) }
    shared.pointee.run(event, cost, &loop)
  }
}
