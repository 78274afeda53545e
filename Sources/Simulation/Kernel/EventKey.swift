public import Measure

/// When an event happens, and its place among the events of one instant: 16 bytes.
///
/// The low word holds a 40-bit sequence number above a 24-bit timer slot. Sequence numbers are
/// never used twice, so the order is total and the slot never decides it. Slot 0 is no timer.
public struct EventKey: Comparable, BitwiseCopyable, Sendable {
  @usableFromInline let time: Int64
  @usableFromInline let word: UInt64

  /// Sequence numbers run below this: 2^40, about 10^12 events in one simulation.
  public static let sequenceLimit: UInt64 = 1 << 40
  /// Timers that can be pending at once.
  public static let timerLimit = 1 << 24

  @inlinable init(time: Int64, sequence: UInt64, slot: UInt32 = 0) {
    self.time = time
    word = sequence << 24 | UInt64(slot)
  }

  /// The instant of the event, from the start of the simulation.
  @inlinable public var instant: Nanoseconds { Nanoseconds(time) }

  @inlinable var sequence: UInt64 { word >> 24 }
  @inlinable var slot: UInt32 { UInt32(truncatingIfNeeded: word & 0xFF_FFFF) }

  /// Orders by instant, then by the order in which the events were scheduled.
  @inlinable @inline(__always)
  public static func < (left: EventKey, right: EventKey) -> Bool {
    left.time < right.time || (left.time == right.time && left.word < right.word)
  }
}
