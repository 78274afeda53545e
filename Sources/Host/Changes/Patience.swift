internal import Foundation
internal import Measure
internal import Synchronization

/// System calls that block for as long as the kernel likes, waited for no longer than a span.
///
/// Such a call runs on a thread of its own, which is left behind when the span is over: a write to
/// sysfs cannot be called back.
enum Patience {
  private enum State<Value> {
    case running
    case done(Value)
    case givenUp
  }

  private final class Shared<Value: Sendable>: Sendable {
    let state = Mutex(State<Value>.running)
  }

  /// Runs `call`, waiting no longer than `span`.
  ///
  /// - Parameters:
  ///   - span: how long the caller waits.
  ///   - late: takes what a call gives that ends after nobody waits any more.
  ///   - call: the call.
  /// - Returns: what the call gave; nil when the span was over first.
  static func run<Value: Sendable>(
    within span: Nanoseconds, late: @escaping @Sendable (Value) -> Void = { _ in },
    _ call: @escaping @Sendable () -> Value
  ) -> Value? {
    let shared = Shared<Value>()
    Thread.detachNewThread {
      let value = call()
      let isLate = shared.state.withLock { state in
        if case .givenUp = state { return true }
        state = .done(value)
        return false
      }
      if isLate { late(value) }
    }
    var value: Value?
    let look: @Sendable () -> Value? = {
      shared.state.withLock { if case .done(let value) = $0 { value } else { nil } }
    }
    poll(for: span, every: .milliseconds(1)) {
      value = look()
      return value != nil
    }
    if value != nil { return value }
    return shared.state.withLock { state in
      if case .done(let value) = state { return value }
      state = .givenUp
      return nil
    }
  }

  /// Asks until the answer is yes or the span is over; gives the last answer.
  @discardableResult
  static func poll(
    for span: Nanoseconds, every pause: Nanoseconds = .milliseconds(5), _ isDone: () -> Bool
  ) -> Bool {
    let end = MonotonicClock.now() + span
    while !isDone() {
      let now = MonotonicClock.now()
      guard now < end else { return isDone() }
      MonotonicClock.sleep(until: min(now + pause, end))
    }
    return true
  }
}

extension MachineFiles {
  /// Writes a setting of the kernel, waiting no longer than `span` for it to take effect.
  ///
  /// Throws ``HostError`` where it is refused or takes longer.
  func write(_ text: String, to path: String, within span: Nanoseconds) throws(HostError) {
    let real = root + path
    switch Patience.run(within: span, { Files.write(text, to: real) }) {
    case 0: return
    case let code?: throw .refused(path, "write \"\(text)\"", code: code)
    case nil:
      throw HostError(
        path, "the kernel has not finished \"\(text)\" after \(Int(span.inSeconds)) s",
        remedy: "`dmesg` may tell what it waits for")
    }
  }
}
