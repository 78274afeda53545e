internal import Glibc
public import Measure
internal import RDMA
internal import Synchronization

/// One execution of a verbs workload against a peer, on connections of its own.
public struct VerbsTrial {
  private let peer: FabricPeer
  private let workload: VerbsWorkload
  private let test: UInt64
  private let clock: TickClock
  private let cpus: [Int]

  /// Prepares a trial; nothing is connected yet.
  ///
  /// - Parameters:
  ///   - peer: the other side, where `assay peer` listens.
  ///   - workload: what is done.
  ///   - test: tells the trial's queue pairs from others at the peer.
  ///   - clock: calibrated once per run.
  ///   - cpus: where workers are pinned, one each; empty leaves them free.
  public init(
    peer: FabricPeer, workload: VerbsWorkload, test: UInt64, clock: TickClock, cpus: [Int]
  ) {
    self.peer = peer
    self.workload = workload
    self.test = test
    self.clock = clock
    self.cpus = cpus
  }

  /// The device of this machine that leads to a peer; nothing is asked of the peer.
  ///
  /// Throws ``FabricError`` where there is none.
  public static func device(to peer: FabricPeer) throws(FabricError) -> FabricDevice {
    do throws(RDMAError) {
      let pair = try QueuePair(
        to: RDMAAddress(host: peer.address, port: peer.port),
        options: .init(sendEntries: 1, receiveEntries: 1),
        deadline: MonotonicClock.now() + .seconds(5))
      return FabricDevice(name: pair.device.name, deepestQueue: pair.device.largestQueue - 4)
    } catch {
      throw FabricError(error)
    }
  }

  /// Asks whether a peer of this version is there.
  ///
  /// Throws ``FabricError`` where it is not.
  public static func probe(_ peer: FabricPeer) throws(FabricError) {
    try VerbsConnection.probe(peer)
  }

  /// Runs to the end, or until the observer asks to stop.
  ///
  /// Throws ``FabricError`` where a connection cannot be made. What happens to one that stands is
  /// part of the outcome; every wait has a deadline.
  public func run(_ observer: some VerbsObserver) throws(FabricError) -> VerbsOutcome {
    let gate = VerbsWorker.Gate()
    let stop = VerbsWorker.Stop()
    let workers = (0..<workload.queuePairs).map { index in
      VerbsWorker(
        VerbsJob(
          peer: peer, workload: workload, clock: clock, test: test,
          cpu: cpus.isEmpty ? nil : cpus[index % cpus.count]), gate, stop)
    }
    try begin(workers, gate)
    observer.measuringWillStart(after: workload.ramp)
    gate.start.store(clock.now() + clock.ticks(.milliseconds(1)), ordering: .releasing)
    watch(workers, stop, observer)
    for worker in workers { worker.join() }
    return merged(workers)
  }

  /// Starts all threads and waits until every connection stands.
  private func begin(
    _ workers: [VerbsWorker], _ gate: VerbsWorker.Gate
  ) throws(FabricError) {
    var started: [VerbsWorker] = []
    var failure: FabricError?
    for worker in workers {
      guard worker.start() else {
        failure = FabricError(
          "no more threads can be started", hint: "use fewer queue-pairs, or raise `ulimit -u`")
        break
      }
      started.append(worker)
    }
    while failure == nil && started.contains(where: { $0.phase == .connecting }) { usleep(500) }
    // Until the gate opens, a worker is done for one reason only.
    if failure == nil { failure = started.lazy.compactMap(\.setUpError).first }
    guard let failure else { return }
    gate.start.store(.max, ordering: .releasing)
    for worker in started { worker.join() }
    throw failure
  }

  private func watch(
    _ workers: [VerbsWorker], _ stop: VerbsWorker.Stop, _ observer: some VerbsObserver
  ) {
    var shown = 0
    func show(upTo complete: Int) {
      while shown < complete {
        var row = VerbsSecond()
        row.second = shown
        for worker in workers { row.add(worker.seconds[shown]) }
        shown += 1
        observer.secondPassed(row)
      }
    }
    while workers.contains(where: { $0.phase != .done }) {
      MonotonicClock.sleep(until: MonotonicClock.now() + .milliseconds(20))
      show(upTo: workers.map(\.seconds.completeCount).min() ?? 0)
      // One queue pair's failure is the trial's: the others would measure what no longer counts.
      let hasFailed = workers.contains { $0.phase == .done && $0.outcome.stoppedEarly != nil }
      if hasFailed || observer.shouldStop() { stop.ask() }
    }
    observer.measuringDidEnd()
    show(upTo: workers.map(\.seconds.completeCount).max() ?? 0)
  }

  private func merged(_ workers: [VerbsWorker]) -> VerbsOutcome {
    var outcome = VerbsOutcome(operation: workload.operation)
    for part in workers.map(\.outcome) {
      outcome.messages += part.messages
      outcome.bytes += part.bytes
      outcome.latency.merge(part.latency)
      outcome.workers += part.workers
      if outcome.link == nil { outcome.link = part.link }
      if outcome.stoppedEarly == nil { outcome.stoppedEarly = part.stoppedEarly }
      if let count = part.receiver {
        var sum = outcome.receiver ?? ReceiverCount()
        sum.merge(count)
        outcome.receiver = sum
      }
    }
    let ran = workers.filter { $0.lastTick > $0.firstTick }
    if let first = ran.map(\.firstTick).min(), let last = ran.map(\.lastTick).max() {
      outcome.elapsed = Nanoseconds(Int64(clock.nanoseconds(last - first)))
    }
    return outcome
  }
}

/// The device of this machine that leads to a peer.
public struct FabricDevice: Hashable, Codable, Sendable {
  /// Name as in /sys/class/infiniband.
  public var name: String
  /// Most messages in flight of one queue pair.
  public var deepestQueue: Int
}
