import Measure
import Testing

@testable import Simulation

/// How far ahead events are scheduled.
private enum Delays: String, CaseIterable {
  case exponential, none, oneInstant, fewInstants, bimodal, spread, farAndNear, tight

  func draw(_ stream: inout RandomStream) -> Int64 {
    switch self {
    case .exponential:  // Geometric over octaves: each an octave shorter than the other.
      return Int64(stream.next() >> (24 + UInt64(stream.next().trailingZeroBitCount)) & 0xFFFF_FFFF)
    case .none: return 0
    case .oneInstant: return 10_000_000_000
    case .fewInstants: return Int64(stream.below(4)) * 1_000_000_000
    case .bimodal:  // Microseconds beside 300 s, as a control plane has.
      return Int64(stream.below(2) == 0 ? stream.below(5_000) : 300_000_000_000 + stream.below(9))
    case .spread: return Int64(stream.next() >> (8 + stream.below(56)))
    case .farAndNear: return Int64(stream.below(50) == 0 ? (1 << 61) >> stream.below(20) : 1)
    case .tight: return Int64(stream.below(70))
    }
  }
}

/// Schedules, arms and cancels at random, and knows by a sorted array what must come next.
private struct Script: Model {
  struct Expected: Comparable {
    let time: Int64
    let isImmediate: Bool
    let order: UInt32
    static func < (left: Self, right: Self) -> Bool {
      (left.time, left.isImmediate ? 1 : 0, left.order)
        < (right.time, right.isImmediate ? 1 : 0, right.order)
    }
  }

  let delays: Delays
  var stream: RandomStream
  /// The latest is first.
  var expected: [Expected] = []
  var timers: [(timer: Timer, expected: Expected)] = []
  var scheduled: UInt32 = 0
  let budget: UInt32
  var mistakes: [String] = []

  init(_ delays: Delays, seed: UInt64, budget: UInt32) {
    self.delays = delays
    self.budget = budget
    stream = RandomStream(seed: seed, entity: 1, purpose: 1)
  }

  static func fingerprint(of event: UInt32) -> UInt64 { UInt64(event) }

  func place(of wanted: Expected) -> Int {
    var low = 0
    var high = expected.count
    while low < high {
      let middle = (low + high) / 2
      if expected[middle] > wanted { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func expect(_ time: Int64, isImmediate: Bool = false) -> Expected {
    let new = Expected(time: time, isImmediate: isImmediate, order: scheduled)
    expected.insert(new, at: place(of: new))
    scheduled += 1
    return new
  }

  /// Grows for a while, then shrinks, and so on.
  mutating func act(on simulator: inout Simulator<UInt32>) {
    let isGrowing = scheduled / 512 % 2 == 0
    for _ in 0..<stream.below(isGrowing ? 4 : 2) where scheduled < budget {
      let delay = delays.draw(&stream)
      let (time, overflow) = simulator.now.count.addingReportingOverflow(delay)
      guard !overflow else { continue }
      switch stream.below(8) {
      case 0:
        simulator.schedule(now: scheduled)
        _ = expect(simulator.now.count, isImmediate: true)
      case 1...3:
        let timer = simulator.arm(scheduled, after: Nanoseconds(delay))
        timers.append((timer, expect(time)))
      default:
        simulator.schedule(scheduled, after: Nanoseconds(delay))
        _ = expect(time)
      }
    }
    // Also timers that have gone off, and some twice.
    guard !timers.isEmpty, stream.below(3) == 0 else { return }
    let chosen = timers[Int(stream.below(UInt64(timers.count)))]
    simulator.cancel(chosen.timer)
    let place = place(of: chosen.expected)
    if place < expected.count, expected[place] == chosen.expected { expected.remove(at: place) }
  }

  mutating func handle(_ event: UInt32, in simulator: inout Simulator<UInt32>) {
    let next = expected.popLast()
    if next?.order != event || next?.time != simulator.now.count {
      mistakes.append("\(event) at \(simulator.now.count), but due was \(String(describing: next))")
    }
    act(on: &simulator)
  }
}

struct EventOrderTests {
  /// Runs in pieces of random length, and schedules between them too.
  @Test(arguments: Delays.allCases)
  private func orderIsThatOfASortedArray(_ delays: Delays) {
    for seed in 0..<20 as Range<UInt64> {
      var simulator = Simulator<UInt32>(capacity: 4)
      var model = Script(delays, seed: seed, budget: 3000)
      var driver = RandomStream(seed: seed, entity: 2, purpose: 1)
      var stops: [Stop] = []
      while model.scheduled < model.budget || simulator.pending > 0 {
        for _ in 0..<4 { model.act(on: &simulator) }
        let ahead = Delays.spread.draw(&driver)
        let (end, isFar) = simulator.now.count.addingReportingOverflow(ahead)
        let stop = simulator.run(
          &model, until: isFar ? Nanoseconds(.max) : Nanoseconds(end),
          limit: driver.below(2) == 0 ? .max : simulator.handled + driver.below(200))
        switch stop {
        case .reachedEnd: #expect(simulator.now.count == end)
        case .ranDry: #expect(model.expected.isEmpty && simulator.pending == 0)
        case .spentBudget: break
        }
        stops.append(stop)
        // Late in the day no delay fits any more.
        if simulator.now.count > 1 << 62, simulator.pending == 0 { break }
      }
      #expect(model.mistakes.isEmpty, "\(delays), seed \(seed): \(model.mistakes.prefix(3))")
      #expect(model.expected.isEmpty, "\(delays), seed \(seed): events were lost")
      #expect(simulator.handled > 300)
    }
  }

  /// Counts what comes, in the order of its number.
  private struct InTurn: Model {
    var next: UInt32 = 0
    var isInTurn = true
    /// How many events to schedule for the instant of others, and the number before theirs.
    var more: UInt32 = 0
    var last: UInt32 = 0
    mutating func handle(_ event: UInt32, in simulator: inout Simulator<UInt32>) {
      isInTurn = isInTurn && event == next
      next += 1
      if more > 0 {
        simulator.schedule(last + 1, after: .zero)
        last += 1
        more -= 1
      }
    }
    static func fingerprint(of event: UInt32) -> UInt64 { UInt64(event) }
  }

  @Test func manyEventsOfOneInstantKeepTheirOrder() {
    var simulator = Simulator<UInt32>()
    var model = InTurn()
    model.more = 50_000
    model.last = 49_999
    for event in 0..<50_000 as Range<UInt32> {
      simulator.schedule(event, after: .seconds(300))
    }
    #expect(simulator.run(&model, until: .seconds(300)) == .ranDry)
    #expect(model.isInTurn && model.next == 100_000)
  }

  /// Descending times are the worst order for what is kept sorted.
  @Test func eventsBeforeAllOthersAreTakenInTurn() {
    var simulator = Simulator<UInt32>()
    var model = InTurn()
    simulator.schedule(0, after: Nanoseconds(1))
    _ = simulator.run(&model, until: Nanoseconds(1))
    let count: UInt32 = 20_000
    for event in (1...count).reversed() {
      simulator.schedule(event, after: Nanoseconds(Int64(event) << 20))
    }
    #expect(simulator.run(&model, until: .seconds(100_000)) == .ranDry)
    #expect(model.isInTurn && model.next == count + 1)
  }

  /// Cancelled timers are ahead of the clock when nothing else is left.
  @Test func afterRunningDryEarlierEventsMayCome() {
    var simulator = Simulator<UInt32>()
    var model = InTurn()
    simulator.schedule(0, after: Nanoseconds(10))
    let timer = simulator.arm(99, after: .seconds(300))
    simulator.cancel(timer)
    #expect(simulator.run(&model, until: .seconds(1000)) == .ranDry)
    #expect(simulator.now == Nanoseconds(10))
    simulator.schedule(2, after: Nanoseconds(7))
    simulator.schedule(1, after: Nanoseconds(5))
    #expect(simulator.run(&model, until: .seconds(1000)) == .ranDry)
    #expect(model.isInTurn && simulator.now == Nanoseconds(17))
  }

  private struct Count: Model {
    var seen = 0
    mutating func handle(_ event: UInt32, in simulator: inout Simulator<UInt32>) { seen += 1 }
    static func fingerprint(of event: UInt32) -> UInt64 { UInt64(event) }
  }

  @Test func slotsOfTimersServeAgainWhetherTheyWentOffOrNot() {
    var simulator = Simulator<UInt32>()
    var model = Count()
    for _ in 0..<100 {
      let timers = (0..<1000).map { _ in simulator.arm(7, after: .seconds(1)) }
      for timer in timers.prefix(500) { simulator.cancel(timer) }
      _ = simulator.run(&model, until: simulator.now + .seconds(2))
    }
    #expect(model.seen == 100 * 500)
    // Slot 0 is no timer's.
    #expect(simulator.timers.count == 1001)
  }
}
