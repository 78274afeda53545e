internal import CLinux
internal import Foundation
public import Host
public import Measure
internal import Synchronization

/// One operation beside a trial: it is triggered at its time, watched, and taken back.
///
/// Every wait has a deadline; what hangs in the kernel is left there, and said.
public final class OnlineOperationRun: Sendable {
  private struct State {
    var isOff = false
    var seen = OperationTimeline()
    var watched: OperationTimeline?
    var triggerHasEnded = false
    var watchHasEnded = false
    var undoHasBegun = false
    var undoHasEnded = false
  }

  private let operation: OnlineOperation
  private let entry: ChangeEntry?
  private let state = Mutex(State())
  private let box = WatchBox()

  /// Plans to run an operation; nothing happens yet.
  ///
  /// `entry` is where it is written down that it is triggered, before, and that it is taken back,
  /// so that whoever comes after a kill knows what is left to do.
  public init(_ operation: OnlineOperation, entry: ChangeEntry? = nil) {
    self.operation = operation
    self.entry = entry
  }

  /// Looks at how things are before the operation.
  ///
  /// Throws ``OperationFailure`` where what is expected cannot happen: do not start it then.
  public func arm() throws(OperationFailure) {
    guard let expectation = operation.expectation else { return }
    box.watch = try DeviceWatch(expectation)
  }

  /// Starts the operation: its time counts from `start` on CLOCK_MONOTONIC.
  public func start(measuringFrom start: Nanoseconds) {
    let time = start + operation.atNs
    if operation.expectation == nil {
      state.withLock { $0.watchHasEnded = true }
    } else {
      Thread.detachNewThread { [self] in watch(from: time) }
    }
    Thread.detachNewThread { [self] in trigger(at: time) }
  }

  /// Waits until all is seen that can be, then takes the operation back; gives what was seen.
  ///
  /// An operation that was not triggered yet never will be. `isInterrupted` is asked fifty times a
  /// second: then nothing is waited for but the way back.
  public func finish(_ isInterrupted: () -> Bool) -> OperationTimeline {
    state.withLock { if $0.seen.triggeredNs == nil { $0.isOff = true } }
    let limit = MonotonicClock.now() + operation.withinNs + operation.withinNs + .seconds(5)
    while MonotonicClock.now() < limit, !isInterrupted() {
      let isOver = state.withLock {
        $0.isOff || ($0.triggerHasEnded && $0.watchHasEnded)
      }
      if isOver { break }
      pause()
    }
    if state.withLock({ $0.seen.triggeredNs != nil }) { undo() }
    // One that began in mid-run has its own deadline.
    while MonotonicClock.now() < limit, state.withLock({ $0.undoHasBegun && !$0.undoHasEnded }) {
      pause()
    }
    return state.withLock { state in
      state.isOff = true
      return Self.merged(state)
    }
  }

  private static func merged(_ state: State) -> OperationTimeline {
    var result = state.watched ?? OperationTimeline()
    result.triggeredNs = state.seen.triggeredNs
    result.acceptedNs = state.seen.acceptedNs
    result.undoTriggeredNs = state.seen.undoTriggeredNs
    result.undoAcceptedNs = state.seen.undoAcceptedNs
    result.undoFailure = state.seen.undoFailure
    if let failure = state.seen.failure {
      result.failure = failure
    } else if state.seen.triggeredNs == nil {
      result.failure = "the trial ended before the operation was due: it was not triggered"
    } else if !state.triggerHasEnded && result.acceptedNs == nil {
      result.failure = "the operation did not end in time"
    } else if !state.watchHasEnded {
      result.failure = "sysfs did not answer in time"
    }
    return result
  }

  private func pause() {
    MonotonicClock.sleep(until: MonotonicClock.now() + .milliseconds(20))
  }

  // MARK: Threads

  private func trigger(at time: Nanoseconds) {
    cl_sharp_timers()
    defer { state.withLock { $0.triggerHasEnded = true } }
    guard sleep(until: time) else { return }
    guard let now = state.withLock({ due(&$0) }) else { return }
    do throws(OperationFailure) {
      let moment = try operation.trigger.perform(until: now + operation.withinNs)
      state.withLock { $0.seen.acceptedNs = moment }
    } catch {
      state.withLock { $0.seen.failure = error.description }
    }
    guard let after = operation.undo?.afterNs, sleep(until: now + after) else { return }
    undo()
  }

  /// The moment of the trigger; nil where the operation was called off, or is not written down.
  private func due(_ state: inout State) -> Nanoseconds? {
    guard !state.isOff else { return nil }
    do throws(HostError) {
      try entry?.reach(.triggered)
    } catch {
      state.seen.failure = "not triggered: \(error)"
      return nil
    }
    state.seen.triggeredNs = MonotonicClock.now()
    return state.seen.triggeredNs
  }

  /// Sleeps until a time; false where the operation was called off before.
  private func sleep(until time: Nanoseconds) -> Bool {
    while MonotonicClock.now() < time {
      if state.withLock({ $0.isOff || $0.undoHasBegun }) { return false }
      MonotonicClock.sleep(until: min(time, MonotonicClock.now() + .milliseconds(20)))
    }
    return true
  }

  /// Takes the operation back once, whoever comes first: its time, or the end of the trial.
  private func undo() {
    guard let undo = operation.undo else { return }
    let isFirst = state.withLock { state in
      guard !state.undoHasBegun else { return false }
      state.undoHasBegun = true
      state.seen.undoTriggeredNs = MonotonicClock.now()
      return true
    }
    guard isFirst else { return }
    defer { state.withLock { $0.undoHasEnded = true } }
    do throws(OperationFailure) {
      let moment = try undo.trigger.perform(until: MonotonicClock.now() + operation.withinNs)
      // The undone is not done again, even if the run is killed before the trial has ended.
      try? entry?.reach(.undone)
      state.withLock { $0.seen.undoAcceptedNs = moment }
    } catch {
      state.withLock { $0.seen.undoFailure = error.description }
    }
  }

  /// What is not copied may be handed to a thread in a class only.
  private final class WatchBox: @unchecked Sendable {
    var watch: DeviceWatch?
  }

  private func watch(from time: Nanoseconds) {
    cl_sharp_timers()
    defer { state.withLock { $0.watchHasEnded = true } }
    guard var watch = box.watch.take() else { return }
    guard sleep(until: time - .milliseconds(5)) else { return }
    watch.begin()
    let deadline = time + operation.withinNs
    while MonotonicClock.now() < deadline {
      // A refused operation is not waited for.
      if state.withLock({ $0.isOff || $0.seen.failure != nil }) { break }
      if watch.look(until: deadline) { break }
    }
    let seen = watch.finish()
    state.withLock { $0.watched = seen }
  }
}
