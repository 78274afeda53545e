internal import ControlPlane
internal import Foundation
internal import Host
internal import Ledger
internal import Measure
internal import Scenario

/// Simulates the trials of a plan on several CPUs, ahead of the one who takes them in plan order.
///
/// What a trial shows depends on its parameters and its seed alone: neither the number of threads
/// nor the order in which they end can be seen in it.
final class SimulationPool: @unchecked Sendable {
  /// What one trial showed, and when and how long it was computed.
  struct Simulated: Sendable {
    var outcome: ClusterOutcome
    var startedAt: String
    var tookNs: Nanoseconds
  }

  // Everything below is touched under `state` alone.
  private let state = NSCondition()
  private var waiting: ArraySlice<(id: String, trial: ClusterTrial)>
  private var ended: [String: Simulated] = [:]
  private var reached: [String: Nanoseconds] = [:]
  private var working = 0
  private var isStopped = false
  /// When the one who waits was last woken to hear how far the trials are.
  private var lastTold = Nanoseconds.zero

  /// Begins with the simulations among `trials`, on `threads` threads.
  init(_ trials: some Sequence<PlannedTrial>, threads: Int) {
    waiting =
      trials.compactMap { trial in
        trial.work.simulation.map { (id: trial.id, trial: Self.trial($0, trial.seed)) }
      }[...]
    working = min(threads, waiting.count)
    for _ in 0..<working {
      let thread = Thread { self.work() }
      thread.name = "simulation"
      thread.start()
    }
  }

  /// A thread for each CPU that this process may use.
  static var allCPUs: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  private static func trial(_ work: SimulationWork, _ seed: UInt64) -> ClusterTrial {
    ClusterTrial(model: work.cluster, load: work.load, seed: seed)
  }

  /// Waits for a trial; `reached` is told the simulated time now and then, and says whether to go
  /// on.
  ///
  /// nil where it said no, or the pool has no such trial.
  func take(_ id: String, reached report: (Nanoseconds) -> Bool) -> Simulated? {
    state.lock()
    defer { state.unlock() }
    while !isStopped {
      if let result = ended.removeValue(forKey: id) { return result }
      guard working > 0 else { return nil }
      let time = reached[id] ?? .zero
      state.unlock()
      let goesOn = report(time)
      state.lock()
      guard goesOn else { return nil }
      if ended[id] == nil, working > 0 { state.wait() }
    }
    return nil
  }

  /// Lets no thread begin another trial, and waits until all have left theirs.
  func stop() {
    state.lock()
    isStopped = true
    while working > 0 { state.wait() }
    state.unlock()
  }

  private func work() {
    while let next = next() {
      let simulated = Self.simulate(next.trial) { time in self.mayGoOn(next.id, at: time) }
      state.lock()
      ended[next.id] = simulated
      reached[next.id] = nil
      state.broadcast()
      state.unlock()
    }
    state.lock()
    working -= 1
    state.broadcast()
    state.unlock()
  }

  private func next() -> (id: String, trial: ClusterTrial)? {
    state.lock()
    defer { state.unlock() }
    return isStopped ? nil : waiting.popFirst()
  }

  private func mayGoOn(_ id: String, at time: Nanoseconds) -> Bool {
    state.lock()
    defer { state.unlock() }
    reached[id] = time
    let now = MonotonicClock.now()
    if now - lastTold >= .milliseconds(200) {
      lastTold = now
      state.broadcast()
    }
    return !isStopped
  }

  private static func simulate(
    _ trial: ClusterTrial, _ mayGoOn: (Nanoseconds) -> Bool
  ) -> Simulated {
    let startedAt = WallClock.now()
    let begin = MonotonicClock.now()
    let outcome = trial.run(mayGoOn)
    return Simulated(
      outcome: outcome, startedAt: startedAt, tookNs: MonotonicClock.now() - begin)
  }
}
