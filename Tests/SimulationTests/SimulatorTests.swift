import Measure
import Simulation
import Testing

/// Events that note when they came.
private struct Journal: Model {
  var seen: [(time: Int64, event: UInt32)] = []
  mutating func handle(_ event: UInt32, in simulator: inout Simulator<UInt32>) {
    seen.append((simulator.now.count, event))
    if event == 100 { simulator.schedule(now: 101) }
  }
  static func fingerprint(of event: UInt32) -> UInt64 { UInt64(event) }
}

struct SimulatorTests {
  @Test func eventsHappenInOrderOfTimeAndOfScheduling() {
    var simulator = Simulator<UInt32>()
    var model = Journal()
    var stream = RandomStream(seed: 7, entity: 0, purpose: 0)
    for event in 0..<1000 {
      simulator.schedule(UInt32(event) + 1000, after: Nanoseconds(Int64(stream.below(50))))
    }
    #expect(simulator.run(&model, until: .seconds(1)) == .ranDry)
    #expect(model.seen.count == 1000)
    for (left, right) in zip(model.seen, model.seen.dropFirst()) {
      #expect(left.time < right.time || (left.time == right.time && left.event < right.event))
    }
  }

  @Test func whatIsScheduledForNowComesAfterWhatIsDueNow() {
    var simulator = Simulator<UInt32>()
    var model = Journal()
    simulator.schedule(100, after: Nanoseconds(5))
    simulator.schedule(7, after: Nanoseconds(5))
    _ = simulator.run(&model, until: Nanoseconds(10))
    #expect(model.seen.map(\.event) == [100, 7, 101])
  }

  @Test func aCancelledTimerDoesNotGoOffAndItsSlotServesAgain() {
    var simulator = Simulator<UInt32>()
    var model = Journal()
    let first = simulator.arm(1, after: Nanoseconds(10))
    simulator.cancel(first)
    let second = simulator.arm(2, after: Nanoseconds(20))
    simulator.cancel(first)
    simulator.cancel(.none)
    _ = simulator.run(&model, until: Nanoseconds(100))
    simulator.cancel(second)
    #expect(model.seen.map(\.event) == [2])
    #expect(simulator.now == Nanoseconds(20))
  }
}
