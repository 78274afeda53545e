internal import Measure
internal import Simulation

/// The CPUs of the machines that etcd's members, and in a calibration their clients, run on.
///
/// Two schedulers, one above the other. A program's own (of Go: runtime/proc.go) gives its work, by
/// the rules of its queues, to as many threads as there are CPUs; a thread without work looks
/// for some for a while, then sleeps. The kernel's gives the CPUs of a machine that several
/// programs share to their threads: one that wakes and finds none idle gets one when a thread has
/// had its slice. With few clients most of what a request costs is sleeping and waking; with many
/// it hardly happens, but they wait while others have the CPUs, and come together then.
struct Machines: ~Copyable {
  private let standing = Standing()
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
    /// The place of the work behind it: in a queue of its program, or in its thread's.
    var behind = Work.nobody
    /// The thread that waits for its turn here, or `nobody`.
    var thread = Work.nobody
    /// Of a client's thread: the direction of the connection it is for, or `noSocket`.
    var socket: UInt8 = Work.noSocket

    static let noSocket: UInt8 = 255
    /// Sockets from here on are read, those before written.
    static let firstReadSocket: UInt8 = 32
  }

  /// A CPU, and what the thread that has it does.
  struct CPU: BitwiseCopyable {
    enum State: UInt8 { case idle, working, free, looking }

    var state = State.idle
    var program: UInt8 = 0
    /// When the thread got it.
    var since = Nanoseconds.zero
    /// When its work ends, negative where that is not known; when it began to look for some.
    var moment = Nanoseconds.zero
    /// Tells one look for work from the next.
    var look: UInt32 = 0
    /// Work that its threads have taken up.
    var turns: UInt32 = 0
    /// The program, the kernel apart, that had it last.
    var warm: UInt8 = 0
  }

  /// A process.
  struct Program: BitwiseCopyable {
    let machine: UInt16
    /// CPU that each of its threads needs to go on after sleep, and burns before it.
    var wakeCPU: Nanoseconds
    let restCPU: Nanoseconds
    /// Threads that may have a CPU at once.
    let most: Int32
    /// The work that waits for a thread: what they woke themselves, and what is all threads'.
    var own = MachineQueue()
    var common = MachineQueue()
    /// What has come over the network while all threads had work.
    var network = MachineQueue()
    var waiting: Int32 { own.count + common.count }
    /// Threads that have a CPU or wait for one, and those that wait.
    var awake: Int32 = 0
    var coming: Int32 = 0
  }

  /// A thread that waits for a CPU, in the queue of one of them.
  struct Waiter: BitwiseCopyable {
    var program: UInt8
    var cpu: UInt16
    var slept: Bool
    var since: Nanoseconds
  }

  private var table: Table<CPU>
  /// CPUs of each machine.
  private let cpus: Int
  /// The members, then clients, then the kernel.
  private var programs: Table<Program>
  private var works = Slab<Work>(capacity: 64)
  private var threads = Table<WorkerThread>(capacity: 1)
  private var waiters = Table<Waiter>(capacity: 16)
  /// Programs in which something has begun or ended in this moment: bits.
  private var unsettled: UInt32 = 0
  private let parameters: EtcdParameters
  /// What work takes of what it costs on average, nil where always that.
  private let spread: Distribution?
  private var stream: RandomStream
  /// The machine that etcd shares with all else, where there is one; the world, which outlives
  /// this, holds it, and its CPUs go round without this kernel.
  private let shared: UnsafeMutablePointer<SharedCPUs>?
  /// CPU that members and clients have been given.
  private(set) var serverCPU = Nanoseconds.zero
  private(set) var clientCPU = Nanoseconds.zero

  /// More CPUs than that make no difference to an etcd.
  private static let mostCPUs = 64

  init(
    _ parameters: EtcdParameters, _ stream: RandomStream,
    _ shared: UnsafeMutablePointer<SharedCPUs>?
  ) {
    self.shared = shared
    self.parameters = parameters
    self.stream = stream
    cpus = min(parameters.cpus, Self.mostCPUs)
    // Where no two programs want the same CPUs, each has as many as it has threads.
    let isContended = parameters.placement == .oneMachine && shared == nil
    let machines = isContended ? 1 : parameters.members + 2
    table = Table(repeating: CPU(), count: machines * cpus)
    programs = Table(capacity: parameters.members + 2)
    for member in 0..<parameters.members {
      programs.append(
        Program(
          machine: UInt16(isContended ? 0 : member), wakeCPU: parameters.processWakeCPU,
          restCPU: parameters.restCPU, most: Int32(cpus)))
    }
    for (place, most) in [1, cpus].enumerated() {
      let machine = UInt16(isContended ? 0 : parameters.members + place)
      programs.append(Program(machine: machine, wakeCPU: .zero, restCPU: .zero, most: Int32(most)))
    }
    spread =
      parameters.cpuSpread > 0
      ? Distribution.known(
        try .lognormal(Lognormal(median: .milliseconds(1), sigma: parameters.cpuSpread))) : nil
  }

  private func number(_ process: UInt8) -> Int {
    process < Process.clients ? Int(process) : programs.count - (process == Process.clients ? 2 : 1)
  }

  /// Whether the threads of several programs want the same CPUs.
  private var isContended: Bool { parameters.placement == .oneMachine && shared == nil }

  /// Whether work waits for a member's threads.
  func hasWaiting(_ member: Int) -> Bool { programs[member].waiting > 0 }

  /// Whether a thread of a member that wakes goes on at once, at no cost.
  func isReady(_ member: Int) -> Bool {
    parameters.wakeUp == .zero && parameters.processWakeCPU == .zero
      && programs[member].awake < programs[member].most
  }

  // MARK: Work

  /// Lets `event` happen when a CPU has been spent on it for `cost`; its handler calls
  /// ``leave(_:at:)``.
  ///
  /// `goesNext` where it is a goroutine's that has just been woken, and that goes before all that
  /// wait (runtime/proc.go, `runnext`); `isBack` where its thread was in the kernel, and its
  /// goroutine is one of all processors' now.
  mutating func spend(
    _ cost: Nanoseconds, then event: Event, of process: UInt8, goesNext: Bool = false,
    isBack: Bool = false
  ) {
    let work = works.insert(Work(event: event, cost: cost))
    let number = number(process)
    unsettled |= 1 << UInt32(number)
    if goesNext {
      programs[number].own.prepend(work, in: &works)
    } else if isBack {
      programs[number].common.append(work, in: &works)
    } else {
      programs[number].own.append(work, in: &works)
    }
  }

  /// Something has had its CPU.
  mutating func leave(_ process: UInt8, at now: Nanoseconds) {
    let number = number(process)
    unsettled |= 1 << UInt32(number)
    for cpu in range(of: number)
    where table[cpu].state == .working && Int(table[cpu].program) == number
      && (table[cpu].moment == now || table[cpu].moment < .zero)
    {
      table[cpu].state = .free
      return
    }
    preconditionFailure("who leaves a CPU has one")
  }

  private func range(of number: Int) -> Range<Int> {
    let begin = Int(programs[number].machine) * cpus
    return begin..<(begin + cpus)
  }

  // MARK: Programs

  /// The work that a processor takes up next (runtime/proc.go, `schedule`): what is all
  /// processors' at every 61st turn, and where it has none of its own.
  private mutating func next(_ number: Int, on cpu: Int) -> Work {
    table[cpu].turns &+= 1
    let isCommonFirst = table[cpu].turns % 61 == 0
    if programs[number].own.count == 0 || isCommonFirst && programs[number].common.count > 0 {
      return programs[number].common.removeFirst(from: &works)
    }
    return programs[number].own.removeFirst(from: &works)
  }

  /// What has come over the network is taken up by a program that has nothing else to do
  /// (runtime/proc.go, `findRunnable`).
  private mutating func poll(_ number: Int) {
    guard programs[number].network.count > 0, programs[number].waiting == 0 else { return }
    programs[number].own = programs[number].network
    programs[number].network = MachineQueue()
  }

  /// Gives work to threads and CPUs to threads, when all that this moment brings has been said.
  mutating func settle(_ loop: inout Loop) {
    while unsettled != 0 {
      let number = unsettled.trailingZeroBitCount
      unsettled &= unsettled - 1
      goOn(number, &loop)
      while programs[number].waiting > 0, let cpu = looking(number) {
        charge(loop.now - table[cpu].moment, number)
        begin(on: cpu, &loop)
      }
      while programs[number].waiting > programs[number].coming,
        programs[number].awake < programs[number].most
      {
        wake(number, &loop)
      }
    }
  }

  /// Threads that have just ended something go on with what waits, unless others are due.
  private mutating func goOn(_ number: Int, _ loop: inout Loop) {
    for cpu in range(of: number)
    where table[cpu].state == .free && Int(table[cpu].program) == number {
      poll(number)
      if isOver(cpu, at: loop.now) {
        makeRoom(on: cpu, &loop)
      } else if programs[number].waiting > 0 {
        begin(on: cpu, &loop)
      } else {
        rest(on: cpu, &loop)
      }
    }
  }

  private func looking(_ number: Int) -> Int? {
    range(of: number).first {
      table[$0].state == .looking && Int(table[$0].program) == number
    }
  }

  /// A thread that sleeps is woken: it runs at once where a CPU is idle.
  private mutating func wake(_ number: Int, _ loop: inout Loop) {
    programs[number].awake += 1
    if let cpu = idle(for: number) {
      table[cpu].program = UInt8(number)
      table[cpu].since = loop.now
      return begin(on: cpu, extra: programs[number].wakeCPU, wakes: true, &loop)
    }
    queue(number, slept: true, &loop)
  }

  /// An idle CPU, where there are several the one that the program had before.
  private func idle(for number: Int) -> Int? {
    let range = range(of: number)
    let cpu = range.first { table[$0].state == .idle }
    guard isContended, cpu != nil else { return cpu }
    return range.first { table[$0].state == .idle && table[$0].warm == UInt8(number) } ?? cpu
  }

  private mutating func queue(_ number: Int, slept: Bool, _ loop: inout Loop) {
    programs[number].coming += 1
    let cpu = range(of: number).lowerBound + Int(stream.below(UInt64(cpus)))
    waiters.append(
      Waiter(program: UInt8(number), cpu: UInt16(cpu), slept: slept, since: loop.now))
  }

  /// A thread has a CPU and takes the work that waits longest.
  private mutating func begin(
    on cpu: Int, extra: Nanoseconds = .zero, wakes: Bool = false, _ loop: inout Loop
  ) {
    let number = Int(table[cpu].program)
    let work = next(number, on: cpu)
    var (cost, event) = (work.cost + extra + warmUp(cpu, for: number), work.event)
    if work.thread != Work.nobody {
      cost = cost + turn(of: Int(work.thread))
      event.lane = UInt16(work.thread)
      event.index = threads[Int(work.thread)].taken
    }
    cost = drawn(cost)
    charge(cost, number)
    table[cpu].state = .working
    if wakes, isAsleep { cost = cost + parameters.wakeUp }
    table[cpu].moment = shared == nil ? loop.now + cost : Nanoseconds(-1)
    guard let shared else { return loop.schedule(event, after: cost) }
    shared.pointee.run(event, cost, &loop)
  }

  /// What a CPU costs more whose caches are another program's.
  private mutating func warmUp(_ cpu: Int, for number: Int) -> Nanoseconds {
    guard isContended, number < programs.count - 1, table[cpu].warm != UInt8(number) else {
      return .zero
    }
    table[cpu].warm = UInt8(number)
    return parameters.switchCPU
  }

  /// Whether who is woken finds a CPU idle; one that others keep busy takes no time to wake.
  private var isAsleep: Bool { shared?.pointee.hasIdleCPU ?? true }

  private mutating func charge(_ cost: Nanoseconds, _ number: Int) {
    if number < programs.count - 2 {
      serverCPU = serverCPU + cost
    } else if number == programs.count - 2 {
      clientCPU = clientCPU + cost
    }
  }

  private mutating func drawn(_ cost: Nanoseconds) -> Nanoseconds {
    guard let spread, cost > .zero else { return cost }
    let factor = Double(spread.draw(&stream).count) / spread.mean
    return Nanoseconds(Int64(Double(cost.count) * factor))
  }

  /// A thread without work looks for some (Go's `findRunnable`), or sleeps.
  private mutating func rest(on cpu: Int, _ loop: inout Loop) {
    let number = Int(table[cpu].program)
    guard programs[number].restCPU > .zero else {
      programs[number].awake -= 1
      return handOver(cpu, &loop)
    }
    table[cpu].state = .looking
    table[cpu].moment = loop.now
    table[cpu].look &+= 1
    loop.schedule(
      Event(
        component: .etcd, what: Etcd.Kind.rests.rawValue, lane: UInt16(cpu),
        index: table[cpu].look), after: programs[number].restCPU)
  }

  /// A thread has looked for work long enough.
  mutating func rested(on cpu: Int, look: UInt32, _ loop: inout Loop) {
    guard table[cpu].state == .looking, table[cpu].look == look else { return }
    let number = Int(table[cpu].program)
    charge(programs[number].restCPU, number)
    programs[number].awake -= 1
    handOver(cpu, &loop)
  }

  // MARK: The kernel

  /// How long a thread has a CPU before another that waits for it gets it, at least: 0.7 ms, twice
  /// that on two CPUs (kernel/sched/fair.c, `sysctl_sched_base_slice`).
  private static let slice = Nanoseconds.microseconds(1400)
  /// When the kernel looks, beside when a thread wakes (CONFIG_HZ=250).
  private static let tick: Int64 = 4_000_000

  /// Whether the thread on a CPU has had its slice and another waits: one that woke when it was
  /// over gets the CPU at once, one that woke before at the next tick.
  private func isOver(_ cpu: Int, at now: Nanoseconds) -> Bool {
    guard isContended, waiters.count > 0 else { return false }
    let over = table[cpu].since + Self.slice
    let tick = Nanoseconds((over.count + Self.tick - 1) / Self.tick * Self.tick)
    return waiters.indices.contains { place in
      Int(waiters[place].cpu) == cpu && (waiters[place].since >= over || now >= tick)
    }
  }

  /// A thread that others are due after waits for a CPU if it has work.
  private mutating func makeRoom(on cpu: Int, _ loop: inout Loop) {
    let number = Int(table[cpu].program)
    if programs[number].waiting > programs[number].coming {
      queue(number, slept: false, &loop)
    } else {
      programs[number].awake -= 1
    }
    handOver(cpu, &loop)
  }

  /// A CPU goes to the thread that waits longest for it, else to one that waits for another.
  private mutating func handOver(_ cpu: Int, _ loop: inout Loop) {
    table[cpu].state = .idle
    guard isContended, waiters.count > 0 else { return }
    let place = waiters.indices.first { Int(waiters[$0].cpu) == cpu } ?? 0
    let waiter = waiters[place]
    for behind in (place + 1)..<waiters.count { waiters[behind - 1] = waiters[behind] }
    _ = waiters.removeLast()
    let number = Int(waiter.program)
    programs[number].coming -= 1
    table[cpu].program = waiter.program
    table[cpu].since = loop.now
    poll(number)
    guard programs[number].waiting > 0 else { return rest(on: cpu, &loop) }
    begin(on: cpu, extra: waiter.slept ? programs[number].wakeCPU : .zero, &loop)
  }
}

extension Machines {
  /// Clients have a thread too, which needs CPU to go on after sleep.
  mutating func setClients(wakeCPU: Nanoseconds) {
    programs[programs.count - 2].wakeCPU = wakeCPU
  }

  /// Makes a thread; gives its number.
  mutating func makeThread(
    of process: UInt8, turnCPU: Nanoseconds = .zero, kind: WorkerThread.Kind = .usual
  ) -> Int {
    threads.append(WorkerThread(process: process, turnCPU: turnCPU, kind: kind))
    return threads.count - 1
  }

  /// Lets `event` happen when a thread has had a CPU for it; its handler does not call ``leave``.
  ///
  /// A client's thread pays once a turn for each `socket` that it reads or writes.
  mutating func spend(
    _ cost: Nanoseconds, then event: Event, by thread: Int, socket: UInt8 = Work.noSocket
  ) {
    let job = works.insert(Work(event: event, cost: cost, socket: socket))
    if threads[thread].first == Work.nobody {
      threads[thread].first = job
    } else {
      works[threads[thread].last].behind = job
    }
    threads[thread].last = job
    if !threads[thread].isOn { ask(thread) }
  }

  /// A thread asks for a turn.
  private mutating func ask(_ thread: Int) {
    threads[thread].isOn = true
    let turn = Event(component: .etcd, what: Etcd.Kind.turn.rawValue)
    let work = works.insert(
      Work(event: turn, cost: threads[thread].turnCPU, thread: UInt32(thread)))
    let number = number(threads[thread].process)
    unsettled |= 1 << UInt32(number)
    switch threads[thread].kind {
    case .usual: programs[number].own.append(work, in: &works)
    case .yields: programs[number].common.append(work, in: &works)
    case .polled where isBusy(number): programs[number].network.append(work, in: &works)
    case .polled: programs[number].own.append(work, in: &works)
    }
  }

  /// Whether all threads of a program have work, and more waits.
  private func isBusy(_ number: Int) -> Bool {
    programs[number].waiting > 0 && programs[number].awake == programs[number].most
      && looking(number) == nil
  }

  /// A thread takes the jobs that wait, as far as its slice goes; what they cost.
  private mutating func turn(of thread: Int) -> Nanoseconds {
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
    threads[thread].taken = first
    works[last].behind = Work.nobody
    return cost
  }

  private static func bit(_ socket: UInt8) -> UInt64 {
    socket == Work.noSocket ? 0 : 1 << UInt64(socket % 64)
  }

  private func socketCPU(_ work: Work, seen: UInt64) -> Nanoseconds {
    let bit = Self.bit(work.socket)
    guard bit != 0, seen & bit == 0 else { return .zero }
    return work.socket < Work.firstReadSocket ? parameters.socketWriteCPU : parameters.socketReadCPU
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
  mutating func leave(thread: Int, at now: Nanoseconds) {
    threads[thread].isOn = false
    if threads[thread].first != Work.nobody { ask(thread) }
    leave(threads[thread].process, at: now)
  }
}
