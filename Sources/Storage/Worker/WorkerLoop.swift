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
  let errors: ErrorTally
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
  /// When the ramp is over for all workers; the first mark after it is this worker's start.
  var rampEnd: UInt64 = 0
  var secondEnd: UInt64 = 0
  /// The second after the one that is being filled; goes on while the coordinator sleeps.
  var nextSecond = 0
  var end: UInt64 = .max
  var nextMark: UInt64 = 0
  var lastTick: UInt64 = 0
  var usageAtStart = rusage()
  var cpuAtStart: Int64 = 0
  var verification = VerifyOutcome()
  var failedWrites: [Int64] = []

  init(
    engine: consuming Engine, job: WorkerJob, channel: WorkerChannel, buffers: BufferArea,
    errors: ErrorTally
  ) {
    self.engine = engine
    self.errors = errors
    self.job = job
    self.channel = channel
    self.buffers = buffers
    clock = job.clock
    recorder = Recorder(
      clock: job.clock, hangBound: job.hangBound, log: channel.windows, window: job.window)
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
    rampEnd = start + clock.ticks(job.ramp)
    recorder.restart(at: start)
    if measuring { recorder.openWindows(at: start) }
    startUsage()
    nextMark = measuring ? min(secondEnd, end) : min(start + clock.ticks(job.ramp), end)
    lastTick = start
    if job.arrivals == nil { runClosed(from: start) } else { runOpen(from: start) }
    finish()
  }

  var inFlight: Int { job.queueDepth - freeCount }
}
