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

  private var table: Table<CPU>
  /// CPUs of each machine.
  let cpus: Int
  /// The members, then clients, then the kernel.
  var programs: Table<Program>
  /// As many for each program as a machine has CPUs.
  var processors: Table<Processor>
  var works = Slab<Work>(capacity: 64)
  private var threads = Table<WorkerThread>(capacity: 1)
  private var waiters = Table<Waiter>(capacity: 16)
  /// The moment that all that is said now belongs to.
  private var now = Nanoseconds.zero
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
    processors = Table(repeating: Processor(), count: programs.count * cpus)
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

  /// Whether work waits at the processor on which a member's work has just ended.
  func hasWaiting(_ member: Int) -> Bool { processors[here(member)].waiting > 0 }

  /// Whether a thread of a member that wakes goes on at once, at no cost.
  func isReady(_ member: Int) -> Bool {
    parameters.wakeUp == .zero && parameters.processWakeCPU == .zero
      && programs[member].awake < programs[member].most
  }

  // MARK: Work

  /// Takes note of the time, before anything is said of it: it tells whose work ends now.
  mutating func reach(_ now: Nanoseconds) { self.now = now }

  /// Lets `event` happen when a CPU has been spent on it for `cost`; its handler calls
  /// ``leave(_:)``.
  mutating func spend(
    _ cost: Nanoseconds, then event: Event, of process: UInt8, _ position: Position = .behind
  ) {
    put(works.insert(Work(event: event, cost: cost)), of: number(process), position)
  }

  private mutating func put(_ work: UInt32, of number: Int, _ position: Position) {
    unsettled |= 1 << UInt32(number)
    switch position {
    case .network where isBusy(number): programs[number].network.append(work, in: &works)
    case .common, .network: programs[number].common.append(work, in: &works)
    case .behind:
      processors[here(number)].queue.append(work, in: &works)
      programs[number].local += 1
    case .next:
      let place = here(number)
      let last = processors[place].next
      if last != Work.nobody { processors[place].queue.append(last, in: &works) }
      processors[place].next = work
      programs[number].local += 1
    }
  }

  /// The processor of a program on which work ends now, or the first one.
  private func here(_ number: Int) -> Int {
    ending(number).map { Int(table[$0].processor) } ?? number * cpus
  }

  /// The CPU on which a program's work ends now, or has just ended.
  private func ending(_ number: Int) -> Int? {
    range(of: number).first {
      Int(table[$0].program) == number
        && (table[$0].state == .free
          || table[$0].state == .working && (table[$0].moment == now || table[$0].moment < .zero))
    }
  }

  /// Something has had its CPU.
  mutating func leave(_ process: UInt8) {
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

  /// Gives work to threads and CPUs to threads, when all that this moment brings has been said.
  mutating func settle(_ loop: inout Loop) {
    while unsettled != 0 {
      let number = unsettled.trailingZeroBitCount
      unsettled &= unsettled - 1
      goOn(number, &loop)
      while programs[number].waiting > 0, let cpu = looking(number) {
        charge(loop.now - table[cpu].moment, number)
        goOn(on: cpu, &loop)
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
      if isOver(cpu, at: loop.now) {
        makeRoom(on: cpu, &loop)
      } else {
        goOn(on: cpu, &loop)
      }
    }
  }

  /// A thread that has a CPU takes up work, or rests.
  private mutating func goOn(
    on cpu: Int, extra: Nanoseconds = .zero, wakes: Bool = false, _ loop: inout Loop
  ) {
    let number = Int(table[cpu].program)
    guard let work = find(number, for: Int(table[cpu].processor)) else {
      return rest(on: cpu, &loop)
    }
    begin(work, on: cpu, extra: extra, wakes: wakes, &loop)
  }

  private func looking(_ number: Int) -> Int? {
    range(of: number).first {
      table[$0].state == .looking && Int(table[$0].program) == number
    }
  }

  /// A thread that sleeps is woken: it runs at once where a CPU is idle.
  private mutating func wake(_ number: Int, _ loop: inout Loop) {
    programs[number].awake += 1
    let range = number * cpus..<(number + 1) * cpus
    guard let processor = range.first(where: { !processors[$0].isHeld }) else {
      preconditionFailure("a thread that sleeps has left a processor")
    }
    processors[processor].isHeld = true
    if let cpu = idle(for: number) {
      table[cpu].program = UInt8(number)
      table[cpu].processor = UInt16(processor)
      table[cpu].since = loop.now
      return goOn(on: cpu, extra: programs[number].wakeCPU, wakes: true, &loop)
    }
    queue(number, processor, slept: true, &loop)
  }

  /// The thread on a CPU sleeps, or goes to wait with nothing to do: its processor is free.
  private mutating func sleep(on cpu: Int) {
    programs[Int(table[cpu].program)].awake -= 1
    processors[Int(table[cpu].processor)].isHeld = false
  }

  /// An idle CPU, where there are several the one that the program had before.
  private func idle(for number: Int) -> Int? {
    let range = range(of: number)
    let cpu = range.first { table[$0].state == .idle }
    guard isContended, cpu != nil else { return cpu }
    return range.first { table[$0].state == .idle && table[$0].warm == UInt8(number) } ?? cpu
  }

  private mutating func queue(
    _ number: Int, _ processor: Int, slept: Bool, _ loop: inout Loop
  ) {
    programs[number].coming += 1
    let cpu = range(of: number).lowerBound + Int(stream.below(UInt64(cpus)))
    waiters.append(
      Waiter(
        program: UInt8(number), processor: UInt16(processor), cpu: UInt16(cpu), slept: slept,
        since: loop.now))
  }

  private mutating func begin(
    _ work: Work, on cpu: Int, extra: Nanoseconds, wakes: Bool, _ loop: inout Loop
  ) {
    let number = Int(table[cpu].program)
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
      sleep(on: cpu)
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
    sleep(on: cpu)
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
      queue(number, Int(table[cpu].processor), slept: false, &loop)
    } else {
      sleep(on: cpu)
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
    table[cpu].processor = waiter.processor
    table[cpu].since = loop.now
    goOn(on: cpu, extra: waiter.slept ? programs[number].wakeCPU : .zero, &loop)
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
    let position: Position =
      switch threads[thread].kind {
      case .usual: .behind
      case .yields: .common
      case .polled: .network
      }
    put(work, of: number(threads[thread].process), position)
  }

  /// Whether all threads of a program have work.
  private func isBusy(_ number: Int) -> Bool {
    programs[number].awake == programs[number].most && looking(number) == nil
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
  mutating func leave(thread: Int) {
    threads[thread].isOn = false
    if threads[thread].first != Work.nobody { ask(thread) }
    leave(threads[thread].process)
  }
}
