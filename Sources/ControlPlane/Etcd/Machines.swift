internal import Measure
internal import Simulation

/// The CPUs of the machines that etcd's members, and in a calibration their clients, run on.
///
/// Work waits for a CPU in the order in which it comes; a loop that is woken by what runs may go
/// before it, as the Go scheduler's `runnext` lets it. A process all of whose work is done burns
/// CPU looking for more before it sleeps, and more again when it is woken: with few clients that
/// is most of what a request costs, with many it hardly ever happens.
struct Machines: ~Copyable {
  /// Whose CPU time it is, where it is not a member's.
  enum Process {
    static let clients: UInt8 = 254
    /// The kernel's threads, and all whose end changes nothing.
    static let kernel: UInt8 = 255
  }

  /// CPU time that something needs.
  struct Work: BitwiseCopyable {
    static let nobody = UInt32.max

    /// What happens when it has had it.
    var event: Event
    var cost: Nanoseconds
    /// The place of the work behind it: in the queue for a CPU, or in its thread's.
    var behind = Work.nobody
    /// The thread that waits for its turn here, or `nobody`.
    var thread = Work.nobody
    var process: UInt8
    /// Of a client's event loop: the direction of the connection it is for, or `noSocket`.
    var socket: UInt8 = Work.noSocket

    static let noSocket: UInt8 = 255
  }

  struct Machine: BitwiseCopyable {
    var busy: Int32 = 0
    var waiting: Int32 = 0
    var first: UInt32 = 0
    var last: UInt32 = 0
  }

  /// What a process is doing.
  struct Activity: BitwiseCopyable {
    /// How much of its work has a CPU or waits for one.
    var active: Int32 = 0
    /// When it last had none, and since when it has had some.
    var idleSince = Nanoseconds(-1)
    var awakeSince = Nanoseconds.zero
  }

  private var machines: Table<Machine>
  private var works = Slab<Work>(capacity: 64)
  private var threads: Table<WorkerThread>
  /// By member.
  private var processes: Table<Activity>
  private let parameters: EtcdParameters
  private let cpus: Int32
  /// What work takes of what it costs on average, nil where always that.
  private let spread: Distribution?
  private var stream: RandomStream
  /// The machine that etcd shares with all else, where there is one; the world, which outlives
  /// this, holds it.
  private let shared: UnsafeMutablePointer<SharedCPUs>?
  /// CPU that members and clients have been given.
  private(set) var serverCPU = Nanoseconds.zero
  private(set) var clientCPU = Nanoseconds.zero

  init(
    _ parameters: EtcdParameters, _ stream: RandomStream,
    _ shared: UnsafeMutablePointer<SharedCPUs>?
  ) {
    self.shared = shared
    self.parameters = parameters
    let count = parameters.placement == .oneMachine ? 1 : parameters.members
    machines = Table(repeating: Machine(), count: count)
    threads = Table(capacity: 1)
    processes = Table(repeating: Activity(), count: parameters.members)
    cpus = Int32(parameters.cpus)
    spread =
      parameters.cpuSpread > 0
      ? Distribution.known(
        try .lognormal(Lognormal(median: .milliseconds(1), sigma: parameters.cpuSpread))) : nil
    self.stream = stream
  }

  /// The machine of a member.
  func home(of member: Int) -> Int { machines.count == 1 ? 0 : member }

  /// Whether a thread of a member that wakes goes on at once, at no cost.
  func isReady(_ member: Int) -> Bool {
    parameters.wakeUp == .zero && parameters.processWakeCPU == .zero
      && machines[home(of: member)].busy < cpus
  }

  // MARK: Processes

  /// Whether a process has nothing to do, and has had nothing for longer than this moment.
  private func sleeps(_ process: UInt8, at now: Nanoseconds) -> Bool {
    guard process < Process.clients else { return false }
    let activity = processes[Int(process)]
    return activity.active == 0 && activity.idleSince < now
  }

  /// A member has work that no CPU does: a system call too short to lose its processor for.
  mutating func hold(_ member: Int) { processes[member].active += 1 }

  /// A process takes up work; whether that wakes it.
  private mutating func takesUp(_ process: UInt8, at now: Nanoseconds) -> Bool {
    guard process < Process.clients else { return false }
    let sleeps = sleeps(process, at: now)
    if sleeps { processes[Int(process)].awakeSince = now }
    processes[Int(process)].active += 1
    return sleeps
  }

  /// Whether a loop that a goroutine wakes goes on at once.
  ///
  /// It does as long as its process has not had a CPU for longer than it may; after that, the
  /// kernel may take the CPU away in between.
  private mutating func goesFirst(_ process: UInt8, at now: Nanoseconds) -> Bool {
    let ahead = parameters.loopGoesFirst.value
    guard ahead > 0, process < Process.clients else { return false }
    if now - processes[Int(process)].awakeSince < Self.slice { return true }
    return stream.unit() < ahead
  }

  /// The end of ``hold(_:)``, or of work that has had its CPU.
  mutating func release(_ member: Int, _ loop: inout Loop) {
    processes[member].active -= 1
    guard processes[member].active == 0 else { return }
    processes[member].idleSince = loop.now
    guard parameters.restCPU > .zero else { return }
    // What this moment still brings comes first.
    loop.schedule(
      now: Event(component: .etcd, what: Etcd.Kind.rests.rawValue, lane: UInt16(member)))
  }

  /// A member that still has nothing to do burns CPU before it sleeps.
  mutating func rest(_ member: Int, _ loop: inout Loop) {
    guard processes[member].active == 0 else { return }
    serverCPU = serverCPU + parameters.restCPU
    let spent = Event(component: .etcd, what: Etcd.Kind.spent.rawValue, lane: UInt16(member))
    spend(parameters.restCPU, then: spent, on: home(of: member), of: Process.kernel, &loop)
  }

  // MARK: Work

  /// Lets `event` happen when a CPU has been spent on it for `cost`; its handler calls
  /// ``leave(_:of:_:)``.
  ///
  /// `wakes` where it first has to wake a thread, `mayGoFirst` where it is a loop's.
  mutating func spend(
    _ cost: Nanoseconds, then event: Event, on machine: Int, of process: UInt8,
    wakes: Bool = false, mayGoFirst: Bool = false, _ loop: inout Loop
  ) {
    let cost = begun(cost, of: process, loop.now)
    guard machines[machine].busy == cpus else {
      machines[machine].busy += 1
      return begin(event, wakes && isAsleep ? parameters.wakeUp + cost : cost, &loop)
    }
    let goesFirst = mayGoFirst && goesFirst(process, at: loop.now)
    let work = works.insert(Work(event: event, cost: cost, process: process))
    enqueue(work, on: machine, first: goesFirst)
  }

  /// A process takes up work: what it costs, and what waking adds.
  private mutating func begun(
    _ cost: Nanoseconds, of process: UInt8, _ now: Nanoseconds
  ) -> Nanoseconds {
    let whole = drawn(takesUp(process, at: now) ? cost + parameters.processWakeCPU : cost)
    charge(whole, process)
    return whole
  }

  private mutating func charge(_ cost: Nanoseconds, _ process: UInt8) {
    if process < Process.clients {
      serverCPU = serverCPU + cost
    } else if process == Process.clients {
      clientCPU = clientCPU + cost
    }
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
  mutating func leave(_ machine: Int, of process: UInt8, _ loop: inout Loop) {
    if process < Process.clients { release(Int(process), &loop) }
    guard machines[machine].waiting > 0 else {
      machines[machine].busy -= 1
      return
    }
    let work = works.remove(machines[machine].first)
    machines[machine].first = work.behind
    machines[machine].waiting -= 1
    if work.thread == Work.nobody { return begin(work.event, work.cost, &loop) }
    beginTurn(work.thread, extra: work.cost, &loop)
  }

  /// Whether who is woken finds a CPU idle; one that others keep busy takes no time to wake.
  private var isAsleep: Bool { shared?.pointee.hasIdleCPU ?? true }

  /// A CPU is there; how fast it goes, a machine that others use too decides.
  private func begin(_ event: Event, _ cost: Nanoseconds, _ loop: inout Loop) {
    guard let shared else { return loop.schedule(event, after: cost) }
    shared.pointee.run(event, cost, &loop)
  }
}

/// A thread, or a goroutine, that takes all that waits for it in one turn on a CPU.
struct WorkerThread: BitwiseCopyable {
  let machine: UInt16
  /// The member whose it is, or `Machines.Process.clients`.
  let process: UInt8
  /// CPU of each turn, and of each that begins from sleep.
  let turnCPU: Nanoseconds
  let wakeCPU: Nanoseconds
  /// It waits for a CPU, or has one.
  var isOn = false
  /// The jobs that wait for its turn.
  var first = Machines.Work.nobody
  var last = Machines.Work.nobody
}

extension Machines {
  /// How long a thread has a CPU before others get it, on average.
  ///
  /// A kernel that preempts on ticks only (CONFIG_HZ=250, PREEMPT_NONE) takes the CPU at the first
  /// tick at which a slice is over: 0.7 ms, twice that on two CPUs (kernel/sched/fair.c,
  /// `sysctl_sched_base_slice`). Begun anywhere between two ticks, that is 2.7 ms for 65 of 100
  /// threads and 4.7 ms for the rest.
  private static let slice = Nanoseconds.microseconds(3400)

  /// Makes a thread; gives its number.
  mutating func makeThread(
    on machine: Int, of process: UInt8, turnCPU: Nanoseconds = .zero,
    wakeCPU: Nanoseconds = .zero
  ) -> Int {
    threads.append(
      WorkerThread(
        machine: UInt16(machine), process: process, turnCPU: turnCPU, wakeCPU: wakeCPU))
    return threads.count - 1
  }

  /// Lets `event` happen when a thread has had a CPU for it; its handler does not call ``leave``.
  ///
  /// A client's loop pays `connectionCPU` once a turn for each `socket` that it serves.
  mutating func spend(
    _ cost: Nanoseconds, then event: Event, by thread: Int, socket: UInt8 = Work.noSocket,
    _ loop: inout Loop
  ) {
    let process = threads[thread].process
    let job = works.insert(Work(event: event, cost: cost, process: process, socket: socket))
    if threads[thread].first == Work.nobody {
      threads[thread].first = job
    } else {
      works[threads[thread].last].behind = job
    }
    threads[thread].last = job
    if !threads[thread].isOn { ask(thread, slept: true, &loop) }
  }

  /// A thread asks for a CPU.
  private mutating func ask(_ thread: Int, slept: Bool, _ loop: inout Loop) {
    threads[thread].isOn = true
    let (machine, process) = (Int(threads[thread].machine), threads[thread].process)
    var extra = threads[thread].turnCPU
    if slept { extra = extra + threads[thread].wakeCPU }
    if takesUp(process, at: loop.now) { extra = extra + parameters.processWakeCPU }
    guard machines[machine].busy == cpus else {
      machines[machine].busy += 1
      return beginTurn(UInt32(thread), extra: extra, wakes: true, &loop)
    }
    let turn = Event(component: .etcd, what: Etcd.Kind.turn.rawValue)
    let work = works.insert(
      Work(event: turn, cost: extra, thread: UInt32(thread), process: process))
    enqueue(work, on: machine, first: false)
  }

  /// A thread has a CPU: it takes the jobs that wait, as far as its slice goes.
  private mutating func beginTurn(
    _ number: UInt32, extra: Nanoseconds, wakes: Bool = false, _ loop: inout Loop
  ) {
    let thread = Int(number)
    let first = threads[thread].first
    var last = first
    var cost = works[first].cost + socketCPU(works[first], seen: 0)
    var seen = Self.bit(works[first].socket)
    while cost < Self.slice, works[last].behind != Work.nobody {
      last = works[last].behind
      cost = cost + works[last].cost + socketCPU(works[last], seen: seen)
      seen |= Self.bit(works[last].socket)
    }
    threads[thread].first = works[last].behind
    works[last].behind = Work.nobody
    let whole = drawn(cost + extra)
    charge(whole, threads[thread].process)
    let done = Event(
      component: .etcd, what: Etcd.Kind.turn.rawValue, lane: UInt16(thread), index: first)
    begin(done, wakes ? parameters.wakeUp + whole : whole, &loop)
  }

  private static func bit(_ socket: UInt8) -> UInt64 {
    socket == Work.noSocket ? 0 : 1 << UInt64(socket % 64)
  }

  private func socketCPU(_ work: Work, seen: UInt64) -> Nanoseconds {
    let bit = Self.bit(work.socket)
    return bit == 0 || seen & bit != 0 ? .zero : parameters.connectionCPU
  }

  /// A thread's turn is over: what it did happens, and it asks again if more has come.
  mutating func endTurn(_ thread: Int, first: UInt32, _ loop: inout Loop) {
    var place = first
    while place != Work.nobody {
      let job = works.remove(place)
      loop.schedule(now: job.event)
      place = job.behind
    }
    loop.schedule(
      now: Event(component: .etcd, what: Etcd.Kind.left.rawValue, lane: UInt16(thread)))
  }

  /// A thread leaves its CPU, unless more has come.
  mutating func leave(thread: Int, _ loop: inout Loop) {
    threads[thread].isOn = false
    if threads[thread].first != Work.nobody { ask(thread, slept: false, &loop) }
    leave(Int(threads[thread].machine), of: threads[thread].process, &loop)
  }
}
