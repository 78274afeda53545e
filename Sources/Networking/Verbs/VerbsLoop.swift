internal import CLinux
internal import Glibc
internal import Measure
internal import RDMA
internal import Synchronization

/// What the worker of one queue pair does: measures, and asks the receiver for its count.
///
/// Preallocated throughout: nothing is allocated, retained or called through a closure per message.
struct VerbsLoop: ~Copyable {
  /// Identifies the receive of a reply among completions; messages have their place in the queue.
  static let reply = UInt64.max
  /// Identifies the read of the peer's count.
  private static let count = UInt64.max - 1
  /// Completions taken at once.
  private static let batch = 64
  /// Empty polls between looks at the clock.
  private static let pollsPerLook = 64

  private var connection: VerbsConnection
  private let job: VerbsJob
  private let clock: TickClock
  private let seconds: SecondsColumn
  private let stop: VerbsWorker.Stop
  private let operation: VerbsWorkload.Operation
  private let depth: Int
  private let size: UInt32
  private let patience: UInt64
  /// After so long without a completion others get the processor.
  ///
  /// A soft device's kernel thread may need it; a real device is done before, and undisturbed.
  private let yieldAfter: UInt64
  /// When to look at the connection next, which takes a system call.
  private var lookTick: UInt64 = 0
  private let ticksPerSecond: UInt64
  private let completions: UnsafeMutablePointer<WorkCompletion>
  /// When each message in flight was posted, ticks.
  private let posted: UnsafeMutablePointer<UInt64>

  private var histogram = LatencyHistogram()
  private var measureTick: UInt64 = 0
  private var endTick: UInt64 = 0
  private var nextSecondTick: UInt64 = 0
  private var second = 0
  private var isMeasuring = false
  /// Messages that completed since the connection stands, the ramp's too.
  private var sent: UInt64 = 0
  private var bytes: UInt64 = 0
  private var failure: String?
  private var receiver: ReceiverCount?
  private var usage = VerbsWorkerOutcome()
  private var usageAtStart = rusage()
  private var cpuAtStart: Int64 = 0
  private(set) var lastTick: UInt64 = 0

  init(
    _ connection: consuming VerbsConnection, _ job: VerbsJob, _ seconds: SecondsColumn,
    _ stop: VerbsWorker.Stop
  ) {
    depth = connection.request.depth
    size = UInt32(connection.request.messageSize)
    operation = connection.request.operation
    self.connection = connection
    self.job = job
    self.seconds = seconds
    self.stop = stop
    clock = job.clock
    patience = job.clock.ticks(job.patience)
    yieldAfter = job.clock.ticks(.microseconds(20))
    ticksPerSecond = max(1, job.clock.ticks(.seconds(1)))
    completions = .allocate(capacity: Self.batch)
    completions.initialize(repeating: WorkCompletion(), count: Self.batch)
    posted = .allocate(capacity: depth)
    posted.initialize(repeating: 0, count: depth)
  }

  deinit {
    completions.deallocate()
    posted.deallocate()
  }

  /// Measures from a common start on; ramp and duration are the workload's.
  mutating func run(from start: UInt64) {
    measureTick = start &+ clock.ticks(job.workload.ramp)
    endTick = measureTick &+ clock.ticks(job.workload.duration)
    switch (job.workload.measure, operation) {
    case (.bandwidth, _): flood()
    case (.latency, .send), (.latency, .read): exchange()
    case (.latency, .write): exchangeByMemory()
    }
    finishUsage()
    if failure == nil, operation == .send { askReceiver() }
  }

  /// What was measured.
  func outcome() -> VerbsOutcome {
    var outcome = VerbsOutcome(operation: operation)
    outcome.latency = histogram.snapshot()
    outcome.messages = histogram.count
    outcome.bytes = bytes
    outcome.workers = [usage]
    outcome.link = connection.link
    outcome.receiver = receiver
    outcome.stoppedEarly = failure
    return outcome
  }

  var firstTick: UInt64 { measureTick }

  // MARK: Latency

  /// Sends until a reply comes, or reads until the data is there, one at a time.
  private mutating func exchange() {
    let awaitsReply = operation == .send
    while let start = beginMessage() {
      guard post(slot: 0, isLast: true) else { return }
      var end: UInt64 = 0
      var (isSent, isAnswered) = (false, !awaitsReply)
      var idle = 0
      repeat {
        let count = connection.pair.poll(into: completions, capacity: Self.batch)
        guard count > 0 else {
          idle &+= 1
          if count < 0 || (idle % Self.pollsPerLook == 0 && isOver(since: start)) {
            return giveUp(count)
          }
          continue
        }
        let now = clock.now()
        for index in 0..<count {
          guard completions[index].isSuccess else { return fail(completions[index]) }
          if completions[index].id == Self.reply {
            isAnswered = true
            end = now
          } else {
            isSent = true
            if !awaitsReply { end = now }
          }
        }
      } while !(isSent && isAnswered)
      if awaitsReply {
        connection.pair.prepareReceive(
          id: Self.reply, address: local(1), bytes: size, key: connection.key)
        guard connection.pair.postReceives() == 0 else { return refuse("a receive") }
      }
      sent &+= 1
      record(awaitsReply ? (end &- start) / 2 : end &- start, at: end)
    }
  }

  /// Writes until the peer has written back: its memory and ours are all that is looked at.
  private mutating func exchangeByMemory() {
    let landing = UnsafePointer(
      (connection.base + Int(connection.memory.offset(1)) + Int(size) - 1)
        .assumingMemoryBound(to: UInt8.self))
    let mark = (connection.base + Int(connection.memory.offset(0)) + Int(size) - 1)
      .assumingMemoryBound(to: UInt8.self)
    var number: UInt8 = 0
    while let start = beginMessage() {
      number &+= 1
      mark.pointee = number
      guard post(slot: 1, from: 0, isLast: true) else { return }
      var idle = 0
      var isSent = false
      while cl_load_byte_acquire(landing) != number {
        cl_relax()
        idle &+= 1
        guard idle % Self.pollsPerLook == 0 else { continue }
        // A message that failed shows here only: its answer never comes.
        let count = connection.pair.poll(into: completions, capacity: Self.batch)
        if count > 0, !completions[0].isSuccess { return fail(completions[0]) }
        if count > 0 { isSent = true }
        if count < 0 || isOver(since: start) { return giveUp(count) }
      }
      let end = clock.now()
      while !isSent {
        let count = connection.pair.poll(into: completions, capacity: Self.batch)
        if count > 0, !completions[0].isSuccess { return fail(completions[0]) }
        isSent = count > 0
        idle &+= 1
        guard !isSent, idle % Self.pollsPerLook == 0 || count < 0 else { continue }
        if count < 0 || isOver(since: end) { return giveUp(count) }
      }
      sent &+= 1
      record((end &- start) / 2, at: end)
    }
  }

  /// The tick at which the next message begins; nil when the time is over.
  @inline(__always)
  private mutating func beginMessage() -> UInt64? {
    let now = clock.now()
    if now >= endTick || stop.isAsked {
      lastTick = min(now, endTick)
      return nil
    }
    if !isMeasuring && now >= measureTick { beginMeasuring() }
    return now
  }

  // MARK: Bandwidth

  /// Keeps the queue full; a message's time is from its posting to its completion.
  private mutating func flood() {
    var (next, inFlight, idle) = (0, 0, 0)
    var isPosting = true
    var lastMoved = clock.now()
    while isPosting || inFlight > 0 {
      let now = clock.now()
      if isPosting {
        if !isMeasuring && now >= measureTick { beginMeasuring() }
        if now >= endTick || stop.isAsked {
          isPosting = false
          lastTick = min(now, endTick)
        } else if inFlight < depth {
          let free = depth &- inFlight
          for place in 1...free {
            posted[next] = now
            guard post(slot: next, isLast: place == free) else { return }
            next = next &+ 1 == depth ? 0 : next &+ 1
          }
          inFlight = depth
        }
      }
      let count = connection.pair.poll(into: completions, capacity: Self.batch)
      guard count > 0 else {
        idle &+= 1
        if count < 0 || (idle % Self.pollsPerLook == 0 && isOver(since: lastMoved)) {
          return giveUp(count)
        }
        continue
      }
      lastMoved = clock.now()
      for index in 0..<count {
        guard completions[index].isSuccess else { return fail(completions[index]) }
        let slot = Int(truncatingIfNeeded: completions[index].id)
        record(lastMoved &- posted[slot], at: lastMoved)
      }
      sent &+= UInt64(truncatingIfNeeded: count)
      inFlight &-= count
    }
  }

  // MARK: Common

  private func local(_ slot: Int) -> UInt64 {
    UInt64(UInt(bitPattern: connection.base)) &+ connection.memory.offset(slot)
  }

  /// Posts a message, with the ones before it when it is the last; false when that failed.
  @inline(__always)
  private mutating func post(slot: Int, from source: Int? = nil, isLast: Bool) -> Bool {
    var request = WorkRequest(
      id: UInt64(truncatingIfNeeded: slot), operation: connection.workOperation,
      address: local(source ?? slot), bytes: size, key: connection.key)
    request.isInline = connection.isInline
    if operation != .send {
      request.remoteAddress = connection.remote.address &+ connection.memory.offset(slot)
      request.remoteKey = connection.remote.key
    }
    connection.pair.prepare(request)
    guard isLast, connection.pair.post() != 0 else { return true }
    refuse("a message")
    return false
  }

  /// Counts a message that took so many ticks and completed at a tick of the measured time.
  @inline(__always)
  private mutating func record(_ ticks: UInt64, at tick: UInt64) {
    guard isMeasuring, tick < endTick, tick >= measureTick else { return }
    let latency = clock.nanoseconds(ticks)
    histogram.record(latency)
    bytes &+= UInt64(size)
    if tick >= nextSecondTick { advance(to: tick) }
    seconds.add(latency, bytes: UInt64(size), to: second)
  }

  private mutating func advance(to tick: UInt64) {
    second = min(
      Int(truncatingIfNeeded: (tick &- measureTick) / ticksPerSecond), seconds.capacity - 1)
    nextSecondTick = measureTick &+ UInt64(second + 1) &* ticksPerSecond
    seconds.complete(before: second)
  }

  private mutating func beginMeasuring() {
    isMeasuring = true
    nextSecondTick = measureTick &+ ticksPerSecond
    _ = cl_thread_usage(&usageAtStart)
    cpuAtStart = cl_thread_cpu_ns()
  }

  private mutating func finishUsage() {
    if lastTick == 0 { lastTick = min(clock.now(), endTick) }
    guard isMeasuring else { return }
    // The last second may be cut short by an early end; after it there is none.
    let begun = (lastTick &- measureTick &+ ticksPerSecond &- 1) / ticksPerSecond
    seconds.complete(before: min(Int(truncatingIfNeeded: begun), seconds.capacity))
    var now = rusage()
    _ = cl_thread_usage(&now)
    usage.messages = histogram.count
    usage.cpu = job.cpu
    usage.cpuNs = Nanoseconds(cl_thread_cpu_ns() - cpuAtStart)
    usage.userNs = Self.span(usageAtStart.ru_utime, now.ru_utime)
    usage.systemNs = Self.span(usageAtStart.ru_stime, now.ru_stime)
    usage.voluntarySwitches = now.ru_nvcsw - usageAtStart.ru_nvcsw
    usage.involuntarySwitches = now.ru_nivcsw - usageAtStart.ru_nivcsw
  }

  private static func span(_ from: timeval, _ to: timeval) -> Nanoseconds {
    Nanoseconds(
      Int64(to.tv_sec - from.tv_sec) * 1_000_000_000 + Int64(to.tv_usec - from.tv_usec) * 1_000)
  }

  // MARK: Ends

  /// Looks up from polling: whether nothing more is to be waited for, with ``failure`` set if that
  /// is one.
  @inline(never)
  private mutating func isOver(since tick: UInt64) -> Bool {
    let now = clock.now()
    let waited = now &- tick
    guard waited > yieldAfter else { return false }
    sched_yield()
    guard now >= lookTick else { return false }
    lookTick = now &+ ticksPerSecond / 1000
    if let error = connection.pair.checkConnection() {
      failure = error.message
      return true
    }
    if waited > patience {
      failure =
        "the peer at \(job.peer.address):\(job.peer.port) gave no sign of life for "
        + "\(Int(job.patience.inSeconds)) s"
      return true
    }
    // Whoever interrupts does not wait for a slow peer.
    return stop.isAsked && waited > ticksPerSecond
  }

  @inline(never)
  private mutating func giveUp(_ polled: Int) {
    guard polled < 0, failure == nil else { return }
    failure = "the completion queue of \(connection.link.device) is broken"
  }

  @inline(never)
  private mutating func fail(_ completion: WorkCompletion) {
    failure =
      completion.isFlushed || completion.isUnanswered
      ? "the peer at \(job.peer.address):\(job.peer.port) is gone: \(completion.reason)"
      : "a message failed: \(completion.reason)"
  }

  @inline(never)
  private mutating func refuse(_ what: String) {
    failure = "\(connection.link.device) takes no more: posting \(what) failed"
  }

  /// Reads the peer's count until it has all that was sent, for two seconds at most.
  private mutating func askReceiver() {
    var count = ReceiverCount()
    count.sentMessages = sent
    let deadline = clock.now() &+ 2 &* ticksPerSecond
    repeat {
      var request = WorkRequest(
        id: Self.count, operation: .read, address: UInt64(UInt(bitPattern: connection.base)),
        bytes: 16, key: connection.key)
      request.remoteAddress = connection.remote.address
      request.remoteKey = connection.remote.key
      connection.pair.prepare(request)
      guard connection.pair.post() == 0 else { return refuse("a read of the peer's count") }
      let start = clock.now()
      var taken = 0
      while taken == 0 {
        taken = connection.pair.poll(into: completions, capacity: 1)
        if taken < 0 || (taken == 0 && isOver(since: start)) { return giveUp(taken) }
      }
      guard completions[0].isSuccess else { return fail(completions[0]) }
      let words = connection.base.assumingMemoryBound(to: UInt64.self)
      count.receivedMessages = UInt64(bigEndian: words[0])
      count.receivedBytes = UInt64(bigEndian: words[1])
    } while count.receivedMessages < sent && clock.now() < deadline
    receiver = count
  }
}
