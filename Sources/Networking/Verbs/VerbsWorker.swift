internal import CLinux
internal import Glibc
internal import Host
internal import Measure
internal import RDMA
internal import Synchronization

/// What one queue pair of a trial does, resolved before it starts.
struct VerbsJob: Sendable {
  var peer: FabricPeer
  var workload: VerbsWorkload
  var clock: TickClock
  /// Common to all queue pairs of the trial.
  var test: UInt64
  /// Where its worker is pinned; nil leaves it free.
  var cpu: Int?

  /// How long the peer may give no sign of life: 10 s, and a message's time at 10 MB/s.
  var patience: Nanoseconds {
    .seconds(10) + Nanoseconds(workload.messageSize.count * 100)
  }
}

/// One queue pair with a thread of its own, which makes, uses and drops it.
final class VerbsWorker: @unchecked Sendable {
  enum Phase: Int { case connecting, ready, running, done }

  let job: VerbsJob
  private let gate: Gate
  private let stop: Stop
  private let state = Atomic<Int>(Phase.connecting.rawValue)
  /// Set before the phase becomes done.
  private(set) var outcome: VerbsOutcome
  private(set) var setUpError: FabricError?
  private(set) var firstTick: UInt64 = 0
  private(set) var lastTick: UInt64 = 0
  let seconds: SecondsColumn
  private var thread: NativeThread?

  /// When all begin, in ticks; 0 while closed, `UInt64.max` when some worker could not be set up.
  final class Gate: Sendable {
    let start = Atomic<UInt64>(0)
  }

  /// The wish that a trial ends now.
  final class Stop: Sendable {
    private let flag = Atomic<Bool>(false)

    @inline(__always) var isAsked: Bool { flag.load(ordering: .relaxed) }

    func ask() { flag.store(true, ordering: .relaxed) }
  }

  init(_ job: VerbsJob, _ gate: Gate, _ stop: Stop) {
    self.job = job
    self.gate = gate
    self.stop = stop
    outcome = VerbsOutcome(operation: job.workload.operation)
    seconds = SecondsColumn(duration: job.workload.duration)
  }

  var phase: Phase { Phase(rawValue: state.load(ordering: .acquiring)) ?? .connecting }

  /// Starts the thread; false where the system has none left.
  func start() -> Bool {
    thread = NativeThread { self.body() }
    return thread != nil
  }

  /// Waits for the thread's end.
  func join() { thread?.join() }

  private func body() {
    defer { state.store(Phase.done.rawValue, ordering: .releasing) }
    if let cpu = job.cpu { _ = cl_pin_thread(Int32(cpu)) }
    cl_sharp_timers()
    do throws(FabricError) {
      var loop = VerbsLoop(
        try VerbsConnection.open(job.workload, to: job.peer, test: job.test), job, seconds, stop)
      state.store(Phase.ready.rawValue, ordering: .releasing)
      guard let start = awaitStart() else { return }
      state.store(Phase.running.rawValue, ordering: .releasing)
      loop.run(from: start)
      outcome = loop.outcome()
      (firstTick, lastTick) = (loop.firstTick, loop.lastTick)
    } catch {
      setUpError = error
    }
  }

  private func awaitStart() -> UInt64? {
    while true {
      let start = gate.start.load(ordering: .acquiring)
      if start == .max { return nil }
      if start != 0 {
        while job.clock.now() < start { cl_relax() }
        return start
      }
      usleep(200)
    }
  }
}

/// The seconds of one worker: written by it, read by the coordinator once they are complete.
final class SecondsColumn: @unchecked Sendable {
  /// Whole seconds of the trial, at least one: what completes later belongs to the last.
  let capacity: Int
  private let rows: UnsafeMutablePointer<VerbsSecond>
  private let complete = Atomic<Int>(0)

  init(duration: Nanoseconds) {
    capacity = max(1, Int((duration.count + 999_999_999) / 1_000_000_000))
    rows = .allocate(capacity: capacity)
    rows.initialize(repeating: VerbsSecond(), count: capacity)
  }

  deinit { rows.deallocate() }

  /// The worker's: adds a message to a second.
  @inline(__always)
  func add(_ latency: UInt64, bytes: UInt64, to second: Int) {
    rows[second].messages &+= 1
    rows[second].bytes &+= bytes
    rows[second].latencySumNs &+= latency
    if latency > rows[second].latencyMaxNs { rows[second].latencyMaxNs = latency }
  }

  /// The worker's: all seconds before `second` are complete.
  func complete(before second: Int) { complete.store(second, ordering: .releasing) }

  var completeCount: Int { complete.load(ordering: .acquiring) }

  /// A second that is complete.
  subscript(second: Int) -> VerbsSecond { rows[second] }
}
