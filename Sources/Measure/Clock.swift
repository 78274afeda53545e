public import CLinux

/// CLOCK_MONOTONIC of this machine, the one clock of every record.
public enum MonotonicClock {
  /// The time now; never goes back.
  public static func now() -> Nanoseconds { .init(cl_monotonic_ns()) }

  /// Sleeps until `deadline`; a signal may end it early.
  public static func sleep(until deadline: Nanoseconds) {
    _ = cl_sleep_until_ns(deadline.count)
  }
}

/// The cheap clock of hot loops: the time-stamp counter where it is steady, else CLOCK_MONOTONIC.
///
/// Ticks are turned into nanoseconds by `ticks * multiplier >> 32`; the multiplier comes from a
/// calibration against CLOCK_MONOTONIC (error below 10 ppm, checked by a test).
public struct TickClock: Sendable {
  /// Nanoseconds a tick, as a 32.32 fixed-point number.
  public let multiplier: UInt64
  /// Whether ticks are the processor's counter; if not they are nanoseconds.
  public let usesProcessorCounter: Bool

  /// Ticks now.
  @inlinable @inline(__always) public func now() -> UInt64 {
    usesProcessorCounter ? cl_tsc() : UInt64(bitPattern: cl_monotonic_ns())
  }

  /// Length of a span of ticks; wraps never (128-bit product).
  @inlinable @inline(__always) public func nanoseconds(_ ticks: UInt64) -> UInt64 {
    let product = ticks.multipliedFullWidth(by: multiplier)
    return product.high << 32 | product.low >> 32
  }

  /// Ticks in a span of time, rounded down.
  public func ticks(_ span: Nanoseconds) -> UInt64 {
    let wide = UInt64(max(span.count, 0)).multipliedFullWidth(by: 1 << 32)
    return multiplier.dividingFullWidth((wide.high, wide.low)).quotient
  }

  /// CLOCK_MONOTONIC itself, one tick a nanosecond.
  public static let monotonic = TickClock(multiplier: 1 << 32, usesProcessorCounter: false)

  /// Calibrates the processor's counter over 20 ms, or gives ``monotonic`` where it is not steady.
  ///
  /// Steady means: the kernel lists `constant_tsc` and `nonstop_tsc` in /proc/cpuinfo.
  public static func calibrated(counterIsSteady: Bool) -> TickClock {
    guard counterIsSteady, cl_has_tsc() == 1 else { return .monotonic }
    let (firstTicks, firstTime) = pairedReading()
    MonotonicClock.sleep(until: firstTime + .milliseconds(20))
    let (lastTicks, lastTime) = pairedReading()
    let ticks = lastTicks &- firstTicks
    let elapsed = UInt64((lastTime - firstTime).count)
    guard ticks > 0 else { return .monotonic }
    let wide = elapsed.multipliedFullWidth(by: 1 << 32)
    guard wide.high < ticks else { return .monotonic }
    let multiplier = ticks.dividingFullWidth((wide.high, wide.low)).quotient
    return TickClock(multiplier: multiplier, usesProcessorCounter: true)
  }

  /// Both clocks at one moment: of several tries the one whose two counter readings lie closest.
  private static func pairedReading() -> (ticks: UInt64, time: Nanoseconds) {
    var best: (ticks: UInt64, time: Nanoseconds) = (0, .zero)
    var narrowest = UInt64.max
    for _ in 0..<64 {
      let before = cl_tsc()
      let time = MonotonicClock.now()
      let width = cl_tsc() &- before
      if width < narrowest {
        narrowest = width
        best = (before &+ width / 2, time)
      }
    }
    return best
  }
}
