public import Measure

/// What a simulation is of: its state, and what each event does to it.
///
/// Events are plain values of few bytes; `handle` is a `switch` over them. It may schedule further
/// events through `simulator`, and must take every random number from streams of its own seed.
public protocol Model: ~Copyable {
  associatedtype Event: BitwiseCopyable

  /// Lets `event` happen at `simulator.now`.
  mutating func handle(_ event: Event, in simulator: inout Simulator<Event>)

  /// What of an event goes into the trace hash: any 64 bits that tell events apart.
  static func fingerprint(of event: Event) -> UInt64
}

/// An armed timer, for `Simulator.cancel`.
public struct Timer: BitwiseCopyable, Equatable, Sendable {
  @usableFromInline let word: UInt64
  /// No timer: to cancel it does nothing.
  public static let none = Timer(word: 0)
  @inlinable init(word: UInt64) { self.word = word }
}

/// Why `Simulator.run` came back.
public enum Stop: Equatable, Sendable {
  /// The clock reached the end that was asked for.
  case reachedEnd
  /// No event is left.
  case ranDry
  /// As many events as allowed have happened.
  case spentBudget
}

/// The clock and the pending events of one simulation.
///
/// Events happen in order of time and, within an instant, in the order in which they were
/// scheduled: the same seed gives the same run on every machine. Plain memory, no locks: one
/// simulation belongs to one thread.
public struct Simulator<Event: BitwiseCopyable>: ~Copyable {
  @usableFromInline var queue: EventQueue<Event>
  /// Events of this very instant, in order: most of a model's hand-overs, spared the queue.
  @usableFromInline var immediate = Ring<Event>(capacity: 64)
  @usableFromInline var clock: Int64 = 0
  @usableFromInline var happened: UInt64 = 0
  @usableFromInline var hash = TraceHash()
  @usableFromInline var sequence: UInt64 = 1
  /// The sequence word of the event that each timer slot waits for; 0 is a free slot.
  @usableFromInline var timers = Table<UInt64>(repeating: 0, count: 1)
  @usableFromInline var freeSlots = Table<UInt32>(capacity: 64)

  /// The time since the start of the simulation.
  @inlinable public var now: Nanoseconds { Nanoseconds(clock) }
  /// How many events have happened.
  @inlinable public var handled: UInt64 { happened }
  /// A hash of every event that has happened, with its instant, in order.
  @inlinable public var trace: TraceHash { hash }

  /// Starts at time zero with room for `capacity` pending events before memory grows.
  @inlinable public init(capacity: Int = 1024) { queue = EventQueue(capacity: capacity) }

  /// How many events are pending, cancelled timers that are not yet due included.
  @inlinable public var pending: Int { queue.count + immediate.count }

  /// Looks at every pending event with its instant, in no order of use; cancelled timers that are
  /// not yet due are left out.
  ///
  /// O(pending).
  public func forEachPending(_ body: (Event, Nanoseconds) -> Void) {
    for index in 0..<immediate.count { body(immediate[index], now) }
    queue.forEach { pending in
      let slot = Int(pending.key.slot)
      guard slot == 0 || timers[slot] == pending.key.word else { return }
      body(pending.payload, pending.key.instant)
    }
  }

  /// Lets `event` happen `delay` from now; a delay below zero is a fault of the model.
  @inlinable public mutating func schedule(_ event: Event, after delay: Nanoseconds) {
    precondition(delay.count >= 0, "an event was scheduled in the past")
    queue.insert(key(after: delay), event)
  }

  /// Lets `event` happen now, after all that is already due now.
  ///
  /// O(1).
  @inlinable public mutating func schedule(now event: Event) { immediate.append(event) }

  /// Lets `event` happen `delay` from now unless it is cancelled before.
  @inlinable public mutating func arm(_ event: Event, after delay: Nanoseconds) -> Timer {
    precondition(delay.count >= 0, "a timer was armed in the past")
    let slot = freeSlots.count > 0 ? freeSlots.removeLast() : UInt32(timers.append(0))
    precondition(Int(slot) < EventKey.timerLimit, "more timers than there are slots")
    let key = key(after: delay, slot: slot)
    timers[Int(slot)] = key.word
    queue.insert(key, event)
    return Timer(word: key.word)
  }

  /// Cancels `timer`; one that has gone off, or was cancelled before, is left alone.
  ///
  /// O(1).
  @inlinable public mutating func cancel(_ timer: Timer) {
    let slot = UInt32(truncatingIfNeeded: timer.word & 0xFF_FFFF)
    guard slot != 0, timers[Int(slot)] == timer.word else { return }
    timers[Int(slot)] = 0
    freeSlots.append(slot)
  }

  /// Lets events happen until `end` (those at `end` included) or until `limit` have happened.
  ///
  /// The clock stands at `end` afterwards if that is why it stopped. Can be called again to go on.
  @inlinable public mutating func run<M: Model & ~Copyable>(
    _ model: inout M, until end: Nanoseconds, limit: UInt64 = .max
  ) -> Stop where M.Event == Event {
    while happened < limit {
      let bound = immediate.count > 0 ? clock : end.count
      guard queue.isDue(by: bound) else {
        if immediate.count > 0 {
          happen(immediate.removeFirst(), to: &model)
          continue
        }
        if queue.count == 0 { return .ranDry }
        clock = max(clock, end.count)
        return .reachedEnd
      }
      let event = queue.removeFirst()
      guard isDue(event.key) else { continue }
      clock = event.time
      happen(event.payload, to: &model)
    }
    return .spentBudget
  }

  @inlinable @inline(__always) mutating func happen<M: Model & ~Copyable>(
    _ event: Event, to model: inout M
  ) where M.Event == Event {
    happened &+= 1
    hash.add(clock, M.fingerprint(of: event))
    model.handle(event, in: &self)
  }

  @inlinable @inline(__always) mutating func key(
    after delay: Nanoseconds, slot: UInt32 = 0
  ) -> EventKey {
    let (time, overflow) = clock.addingReportingOverflow(delay.count)
    precondition(!overflow && sequence < EventKey.sequenceLimit, "the simulation is too long")
    defer { sequence += 1 }
    return EventKey(time: time, sequence: sequence, slot: slot)
  }

  /// False for a timer that was cancelled; one that goes off gives its slot back.
  @inlinable @inline(__always) mutating func isDue(_ key: EventKey) -> Bool {
    guard key.slot != 0 else { return true }
    guard timers[Int(key.slot)] == key.word else { return false }
    timers[Int(key.slot)] = 0
    freeSlots.append(key.slot)
    return true
  }
}
