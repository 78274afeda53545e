import Measure
import Testing

@testable import Simulation

/// Nodes that renew leases, with jobs of microseconds and timers cancelled on the way.
private struct Fleet: Model {
  static let nodes: UInt32 = 1000
  var streams = [RandomStream]()
  var deadlines = [Timer](repeating: .none, count: Int(nodes))

  init(seed: UInt64) {
    streams = (0..<Self.nodes).map { RandomStream(seed: seed, entity: $0, purpose: 3) }
  }

  /// A simulator with all nodes at random phases.
  mutating func start() -> Simulator<UInt32> {
    var simulator = Simulator<UInt32>()
    for node in 0..<Self.nodes {
      let phase = streams[Int(node)].below(10_000_000_000)
      simulator.schedule(node, after: Nanoseconds(Int64(phase)))
    }
    return simulator
  }

  mutating func handle(_ event: UInt32, in simulator: inout Simulator<UInt32>) {
    let node = Int(event & 0xFFFF)
    switch event >> 16 {
    case 0:  // Renew: the deadline moves on, work of some microseconds begins.
      simulator.cancel(deadlines[node])
      deadlines[node] = simulator.arm(event | 2 << 16, after: .seconds(40))
      simulator.schedule(event, after: .seconds(10))
      let work = 1_000 + Int64(streams[node].below(100_000))
      simulator.schedule(event | 1 << 16, after: Nanoseconds(work))
    case 1: if streams[node].below(2) == 0 { simulator.schedule(now: event | 3 << 16) }
    default: break
    }
  }

  static func fingerprint(of event: UInt32) -> UInt64 { UInt64(event) }
}

struct ReplayTests {
  static let events: UInt64 = 50_000
  /// Of seed 1; the same in debug and release builds, on every machine.
  static let trace: UInt64 = 5_349_457_554_939_869_750

  static func trace(seed: UInt64) -> UInt64 {
    var model = Fleet(seed: seed)
    var simulator = model.start()
    #expect(simulator.run(&model, until: Nanoseconds(.max), limit: events) == .spentBudget)
    return simulator.trace.value
  }

  @Test func theTraceIsTheCommittedOne() {
    #expect(Self.trace(seed: 1) == Self.trace)
    #expect(Self.trace(seed: 2) != Self.trace)
  }

  @Test(arguments: [1, 2])
  func theTraceIsTheSameOnAnyNumberOfThreads(threads: Int) async {
    let traces = await withTaskGroup(of: [UInt64].self) { group in
      for _ in 0..<threads {
        group.addTask { (0..<6 / threads).map { _ in Self.trace(seed: 1) } }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(traces == Array(repeating: Self.trace, count: 6))
  }

  /// Stops after each number of events, or at each end, and goes on.
  @Test func aRunInPiecesHasTheTraceOfOneGo() {
    var byEvents = Fleet(seed: 1)
    var first = byEvents.start()
    var limit: UInt64 = 0
    while limit < Self.events {
      limit = min(limit + 1 + limit % 97, Self.events)
      #expect(first.run(&byEvents, until: Nanoseconds(.max), limit: limit) == .spentBudget)
      #expect(first.handled == limit)
    }
    #expect(first.trace.value == Self.trace)

    var byTime = Fleet(seed: 1)
    var second = byTime.start()
    var end = Nanoseconds.zero
    var stop = Stop.reachedEnd
    while stop == .reachedEnd {
      end = end + .microseconds(700)
      stop = second.run(&byTime, until: end, limit: Self.events)
    }
    #expect(stop == .spentBudget && second.trace.value == Self.trace)
  }

  /// Memory of the pending events in all, after each has happened twice.
  private func bytes(pending: Int, delay: (inout RandomStream) -> Int64) -> Int {
    struct Again: Model {
      static func fingerprint(of event: UInt64) -> UInt64 { event }
      mutating func handle(_ event: UInt64, in simulator: inout Simulator<UInt64>) {
        simulator.schedule(event, after: Nanoseconds(Int64(event)))
      }
    }
    var stream = RandomStream(seed: 3, entity: 0, purpose: 0)
    var simulator = Simulator<UInt64>()
    var model = Again()
    for _ in 0..<pending {
      let delay = delay(&stream)
      simulator.schedule(UInt64(delay), after: Nanoseconds(delay))
    }
    _ = simulator.run(&model, until: Nanoseconds(.max), limit: UInt64(pending) * 2)
    #expect(simulator.pending == pending)
    return simulator.queue.reservedBytes
  }

  /// Few events may lie one to a chunk, of 400 bytes each: below 10 000 the sum counts.
  @Test(arguments: [(100, 64_000), (1_000, 160_000), (10_000, 640_000), (100_000, 6_400_000)])
  func aPendingEventTakesAtMost64Bytes(pending: Int, limit: Int) {
    let uniform = bytes(pending: pending) { Int64($0.below(10_000_000_000)) }
    let mixed = bytes(pending: pending) { 1 + Int64($0.next() >> (24 + $0.below(32))) }
    let equal = bytes(pending: pending) { _ in 300_000_000_000 }
    #expect(max(uniform, mixed, equal) <= limit, "\(uniform), \(mixed), \(equal)")
  }
}
