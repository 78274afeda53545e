internal import CLinux
internal import Glibc
internal import Measure
internal import Synchronization

/// One entry of a worker's queue.
struct Slot {
  /// Intended time (open loop) or time of preparation (closed loop), ticks.
  var start: UInt64 = 0
  /// When it was prepared, ticks.
  var prepared: UInt64 = 0
  /// When it was handed to the kernel, ticks.
  var issued: UInt64 = 0
  /// Bytes from the start of the target.
  var offset: Int64 = 0
  /// Number of this I/O within its job.
  var sequence: UInt64 = 0
  /// Bytes asked for.
  var length: Int32 = 0
  /// Bytes moved by earlier, short attempts.
  var moved: Int32 = 0
  var operation = Operation.read
}

/// The loop of one worker over one engine: specialised, without allocation or reference counting.
struct WorkerLoop<Engine: StorageEngine & ~Copyable>: ~Copyable {
  var engine: Engine
  let job: WorkerJob
  let channel: WorkerChannel
  let buffers: BufferArea
  var recorder: Recorder
  let clock: TickClock

  let slots: UnsafeMutablePointer<Slot>
  let free: UnsafeMutablePointer<Int32>
  let completions: UnsafeMutablePointer<Completion>
  var freeCount: Int

  var offsets: OffsetStream
  let readSizes: BlockSizeStream
  let writeSizes: BlockSizeStream
  var random: SeededRandom
  let readThreshold: UInt64
  /// Operation of a pure pattern; nil draws between read and write.
  let only: Operation?
  /// Whether each read is compared with a stamp.
  let checksReads: Bool

  /// Data I/Os generated so far; the number of the next one.
  var sequence: UInt64 = 0
  var countLeft: Int64
  var bytesLeft: Int64
  var writesSinceSync = 0
  var stamp: UInt64

  var issuing = true
  var measuring = false
  var failure: String?
  var measureStart: UInt64 = 0
  var secondEnd: UInt64 = 0
  var end: UInt64 = .max
  var nextMark: UInt64 = 0
  var lastTick: UInt64 = 0
  var usageAtStart = rusage()
  var cpuAtStart: Int64 = 0
  var verification = VerifyOutcome()
  var failedWrites: [Int64] = []

  init(engine: consuming Engine, job: WorkerJob, channel: WorkerChannel, buffers: BufferArea) {
    self.engine = engine
    self.job = job
    self.channel = channel
    self.buffers = buffers
    clock = job.clock
    recorder = Recorder(clock: job.clock, hangBound: job.hangBound)
    slots = .allocate(capacity: job.queueDepth)
    slots.initialize(repeating: Slot(), count: job.queueDepth)
    free = .allocate(capacity: job.queueDepth)
    for index in 0..<job.queueDepth { free[index] = Int32(job.queueDepth - 1 - index) }
    freeCount = job.queueDepth
    completions = .allocate(capacity: job.queueDepth)
    completions.initialize(repeating: Completion(slot: 0, result: 0), count: job.queueDepth)
    offsets = OffsetStream(
      pattern: job.pattern, distribution: job.distribution, randomMap: job.randomMap,
      start: job.regionStart, bytes: job.regionBytes, alignment: job.alignment, seed: job.seed)
    readSizes = BlockSizeStream(job.readBlock)
    writeSizes = BlockSizeStream(job.writeBlock)
    random = SeededRandom(seed: job.seed, stream: 2)
    stamp = job.seed
    readThreshold = UInt64(min(job.readShare, 1) * 0x1p63) &* 2
    only = Self.onlyOperation(of: job.pattern)
    checksReads = job.check != .none && job.check != .stampWrites
    countLeft = job.countBudget
    bytesLeft = job.byteBudget
    if case .replay(let first) = job.check {
      sequence = first
      offsets.seek(to: first, length: Int(job.readBlock.largest.count))
    }
  }

  deinit {
    slots.deallocate()
    free.deallocate()
    completions.deallocate()
  }

  private static func onlyOperation(of pattern: StorageWorkload.Pattern) -> Operation? {
    switch pattern {
    case .sequentialRead, .randomRead: .read
    case .sequentialWrite, .randomWrite: .write
    case .sequentialTrim, .randomTrim: .trim
    case .sequentialMix, .randomMix: nil
    }
  }

  /// Runs from `start` (ticks) until the job is done or told to stop.
  mutating func run(from start: UInt64) {
    measureStart = start
    end = job.duration.map { start + clock.ticks(job.ramp) + clock.ticks($0) } ?? .max
    measuring = job.ramp == .zero
    secondEnd = start + clock.ticks(.seconds(1))
    recorder.restart(at: start)
    startUsage()
    nextMark = measuring ? min(secondEnd, end) : min(start + clock.ticks(job.ramp), end)
    lastTick = start
    if job.arrivals == nil { runClosed(from: start) } else { runOpen(from: start) }
    finish()
  }

  var inFlight: Int { job.queueDepth - freeCount }

  // MARK: Closed loop

  /// Keeps the queue full: each round prepares what is free, hands it over, takes what is done.
  private mutating func runClosed(from start: UInt64) {
    var tick = start
    while true {
      let handed = prepareFree(at: tick)
      if handed == 0 && freeCount == job.queueDepth { return }
      let isFull = freeCount == 0 || !canIssue
      let failed = engine.submit(
        waitingFor: isFull ? min(job.completeBatch, inFlight) : 0)
      let done = engine.reap(into: completions, capacity: inFlight)
      if failed != 0 || channel.stop.load(ordering: .relaxed) { stopIssuing(engineError: failed) }
      if done > 0 {
        if job.timestamps {
          tick = clock.now()
          complete(done, at: tick)
        } else {
          completeUntimed(done)
          tick &+= 1
          if tick & 63 == 0 { lastTick = clock.now() }
        }
      } else if job.timestamps {
        tick = clock.now()
      } else {
        lastTick = clock.now()
      }
      if job.timestamps { lastTick = tick }
      if lastTick >= nextMark { mark(lastTick) }
    }
  }

  /// Whether another I/O may be generated.
  @inline(__always)
  private var canIssue: Bool { issuing && countLeft > 0 && bytesLeft > 0 }

  /// Prepares one batch; gives how many were prepared.
  @inline(__always)
  private mutating func prepareFree(at tick: UInt64) -> Int {
    let room = min(freeCount, job.submitBatch)
    var prepared = 0
    while prepared < room && canIssue {
      prepareNext(start: tick, prepared: tick)
      prepared &+= 1
    }
    if prepared > 0 { handOver(prepared) }
    return prepared
  }

  /// Stamps the batch that was just prepared: its slots lie right above the free ones.
  @inline(__always)
  private mutating func handOver(_ count: Int) {
    recorder.countDepth(inFlight: inFlight, handed: count)
    guard job.timestamps else { return }
    let issued = clock.now()
    for index in freeCount..<freeCount &+ count { slots[Int(free[index])].issued = issued }
  }

  // MARK: Open loop

  /// Issues each I/O at its intended time whether or not earlier ones have ended.
  private mutating func runOpen(from start: UInt64) {
    guard let arrivals = job.arrivals else { return }
    var schedule = ArrivalSchedule(arrivals, clock: clock, start: start, seed: job.seed)
    let lateTicks = clock.ticks(job.lateBound)
    let spinNs: UInt64 = 50_000
    while true {
      let tick = clock.now()
      lastTick = tick
      if tick >= nextMark { mark(tick) }
      if channel.stop.load(ordering: .relaxed) { stopIssuing(engineError: 0) }
      var prepared = 0
      let room = min(freeCount, job.submitBatch)
      while prepared < room && canIssue && schedule.next <= tick && schedule.next < end {
        if tick &- schedule.next >= lateTicks { recorder.countLate() }
        prepareNext(start: schedule.next, prepared: tick)
        schedule.advance()
        prepared &+= 1
      }
      if prepared > 0 {
        handOver(prepared)
        let failed = engine.submit(waitingFor: 0)
        if failed != 0 { stopIssuing(engineError: failed) }
      }
      let done = engine.reap(into: completions, capacity: inFlight)
      if done > 0 { complete(done, at: clock.now()) }
      if prepared > 0 || done > 0 { continue }
      if (!canIssue || schedule.next >= end) && freeCount == job.queueDepth { break }
      idle(until: schedule.next, now: tick, spinNs: spinNs)
    }
    // What was due and never issued is late too: an overload must not hide in what was skipped.
    while schedule.next < min(lastTick, end) && countLeft > 0 {
      recorder.countLate()
      schedule.advance()
      countLeft -= 1
    }
  }

  /// Sleeps towards the next intended time or completion; spins the last 50 us.
  private mutating func idle(until next: UInt64, now: UInt64, spinNs: UInt64) {
    guard freeCount > 0 && canIssue && next < end else {
      // Nothing can be issued: only a completion or the end of the second is awaited.
      _ = engine.wait(atMost: 100_000_000)
      return
    }
    let span = next > now ? clock.nanoseconds(next &- now) : 0
    if span > spinNs {
      _ = engine.wait(atMost: Int64(min(span - spinNs, 100_000_000)))
    } else if freeCount < job.queueDepth {
      _ = engine.wait(atMost: 0)
    } else {
      cl_relax()
    }
  }

  // MARK: Generation

  /// Takes a free slot and prepares the next I/O of the stream in it.
  @inline(__always)
  private mutating func prepareNext(start: UInt64, prepared: UInt64) {
    freeCount &-= 1
    let index = Int(free[freeCount])
    let slot = slots + index
    slot.pointee.start = start
    slot.pointee.prepared = prepared
    slot.pointee.moved = 0
    if job.syncEvery > 0 && writesSinceSync >= job.syncEvery {
      prepareSync(slot, index)
      return
    }
    let operation = only ?? (random.next() < readThreshold ? .read : .write)
    let length = (operation == .read ? readSizes : writeSizes).next(&random)
    let offset = offsets.next(index: sequence, length: length)
    slot.pointee.operation = operation
    slot.pointee.length = Int32(truncatingIfNeeded: length)
    slot.pointee.offset = offset
    slot.pointee.sequence = sequence
    sequence &+= 1
    countLeft &-= 1
    bytesLeft &-= Int64(length)
    if operation == .write {
      writesSinceSync &+= 1
      fill(buffers[index], length: length, offset: offset, sequence: slot.pointee.sequence)
    }
    engine.prepare(
      IORequest(
        slot: index, operation: operation, buffer: buffers[index], length: length, offset: offset))
  }

  @inline(never)
  private mutating func prepareSync(_ slot: UnsafeMutablePointer<Slot>, _ index: Int) {
    writesSinceSync = 0
    slot.pointee.operation = .sync
    slot.pointee.length = 0
    slot.pointee.offset = 0
    engine.prepare(
      IORequest(slot: index, operation: .sync, buffer: buffers[index], length: 0, offset: 0))
  }

  /// Makes a block's content differ from every other's, as cheaply as the workload allows.
  @inline(__always)
  private mutating func fill(
    _ buffer: UnsafeMutableRawPointer, length: Int, offset: Int64, sequence: UInt64
  ) {
    if job.check == .stampWrites {
      BlockStamp.fill(
        buffer, length: length, offset: offset, sequence: sequence, seed: job.stampSeed)
      return
    }
    guard job.data != .zeros else { return }
    if job.refill {
      BufferContent.fill(buffer, bytes: length, data: job.data, random: &random)
      return
    }
    var place = 0
    while place &+ 8 <= length {
      stamp &+= 0x9E37_79B9_7F4A_7C15
      buffer.storeBytes(of: stamp, toByteOffset: place, as: UInt64.self)
      place &+= 4096
    }
  }

  // MARK: Completion

  /// Records `count` completions; those that share a batch share one histogram update.
  @inline(__always)
  private mutating func complete(_ count: Int, at tick: UInt64) {
    recorder.completed(at: tick)
    var times: UInt64 = 0
    var bytes: UInt64 = 0
    var first = Slot()
    for index in 0..<count {
      let completion = completions[index]
      let slot = slots + Int(completion.slot)
      if completion.result != slot.pointee.length || checksReads {
        if !settle(completion, slot, at: tick) { continue }
      }
      if times > 0 && slot.pointee.start == first.start && slot.pointee.issued == first.issued
        && slot.pointee.operation == first.operation
      {
        times &+= 1
      } else {
        if times > 0 { record(first, times: times, bytes: bytes, at: tick) }
        first = slot.pointee
        times = 1
        bytes = 0
      }
      bytes &+= UInt64(truncatingIfNeeded: slot.pointee.length &+ slot.pointee.moved)
      free[freeCount] = completion.slot
      freeCount &+= 1
    }
    if times > 0 { record(first, times: times, bytes: bytes, at: tick) }
  }

  @inline(__always)
  private mutating func record(_ slot: Slot, times: UInt64, bytes: UInt64, at tick: UInt64) {
    recorder.record(
      slot.operation, start: slot.start, prepared: slot.prepared, issued: slot.issued, ended: tick,
      times: times, bytes: bytes, submission: Engine.isAsynchronous)
  }

  @inline(__always)
  private mutating func completeUntimed(_ count: Int) {
    for index in 0..<count {
      let completion = completions[index]
      let slot = slots + Int(completion.slot)
      if completion.result != slot.pointee.length {
        if !settle(completion, slot, at: clock.now()) { continue }
      }
      recorder.count(
        slot.pointee.operation, times: 1, bytes: UInt64(truncatingIfNeeded: slot.pointee.length))
      free[freeCount] = completion.slot
      freeCount &+= 1
    }
  }

  /// The uncommon completions: short, failed, or to be verified. True when the I/O is done well.
  @inline(never)
  private mutating func settle(
    _ completion: Completion, _ slot: UnsafeMutablePointer<Slot>, at tick: UInt64
  ) -> Bool {
    if completion.result == slot.pointee.length {
      verify(slot, buffer: buffers[Int(completion.slot)])
      return true
    }
    if completion.result > 0 && completion.result < slot.pointee.length {
      recorder.countShort(slot.pointee.operation)
      resume(completion, slot)
      return false
    }
    if completion.result == -EINTR || completion.result == -EAGAIN {
      resume(Completion(slot: completion.slot, result: 0), slot)
      return false
    }
    fail(completion, slot, at: tick)
    free[freeCount] = completion.slot
    freeCount &+= 1
    return false
  }

  /// Asks for the rest of a short I/O; its times go on.
  private mutating func resume(_ completion: Completion, _ slot: UnsafeMutablePointer<Slot>) {
    slot.pointee.moved += completion.result
    slot.pointee.length -= completion.result
    let index = Int(completion.slot)
    engine.prepare(
      IORequest(
        slot: index, operation: slot.pointee.operation,
        buffer: buffers[index] + Int(slot.pointee.moved), length: Int(slot.pointee.length),
        offset: slot.pointee.offset + Int64(slot.pointee.moved)))
    let failed = engine.submit(waitingFor: 0)
    if failed != 0 { stopIssuing(engineError: failed) }
  }

  private mutating func fail(
    _ completion: Completion, _ slot: UnsafeMutablePointer<Slot>, at tick: UInt64
  ) {
    // 0 bytes where some were due is the end of the file or device: ENODATA says so.
    let code = completion.result == 0 ? ENODATA : -completion.result
    if case .replay = job.check { verification.blocksUnreadable += 1 }
    if job.check == .compare { verification.blocksUnreadable += 1 }
    if slot.pointee.operation == .write && failedWrites.count < 4096 {
      failedWrites.append(slot.pointee.offset)
    }
    recorder.record(
      IOError(
        operation: slot.pointee.operation.name,
        offset: slot.pointee.offset + Int64(slot.pointee.moved), length: Int(slot.pointee.length),
        errno: code,
        atNs: Nanoseconds(Int64(clock.nanoseconds(tick > measureStart ? tick &- measureStart : 0)))))
    if recorder.errorCount > UInt64(job.errorLimit) {
      issuing = false
      if failure == nil {
        failure =
          "\(slot.pointee.operation.name) of \(slot.pointee.length) bytes at offset "
          + "\(slot.pointee.offset) failed: \(String(cString: strerror(code)))"
      }
    }
  }

  private mutating func verify(
    _ slot: UnsafeMutablePointer<Slot>, buffer: UnsafeMutableRawPointer
  ) {
    let sequence: UInt64?
    switch job.check {
    case .none, .stampWrites: return
    case .replay: sequence = slot.pointee.sequence
    case .compare: sequence = nil
    }
    if job.unwritten.contains(slot.pointee.offset) {
      verification.blocksUnreadable += 1
      return
    }
    verification.blocksChecked += 1
    let bad = BlockStamp.check(
      buffer, length: Int(slot.pointee.length + slot.pointee.moved), offset: slot.pointee.offset,
      sequence: sequence, seed: job.stampSeed)
    guard let bad else { return }
    verification.blocksBad += 1
    if verification.firstBad.map({ bad.offset < $0.offset }) ?? true { verification.firstBad = bad }
  }

  // MARK: Marks in time

  /// A ramp, a second, or the measured time is over.
  @inline(never)
  private mutating func mark(_ tick: UInt64) {
    if !measuring && tick >= nextMark && tick < end {
      measuring = true
      measureStart = tick
      recorder.restart(at: tick)
      startUsage()
      secondEnd = tick + clock.ticks(.seconds(1))
    }
    while measuring && tick >= secondEnd {
      publishSecond()
      secondEnd += clock.ticks(.seconds(1))
    }
    if tick >= end { issuing = false }
    nextMark = issuing ? min(secondEnd, end) : secondEnd
  }

  /// Gives the second to the coordinator, or goes on filling it when the coordinator sleeps.
  private mutating func publishSecond() {
    let index = recorder.second.second
    if channel.publish(recorder.second) {
      recorder.second = WorkerSecond()
      recorder.second.second = index + 1
    }
  }

  private mutating func stopIssuing(engineError: Int32) {
    issuing = false
    if engineError != 0 && failure == nil {
      failure = "the engine failed: \(String(cString: strerror(engineError)))"
      // Nothing in flight can be awaited on a broken engine.
      freeCount = job.queueDepth
    }
  }

  private mutating func startUsage() {
    _ = cl_thread_usage(&usageAtStart)
    cpuAtStart = cl_thread_cpu_ns()
  }

  private mutating func finish() {
    let tick = clock.now()
    if !job.timestamps { lastTick = tick }
    recorder.close(at: lastTick)
    if recorder.second.ios != (0, 0, 0, 0) || recorder.second.errors > 0 { publishSecond() }
  }

  /// What this worker used since measuring started.
  func usage() -> WorkerOutcome {
    var now = rusage()
    _ = cl_thread_usage(&now)
    var outcome = WorkerOutcome()
    outcome.cpuNs = Nanoseconds(cl_thread_cpu_ns() - cpuAtStart)
    outcome.userNs = Self.span(usageAtStart.ru_utime, now.ru_utime)
    outcome.systemNs = Self.span(usageAtStart.ru_stime, now.ru_stime)
    outcome.voluntarySwitches = now.ru_nvcsw - usageAtStart.ru_nvcsw
    outcome.involuntarySwitches = now.ru_nivcsw - usageAtStart.ru_nivcsw
    return outcome
  }

  private static func span(_ from: timeval, _ to: timeval) -> Nanoseconds {
    Nanoseconds(
      Int64(to.tv_sec - from.tv_sec) * 1_000_000_000 + Int64(to.tv_usec - from.tv_usec) * 1_000)
  }
}
