import Measure
import Simulation
import TestSupport
import Testing

@testable import ControlPlane

/// Flow control against an implementation of its own in python, and against what it promises.
struct APIServerFlowControlTests {
  @Test(arguments: [
    (6000, [0, 735, 980, 245, 980, 2449, 490, 123]), (600, [0, 74, 98, 25, 98, 245, 49, 13]),
  ]) func seatsAreDividedByShares(seats: Int, expected: [Int]) {
    let control = FlowControl(FlowControlParameters(), seats: seats, servers: 2)
    for server in 0..<2 {
      #expect(control.levels(of: server).map { control.levels[$0].limit } == expected)
    }
    let level = control.level(.leaderElection, of: 1)
    #expect(control.levels[level].queueCount == 16 && control.levels[level].handSize == 4)
  }

  @Test(Requires.tool("python3")) func handsAreThoseOfTheDealer() throws {
    struct Case: Encodable { var hash: [UInt32], deck: Int, hand: Int }
    var stream = RandomStream(seed: 1, entity: 0, purpose: 0)
    var cases: [Case] = []
    var hands: [[Int]] = []
    for (deck, hand) in [(64, 6), (128, 6), (16, 4), (15, 15), (1, 1)] {
      for _ in 0..<50 {
        let hash = stream.next()
        cases.append(
          Case(hash: [UInt32(hash >> 32), UInt32(hash & 0xFFFF_FFFF)], deck: deck, hand: hand))
        let dealt = ShuffleSharding(hash, deckSize: deck, handSize: hand)
        hands.append((0..<hand).map { dealt[$0] })
        #expect(Set(hands[hands.count - 1]).count == hand)
      }
    }
    // A deck of cards from which one after the other is taken.
    let answers: [[Int]] = try PythonOracle.answers(
      """
      def answer(case):
        value = case["hash"][0] * 2**32 + case["hash"][1]
        deck, dealt = list(range(case["deck"])), []
        for _ in range(case["hand"]):
          value, place = divmod(value, len(deck))
          dealt.append(deck.pop(place))
        return dealt
      """, to: cases)
    #expect(answers == hands)
  }

  @Test(Requires.tool("python3"), arguments: [KubernetesProfile.v1_22, .modern], [0, 1, 2, 3])
  func requestsRunWhenTheOracleSaysSo(rules: KubernetesProfile, load: Int) throws {
    let trial = FlowTrial.drawn(rules, load: load)
    let outcomes = trial.run().outcomes
    let expected: [[FlowTrial.Outcome]] = try PythonOracle.answers(
      FlowTrial.oracle, to: [trial])
    #expect(outcomes.count == 600)
    #expect(outcomes.contains { $0.at != $0.arrived })
    if load == 2 { #expect(Set(outcomes.map(\.fate)) == ["ran", "full", "late"]) }
    let differing = zip(outcomes, expected[0]).first { $0 != $1 }
    #expect(differing == nil)
  }

  @Test(arguments: [KubernetesProfile.v1_22, .modern]) func seatsAreNeverMoreThanTheLevels(
    rules: KubernetesProfile
  ) {
    for seed in 0..<5 {
      let result = FlowTrial.drawn(rules, load: seed % 3, seed: UInt64(seed)).run()
      #expect(result.mostSeats <= 8)
      #expect(result.seatsLeft == 0 && result.waitingLeft == 0)
    }
  }

  @Test func aFlowOfFewRequestsIsServedBesideOneOfMany() {
    // 4 seats; one flow brings 50 times what they can serve, another a twentieth.
    var trial = FlowTrial(rules: .modern, seats: 4, queues: 64, hand: 6, length: 50)
    trial.waitLimit = 3_600_000_000_000
    for number in 0..<10_000 {
      let flow = number % 1000 == 999 ? 1 : 0
      trial.requests.append(
        FlowTrial.Arrival(
          at: Int64(number) * 50_000 + 1, flow: flow, seats: 1, final: 0, linger: 0,
          service: 10_000_000))
    }
    let outcomes = trial.run().outcomes
    let few = zip(outcomes, trial.requests).filter { $1.flow == 1 }.map(\.0)
    #expect(few.count == 10 && few.allSatisfy { $0.fate == "ran" })
    // The many fill six queues, of which it shares at most few: it waits for a turn of each.
    #expect(few.allSatisfy { $0.at - $0.arrived < 50_000_000 })
    #expect(outcomes.contains { $0.fate == "full" })
  }

  @Test(Requires.tool("python3")) func seatsAreLentInOneProportionWithinBounds() throws {
    struct Case: Encodable { var sum: Int, lower: [Double], upper: [Double], target: [Double] }
    var stream = RandomStream(seed: 3, entity: 0, purpose: 0)
    var cases: [Case] = []
    var ours: [[Double]] = []
    for _ in 0..<100 {
      var one = Case(sum: 600, lower: [], upper: [], target: [])
      var allocation = SeatAllocation(sum: 600)
      for level in 0..<8 {
        let lower = level == 0 ? 0 : Double(stream.below(75))
        let target = lower + Double(stream.below(300)) * (level % 2 == 0 ? 0 : 1)
        one.lower.append(lower)
        one.upper.append(lower + 100 + Double(stream.below(500)))
        one.target.append(target)
        allocation.add(lower: lower, upper: one.upper[level], target: target)
      }
      cases.append(one)
      ours.append(try #require(allocation.solve()))
    }
    let answers: [[Double]] = try PythonOracle.answers(
      """
      def answer(case):
        targets = [max(0.001, t) for t in case["target"]]
        bounds = list(zip(case["lower"], case["upper"], targets))
        def given(p): return [max(l, min(u, p * t)) for l, u, t in bounds]
        low, high = 0.0, 1e7
        for _ in range(200):
          middle = (low + high) / 2
          low, high = (middle, high) if sum(given(middle)) < case["sum"] else (low, middle)
        return given(high)
      """, to: cases)
    for (mine, theirs) in zip(ours, answers) {
      #expect(abs(mine.reduce(0, +) - 600) < 1e-6)
      #expect(zip(mine, theirs).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test func aBusyLevelBorrowsWhatAnIdleOneLends() {
    var control = FlowControl(FlowControlParameters(.modern), seats: 600, servers: 1)
    var requests = Slab<Request>(capacity: 1024)
    let busy = control.level(.workloadHigh, of: 0)
    let before = control.levels[busy].limit
    #expect(control.levels.indices.reduce(0) { $0 + control.levels[$1].limit } <= 604)
    for number in 0..<400 {
      let place = requests.insert(Request(.create, .pod, client: 0))
      _ = control.admit(
        place, to: busy, hash: UInt64(number) &* 0x9E37_79B9_7F4A_7C15, &requests, at: .zero)
      _ = control.dispatch(busy, &requests, at: .zero)
    }
    #expect(control.levels[busy].seatsInUse == before)
    control.adjustLimits(of: 0, at: .seconds(10))
    let after = control.levels[busy].limit
    #expect(after > 3 * before)
    // workload-low lends 90 % of its 245 seats, and not more.
    let lender = control.levels[control.level(.workloadLow, of: 0)]
    #expect(lender.limit >= lender.minimum && lender.minimum == 24)
  }

  @Test func impossibleParametersAreNamed() {
    #expect(APIServerParameters(.v1_22).fault == nil && APIServerParameters(.modern).fault == nil)
    var parameters = APIServerParameters()
    parameters.flowControl.levels[1].handSize = 12
    #expect(parameters.fault == "system deals too many cards of too many queues")
    parameters.flowControl.levels[1].handSize = 0
    #expect(parameters.fault == "system needs a hand of 1 to 64 queues, and room in each")
    parameters.flowControl.levels = []
    #expect(parameters.fault?.contains("catch-all") == true)
    parameters = APIServerParameters()
    parameters.watchCache.leastEvents = 2
    #expect(parameters.fault == "a watch cache holds at least 4 events, not 2")
    parameters.servers = 0
    #expect(parameters.fault == "there can be 1 to 32 API servers, not 0")
  }
}
