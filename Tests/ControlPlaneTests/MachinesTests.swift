import Measure
import Simulation
import Testing

@testable import ControlPlane

struct MachinesTests {
  private static let first: UInt8 = 0
  private static let second: UInt8 = 1

  @Test func whatAWorkingThreadWakesGoesNextAllElseInTheOrderInWhichItCame() {
    let asks = [
      Ask(1, at: 10), Ask(2, at: 10), Ask(3, at: 10, .next), Ask(4, at: 10),
    ]
    #expect(Rig.order(of: [Ask(0, at: 0)] + asks) == [0, 3, 1, 2, 4])
    // Of two that are woken the second goes first, and the first behind all others.
    let two = [Ask(1, at: 10), Ask(2, at: 10, .next), Ask(3, at: 10, .next), Ask(4, at: 10)]
    #expect(Rig.order(of: [Ask(0, at: 0)] + two) == [0, 3, 1, 2, 4])
  }

  @Test func aProcessorWithoutWorkTakesHalfOfWhatWaitsAtAnotherTheNewestOfThatFirst() {
    let asks = (0...7).map { Ask(UInt32($0), at: 0) }
    let done = Rig.run(asks, cpus: 2)
    // The first two have a processor each at once; then five wait at the one that has taken 2.
    #expect(done.map(\.index) == [0, 1, 2, 5, 6, 3, 7, 4])
    #expect(done.last?.at == .microseconds(400))
  }

  @Test func aProcessorTakesItsPartOfWhatIsAllProcessors() {
    let asks = (0...7).map { Ask(UInt32($0), at: 0, .common) }
    // Half of six and one, 2 to 5; then half of the two that are left and one.
    #expect(Rig.run(asks, cpus: 2).map(\.index) == [0, 1, 2, 6, 3, 7, 4, 5])
  }

  @Test func whatComesBackFromTheKernelWaitsForTheOwnQueueOrThe61stTurn() {
    let few = [Ask(0, at: 0), Ask(9, at: 10, .common), Ask(1, at: 10), Ask(2, at: 10)]
    #expect(Rig.order(of: few) == [0, 1, 2, 9])
    let many = (1...100).map { Ask(UInt32($0), at: 10) }
    let order = Rig.order(of: [Ask(0, at: 0), Ask(999, at: 10, .common)] + many)
    #expect(order.firstIndex(of: 999) == 60)
  }

  @Test func whatComesOverTheNetworkWaitsUntilABusyProgramHasNothingElse() {
    let asks = [Ask(0, at: 0), Ask(1, at: 10), Ask(9, at: 20, .thread(0)), Ask(2, at: 30)]
    #expect(Rig.order(of: asks, threads: [.polled]) == [0, 1, 2, 9])
    #expect(Rig.order(of: asks, threads: [.usual]) == [0, 1, 9, 2])
    // One that has nothing to do takes it as it comes.
    let lone = [Ask(9, at: 20, .thread(0)), Ask(2, at: 30)]
    #expect(Rig.order(of: lone, threads: [.polled]) == [9, 2])
  }

  @Test func aWriterThatYieldsTakesAllThatCameMeanwhileInOneTurn() {
    let asks = [
      Ask(0, at: 0), Ask(8, at: 10, .thread(0)), Ask(1, at: 20), Ask(9, at: 30, .thread(0)),
    ]
    let done = Rig.run(asks, threads: [.yields], turn: 50)
    #expect(done.map(\.index) == [0, 1, 8, 9])
    // Four times its cost, and one turn.
    #expect(done[2].at == .microseconds(450) && done[3].at == .microseconds(450))
  }

  @Test func aThreadThatWakesWaitsForTheTickOrForAnotherThreadsSliceToBeOver() {
    let busy = (0..<100).map { Ask(UInt32($0), at: 0) }
    let early = Rig.run(busy + [Ask(999, at: 500, of: Self.second)])
    #expect(early.first { $0.index == 999 }?.at == .microseconds(4100))
    let late = Rig.run(busy + [Ask(999, at: 2050, of: Self.second)])
    #expect(late.first { $0.index == 999 }?.at == .microseconds(2200))
  }

  @Test func aCPUThatAnotherProgramHadCostsMoreOnceEachTime() {
    let busy = (0..<100).map { Ask(UInt32($0), at: 0) }
    let asks = busy + [Ask(999, at: 2050, of: Self.second)]
    let ends = [0, 30].map { Rig.run(asks, switching: $0).last?.at ?? .zero }
    #expect(ends[1] - ends[0] == .microseconds(60))
    #expect(Rig.run(busy, switching: 30).last?.at == .microseconds(10_000))
  }
}

/// CPU time that is asked for: 100 us each.
private struct Ask {
  enum How { case usual, next, common, thread(Int) }

  let index: UInt32
  let at: Nanoseconds
  let how: How
  let process: UInt8

  init(_ index: UInt32, at microseconds: Int64, _ how: How = .usual, of process: UInt8 = 0) {
    self.index = index
    at = .microseconds(microseconds)
    self.how = how
    self.process = process
  }
}

/// A machine of few CPUs and two programs; what has had the CPU, in order.
private struct Rig: Model, ~Copyable {
  typealias Done = (index: UInt32, at: Nanoseconds)

  let asks: [Ask]
  var machines: Machines
  var done: [Done] = []

  static func order(of asks: [Ask], threads: [WorkerThread.Kind] = []) -> [UInt32] {
    run(asks, threads: threads).map(\.index)
  }

  static func run(
    _ asks: [Ask], cpus: Int = 1, threads: [WorkerThread.Kind] = [], turn: Int64 = 0,
    switching: Int64 = 0
  ) -> [Done] {
    var parameters = EtcdParameters()
    parameters.members = 2
    parameters.placement = .oneMachine
    parameters.cpus = cpus
    parameters.switchCPU = .microseconds(switching)
    var rig = Rig(
      asks: asks,
      machines: Machines(parameters, RandomStream(seed: 1, entity: 0, purpose: 0), nil))
    for kind in threads {
      _ = rig.machines.makeThread(of: 0, turnCPU: .microseconds(turn), kind: kind)
    }
    var loop = Loop(capacity: 256)
    for (place, ask) in asks.enumerated() {
      loop.schedule(Event(component: .load, what: 0, index: UInt32(place)), after: ask.at)
    }
    _ = loop.run(&rig, until: .seconds(1), limit: 100_000)
    return rig.done
  }

  mutating func handle(_ event: Event, in loop: inout Loop) {
    machines.reach(loop.now)
    if event.component == .load {
      ask(asks[Int(event.index)])
    } else {
      switch Etcd.Kind(rawValue: event.what) {
      case .turn: machines.endTurn(Int(event.lane), first: event.index, &loop)
      case .left: machines.leave(thread: Int(event.lane))
      case .written: done.append((event.index, loop.now))
      default:
        done.append((event.index, loop.now))
        machines.leave(UInt8(event.lane))
      }
    }
    machines.settle(&loop)
  }

  private mutating func ask(_ ask: Ask) {
    let cost = Nanoseconds.microseconds(100)
    let lane = UInt16(ask.process)
    let event = { (kind: Etcd.Kind) in
      Event(component: .etcd, what: kind.rawValue, lane: lane, index: ask.index)
    }
    switch ask.how {
    case .usual: machines.spend(cost, then: event(.spent), of: ask.process)
    case .next: machines.spend(cost, then: event(.spent), of: ask.process, .next)
    case .common: machines.spend(cost, then: event(.spent), of: ask.process, .common)
    case .thread(let number): machines.spend(cost, then: event(.written), by: number)
    }
  }

  static func fingerprint(of event: Event) -> UInt64 { UInt64(event.index) }
}
