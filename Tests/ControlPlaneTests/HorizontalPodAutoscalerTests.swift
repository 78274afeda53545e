import Measure
import Simulation
import Testing

@testable import ControlPlane

/// The algorithm by itself, against trajectories worked out by hand.
struct HorizontalPodAutoscalerTests {
  // MARK: What metrics ask for

  @Test func allPodsMeasuredGiveTheRatioOfWholePercents() {
    // 10 pods of 1000m use 999m each: 99 %, cut off; 99 / 60 = 1.65, and 16.5 pods are 17.
    let pods = ReplicaCalculator.Pods(measured: 10, average: 999)
    #expect(cpu(pods, current: 10) == 17)
    // 65 % is within a tenth of 60 %; 67 % is not.
    #expect(cpu(.init(measured: 10, average: 650), current: 10) == 10)
    #expect(cpu(.init(measured: 10, average: 670), current: 10) == 12)
    #expect(cpu(.init(measured: 10, average: 530), current: 10) == 9)
    #expect(requests(.init(measured: 10, average: 833_000), current: 10) == 17)
  }

  @Test func podsThatDoNotRunYetCountAsIdleWhenGoingUp() {
    // 10 at 100 %, 10 pending: 1000 % over 20 pods is 50 %, which would turn the direction.
    #expect(cpu(.init(measured: 10, pending: 10, average: 1000), current: 20) == 20)
    // 10 at 100 %, 2 pending: 83 % over 12, 1.383 times 12 is 16.6.
    #expect(cpu(.init(measured: 10, pending: 2, average: 1000), current: 12) == 17)
    // Going down they do not count: 10 at 30 % are half, whatever is pending.
    #expect(cpu(.init(measured: 10, pending: 5, average: 300), current: 15) == 5)
  }

  @Test func podsWithoutMetricsCountAgainstTheDirection() {
    // Up: 10 at 100 %, 2 missing at 0: 83 % over 12 pods.
    #expect(cpu(.init(measured: 10, missing: 2, average: 1000), current: 12) == 17)
    // Down: 10 at 30 %, 2 missing at 100 %: 500 / 12 = 41 %, 0.683 times 12 is 8.2.
    #expect(cpu(.init(measured: 10, missing: 2, average: 300), current: 12) == 9)
    // Down by a mean, missing at the target: (10 * 100 + 2 * 500) / 12 = 166.666 of 500.
    #expect(requests(.init(measured: 10, missing: 2, average: 100_000), current: 12) == 4)
    #expect(cpu(.init(measured: 0, missing: 2, average: 0), current: 2) == nil)
  }

  private func cpu(_ pods: ReplicaCalculator.Pods, current: Int32) -> Int32? {
    ReplicaCalculator.replicas(
      pods, .utilization(60, request: 1000), current: current, tolerance: 0.1)
  }

  private func requests(_ pods: ReplicaCalculator.Pods, current: Int32) -> Int32? {
    ReplicaCalculator.replicas(pods, .average(500_000), current: current, tolerance: 0.1)
  }

  // MARK: How fast

  @Test func thePublishedAutoscalerGoesUpByTheLargerOfItsPolicies() {
    let changes = changes(.frontend, from: 10, until: 720) { _ in 500 }
    // 10 pods a minute up to 60, where 20 % are more.
    #expect(
      changes == [
        0: 20, 60: 30, 120: 40, 180: 50, 240: 60, 300: 72, 360: 87, 420: 105, 480: 126, 540: 152,
        600: 183, 660: 200,
      ])
  }

  @Test func thePublishedAutoscalerGoesDownByTheSmallerAfterFiveMinutes() {
    let changes = changes(.frontend, from: 60, until: 1320) { _ in 1 }
    #expect(
      changes == [
        300: 55, 360: 50, 420: 45, 480: 40, 540: 36, 600: 32, 660: 28, 720: 25, 780: 22, 840: 19,
        900: 17, 960: 15, 1020: 13, 1080: 11, 1140: 10,
      ])
  }

  @Test func theDefaultsDoubleEveryFifteenSecondsAndFallAtOnce() {
    var autoscaler = HorizontalPodAutoscaler(maximum: 100, metrics: [.cpu(.percent(60))])
    autoscaler.minimum = 1
    #expect(
      changes(autoscaler, from: 1, until: 120) { _ in 1000 }
        == [0: 5, 15: 10, 30: 20, 45: 40, 60: 80, 75: 100])
    #expect(changes(autoscaler, from: 100, until: 600) { _ in 3 } == [300: 3])
  }

  @Test func aHighRecommendationHoldsForTheWholeWindow() {
    var autoscaler = HorizontalPodAutoscaler(maximum: 100, metrics: [.cpu(.percent(60))])
    autoscaler.scaleUp = ScalingRules(
      stabilization: .zero, policies: [.init(.pods(1), per: .seconds(600))])
    // It asks for 90 once, may go up by one pod, and must not go on up once it asks for less; it
    // falls when the 90 has left the window (k/k #97348).
    let changes = changes(autoscaler, from: 20, until: 900) { $0 == 60 ? 90 : 5 }
    #expect(changes == [60: 21, 360: 5])
  }

  @Test func disabledDirectionsStay() {
    var autoscaler = HorizontalPodAutoscaler(maximum: 100, metrics: [.cpu(.percent(60))])
    autoscaler.scaleDown.selection = .disabled
    #expect(changes(autoscaler, from: 50, until: 900) { _ in 1 }.isEmpty)
    autoscaler.scaleUp.selection = .disabled
    #expect(changes(autoscaler, from: 50, until: 900) { _ in 90 }.isEmpty)
    #expect(changes(autoscaler, from: 120, until: 30) { _ in 90 } == [0: 100])
  }

  @Test func aPeriodsStartCountsBothDirectionsSince1_25() {
    var rules = HorizontalPodAutoscaler(maximum: 100, metrics: [.cpu(.percent(60))])
    rules.scaleUp = ScalingRules(
      stabilization: .zero, policies: [.init(.pods(4), per: .seconds(300))])
    rules.scaleDown = ScalingRules(
      stabilization: .zero, policies: [.init(.pods(8), per: .seconds(300))])
    // Down from 20 to 12; then up by 4 from 12, or from the 20 that were there when it began.
    let wanted: (Int) -> Int32 = { $0 == 0 ? 1 : 90 }
    #expect(changes(rules, from: 20, until: 60, wanted) == [0: 12, 15: 16])
    #expect(changes(rules, .modern, from: 20, until: 60, wanted) == [0: 12, 15: 24])
  }

  /// Replicas after each change, by second, of an autoscaler that has its turn every 15 s.
  private func changes(
    _ autoscaler: HorizontalPodAutoscaler, _ profile: KubernetesProfile = .v1_22,
    from first: Int32, until end: Int, _ wanted: (Int) -> Int32
  ) -> [Int: Int32] {
    var memory = ScalingMemory([autoscaler], PodAutoscalingParameters(profile))
    var current = first
    var changes: [Int: Int32] = [:]
    for second in stride(from: 0, to: end, by: 15) {
      let now = Nanoseconds.seconds(Int64(second))
      let next = memory.decide(
        0, autoscaler, current: current, wanted: wanted(second), at: now)
      guard next != current else { continue }
      memory.note(0, from: current, to: next, at: now)
      current = next
      changes[second] = next
    }
    return changes
  }

  // MARK: Always

  @Test(arguments: 0..<40)
  func itStaysWithinItsLimitsAndItsPolicies(seed: UInt64) {
    var stream = RandomStream(seed: seed, entity: 0, purpose: 1)
    let autoscaler = Self.anyAutoscaler(&stream)
    var memory = ScalingMemory([autoscaler], PodAutoscalingParameters())
    var current = Int32(autoscaler.minimum)
    var log: [(at: Nanoseconds, change: Int32)] = []
    var now = Nanoseconds.zero
    var wanted = Int32(autoscaler.maximum)
    for _ in 0..<2000 {
      // A worker that is late now and then, as it is when the API is slow.
      now = now + .milliseconds(15_000 + Int64(stream.below(3) == 0 ? stream.below(9000) : 0))
      // Recommendations stay for a while: else no window would ever let them through.
      if stream.below(25) == 0 {
        wanted = Int32(1 + stream.below(UInt64(2 * autoscaler.maximum)))
      }
      let next = memory.decide(0, autoscaler, current: current, wanted: wanted, at: now)
      #expect(next >= autoscaler.minimum && next <= autoscaler.maximum)
      if next != current {
        memory.note(0, from: current, to: next, at: now)
        let rules = next > current ? autoscaler.scaleUp : autoscaler.scaleDown
        #expect(Self.allows(rules, current, next, log, now))
        log.append((now, next - current))
      }
      current = next
    }
    #expect(log.count > 10)
  }

  private static func anyAutoscaler(_ stream: inout RandomStream) -> HorizontalPodAutoscaler {
    var autoscaler = HorizontalPodAutoscaler(
      maximum: 20 + Int(stream.below(200)), metrics: [.cpu(.percent(60))])
    autoscaler.minimum = 1 + Int(stream.below(10))
    autoscaler.scaleUp = anyRules(&stream)
    autoscaler.scaleDown = anyRules(&stream)
    return autoscaler
  }

  private static func anyRules(_ stream: inout RandomStream) -> ScalingRules {
    var policies: [ScalingRules.Policy] = []
    for _ in 0...stream.below(3) {
      let value = 1 + Int(stream.below(60))
      policies.append(
        .init(
          stream.below(2) == 0 ? .pods(value) : .percent(value),
          per: .seconds(15 + Int64(stream.below(600)))))
    }
    return ScalingRules(
      stabilization: .seconds(Int64(stream.below(400))), policies: policies,
      selection: stream.below(2) == 0 ? .max : .min)
  }

  /// Whether a change, with those of its direction in each policy's period, is one that policies
  /// allow; worked out from a log of all changes rather than from what the autoscaler keeps.
  private static func allows(
    _ rules: ScalingRules, _ current: Int32, _ next: Int32,
    _ log: [(at: Nanoseconds, change: Int32)],
    _ now: Nanoseconds
  ) -> Bool {
    let sign: Int32 = next > current ? 1 : -1
    let isAllowed = rules.policies.map { policy in
      let before = log.filter { $0.at > now - policy.period && $0.change * sign > 0 }
        .reduce(0) { $0 + $1.change * sign }
      let start = Double(current - sign * before)
      let moved = Double((next - current) * sign + before)
      switch policy.change {
      case .pods(let pods): return moved <= Double(pods)
      // Both directions round towards the larger number of replicas or of those removed.
      case .percent(let percent): return moved < start * Double(percent) / 100 + 1.000_001
      }
    }
    return rules.selection == .min ? isAllowed.allSatisfy { $0 } : isAllowed.contains(true)
  }
}
