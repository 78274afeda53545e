internal import CLinux
internal import Glibc
internal import Host
internal import Measure
internal import Synchronization

/// When workers may begin: one tick for all, or never.
final class StartGate: Sendable {
  /// The common start in ticks; 0 while closed.
  let start = Atomic<UInt64>(0)
  /// Set when some worker could not be set up: the others leave.
  let abandoned = Atomic<Bool>(false)
  let errors = ErrorTally()
}

/// How a worker's engine is made.
struct EngineSetup: Sendable {
  var engine: StorageWorkload.Engine
  var file: TargetFile
  /// For the user-space initiator.
  var route: FabricsRoute?
  var polled = false
  var submissionThread = false
  var registeredBuffers = true
  var registeredFiles = true
}

/// What a worker leaves behind.
struct WorkerResult: Sendable {
  var read = DirectionOutcome()
  var write = DirectionOutcome()
  var trim = DirectionOutcome()
  var sync = DirectionOutcome()
  var usage = WorkerOutcome()
  var gaps: [Recorder.Gap] = []
  var depthLevels: [UInt64] = []
  var late: UInt64 = 0
  var hung: UInt64 = 0
  var errorCount: UInt64 = 0
  var errors: [IOError] = []
  var features: [String] = []
  var failure: String?
  /// Whether the thread hangs in the kernel and had to be left there.
  var isLost = false
  var verification = VerifyOutcome()
  var failedWrites: [Int64] = []
  /// Data I/Os generated.
  var sequence: UInt64 = 0
  /// Measured from and to, ticks.
  var firstTick: UInt64 = 0
  var lastTick: UInt64 = 0
  /// The last failed I/O and the first that ended well after it, ticks; 0 without any.
  var lastError: UInt64 = 0
  var successAfterError: UInt64 = 0
}

/// One worker on a thread of its own.
///
/// The engine is made on that thread (io_uring's SINGLE_ISSUER wants it), and memory is touched
/// there first, so that it lies on the worker's node.
final class WorkerThread: @unchecked Sendable {
  /// The signal that makes a blocked system call of a worker return.
  static let wakeSignal = SIGUSR2

  let channel: WorkerChannel
  /// Set before the phase becomes leaving, or done.
  private(set) var result = WorkerResult()
  private(set) var setUpError: EngineError?

  private let job: WorkerJob
  private let setup: EngineSetup
  private let gate: StartGate
  private let cpu: Int?
  private let node: Int?
  private var thread: NativeThread?

  init(job: WorkerJob, setup: EngineSetup, gate: StartGate, cpu: Int?, node: Int?) {
    self.job = job
    channel = WorkerChannel(windowCount: job.windowCount)
    self.setup = setup
    self.gate = gate
    self.cpu = cpu
    self.node = node
  }

  /// Starts the thread; false where the system has none left.
  func start() -> Bool {
    thread = NativeThread { self.body() }
    return thread != nil
  }

  /// Waits for the thread's end.
  func join() { thread?.join() }

  /// Lets the thread go where it hangs in the kernel; its memory stays with it.
  func abandon() { thread?.abandon() }

  /// Makes a blocked system call of the worker return.
  func wake() { thread?.signal(Self.wakeSignal) }

  var phase: WorkerChannel.Phase {
    .init(rawValue: channel.phase.load(ordering: .acquiring)) ?? .starting
  }

  /// Whether its result stands.
  var hasResult: Bool { phase == .leaving || phase == .done }

  private func body() {
    defer { channel.phase.store(WorkerChannel.Phase.done.rawValue, ordering: .releasing) }
    if let cpu { _ = cl_pin_thread(Int32(cpu)) }
    cl_sharp_timers()
    do {
      try prepareAndRun()
    } catch let error as EngineError {
      setUpError = error
    } catch let error as StorageError {
      setUpError = EngineError(message: error.message, hint: error.hint)
    } catch {
      setUpError = EngineError(message: "\(error)", hint: "see the message")
    }
  }

  private func prepareAndRun() throws {
    let stride = (max(job.largestBlock, 1) + 4095) & ~4095
    let bytes = stride * job.queueDepth
    let memory = try NUMAMemory(size: ByteCount(Int64(bytes)), node: node, hugePages: true)
    let buffers = BufferArea(base: memory.base, bytes: bytes, stride: stride)
    var random = SeededRandom(seed: job.seed, stream: 4)
    BufferContent.fill(buffers.base, bytes: bytes, data: job.data, random: &random)
    result.usage.bufferNode = memory.placement.actualNode
    try runEngine(buffers)
    withExtendedLifetime(memory) {}
  }

  /// The one place where an engine is chosen: a switch into specialised loops.
  private func runEngine(_ buffers: BufferArea) throws {
    let ring = Ring.Options(
      entries: job.queueDepth, polled: setup.polled, submissionThread: setup.submissionThread,
      wideEntries: setup.engine == .nvmePassthrough)
    switch setup.engine {
    case .null: run(NullEngine(queueDepth: job.queueDepth), buffers)
    case .psync: run(PsyncEngine(file: setup.file, dataSync: job.dataSync), buffers)
    case .libaio:
      run(
        try LibaioEngine(
          file: setup.file, queueDepth: job.queueDepth, dataSync: job.dataSync), buffers)
    case .ioUring:
      run(
        try UringEngine(
          file: setup.file, buffers: buffers, options: ring, dataSync: job.dataSync,
          registeredBuffers: setup.registeredBuffers, registeredFile: setup.registeredFiles),
        buffers)
    case .nvmePassthrough:
      run(
        try PassthroughEngine(
          file: setup.file, buffers: buffers, options: ring,
          registeredBuffers: setup.registeredBuffers, registeredFile: setup.registeredFiles),
        buffers)
    case .nopRing:
      run(try NopRingEngine(options: ring), buffers)
    case .nvmfRDMA:
      guard var route = setup.route else { preconditionFailure("no controller is connected") }
      route.queueID = UInt16(job.index + 1)
      run(
        try FabricsEngine(
          route: route, buffers: buffers, queueDepth: job.queueDepth, polled: setup.polled),
        buffers)
    }
  }

  private func run<Engine: StorageEngine & ~Copyable>(
    _ engine: consuming Engine, _ buffers: BufferArea
  ) {
    var loop = WorkerLoop(
      engine: engine, job: job, channel: channel, buffers: buffers, errors: gate.errors)
    channel.phase.store(WorkerChannel.Phase.ready.rawValue, ordering: .releasing)
    guard let start = awaitStart() else { return }
    channel.phase.store(WorkerChannel.Phase.running.rawValue, ordering: .releasing)
    loop.run(from: start)
    collect(&loop)
    // The kernel may take long to take an engine down, a connection over a dead link above all.
    channel.phase.store(WorkerChannel.Phase.leaving.rawValue, ordering: .releasing)
  }

  private func awaitStart() -> UInt64? {
    while true {
      if gate.abandoned.load(ordering: .acquiring) { return nil }
      let start = gate.start.load(ordering: .acquiring)
      if start != 0 {
        while job.clock.now() < start { cl_relax() }
        return start
      }
      usleep(200)
    }
  }

  private func collect<Engine: StorageEngine & ~Copyable>(_ loop: inout WorkerLoop<Engine>) {
    let node = result.usage.bufferNode
    result.usage = loop.usage()
    result.usage.cpu = cpu
    result.usage.bufferNode = node
    result.read = loop.recorder.outcome(of: .read)
    result.write = loop.recorder.outcome(of: .write)
    result.trim = loop.recorder.outcome(of: .trim)
    result.sync = loop.recorder.outcome(of: .sync)
    result.usage.ios = result.read.ios + result.write.ios + result.trim.ios + result.sync.ios
    result.gaps = loop.recorder.longestGaps
    let depths = loop.recorder.depths
    result.depthLevels = [
      depths.0, depths.1, depths.2, depths.3, depths.4, depths.5, depths.6,
    ]
    result.late = loop.recorder.late
    result.hung = loop.recorder.hung
    result.errorCount = loop.recorder.errorCount
    result.errors = loop.recorder.errors
    result.features = loop.engine.features
    result.failure = loop.failure
    result.verification = loop.verification
    result.failedWrites = loop.failedWrites
    result.sequence = loop.sequence
    result.firstTick = loop.measureStart
    result.lastTick = loop.lastTick
    result.lastError = loop.recorder.lastError
    result.successAfterError = loop.recorder.successAfterError
  }
}
