import CLinux
import Foundation
import Measure
import TestSupport
import Testing

@Suite(.serialized) struct ClockTests {
  private var counterIsSteady: Bool {
    let flags = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    return flags.contains("constant_tsc") && flags.contains("nonstop_tsc")
  }

  /// Both clocks as close together as this busy machine lets them be read.
  private func pair(_ clock: TickClock) -> (ticks: UInt64, time: Int64) {
    (0..<100).map { _ in
      let before = clock.now()
      let time = MonotonicClock.now().count
      let after = clock.now()
      return (after &- before, (before &+ (after &- before) / 2, time))
    }.min { $0.0 < $1.0 }?.1 ?? (0, 0)
  }

  @Test func ticksKeepPaceWithTheMonotonicClock() {
    let clock = TickClock.calibrated(counterIsSteady: counterIsSteady)
    let first = pair(clock)
    MonotonicClock.sleep(until: MonotonicClock.now() + .milliseconds(120))
    let last = pair(clock)
    let ours = Double(clock.nanoseconds(last.ticks &- first.ticks))
    let theirs = Double(last.time - first.time)
    #expect(abs(ours / theirs - 1) < 50e-6)
  }

  @Test func conversionRisesAndReturns() {
    for clock in [TickClock.calibrated(counterIsSteady: counterIsSteady), .monotonic] {
      var last: UInt64 = 0
      for ticks in 0..<20_000 as Range<UInt64> {
        let span = clock.nanoseconds(ticks)
        #expect(span >= last)
        last = span
      }
      // A month does not overflow, and comes back within one tick's worth.
      for span in [0, 1, 999, 1_000_000_000, 2_592_000_000_000_000] as [Int64] {
        let back = clock.nanoseconds(clock.ticks(Nanoseconds(span)))
        #expect(abs(Int64(back) - span) <= 2)
      }
    }
    #expect(TickClock.monotonic.nanoseconds(.max) == .max)
    #expect(TickClock.monotonic.ticks(Nanoseconds(-5)) == 0)
  }

  @Test func withoutASteadyCounterItIsTheMonotonicClock() {
    let clock = TickClock.calibrated(counterIsSteady: false)
    #expect(!clock.usesProcessorCounter)
    let before = MonotonicClock.now().count
    let now = Int64(clock.now())
    #expect(before <= now && now <= MonotonicClock.now().count)
  }
}
