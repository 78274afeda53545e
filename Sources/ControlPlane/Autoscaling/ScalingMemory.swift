internal import Measure
internal import Simulation

/// Numbers with their times, the last few of several series.
///
/// A series is a ring of `length` values. Who appends at most once in `gap` and asks for no more
/// than `(length - 1) * gap` back finds all there were.
struct TimedValues: ~Copyable {
  private var entries: Table<Entry>
  private var counts: Table<Int>
  private let length: Int

  // Not private: see `APIServers.Server`.
  struct Entry: BitwiseCopyable {
    var at = Nanoseconds.zero
    var value: Int32 = 0
  }

  init(series: Int, length: Int) {
    entries = Table(repeating: Entry(), count: series * length)
    counts = Table(repeating: 0, count: series)
    self.length = length
  }

  func isEmpty(_ series: Int) -> Bool { counts[series] == 0 }

  mutating func append(_ value: Int32, to series: Int, at now: Nanoseconds) {
    entries[series * length + counts[series] % length] = Entry(at: now, value: value)
    counts[series] += 1
  }

  /// The values after `cutoff`, added up.
  ///
  /// O(length), as are the next two.
  func sum(of series: Int, after cutoff: Nanoseconds) -> Int32 {
    var sum: Int32 = 0
    for entry in 0..<min(length, counts[series]) {
      let entry = entries[series * length + entry]
      if entry.at > cutoff { sum += entry.value }
    }
    return sum
  }

  /// The least of `value` and the values after `cutoff`.
  func least(of series: Int, after cutoff: Nanoseconds, and value: Int32) -> Int32 {
    var least = value
    for entry in 0..<min(length, counts[series]) {
      let entry = entries[series * length + entry]
      if entry.at > cutoff { least = min(least, entry.value) }
    }
    return least
  }

  /// The greatest of `value` and the values after `cutoff`.
  func greatest(of series: Int, after cutoff: Nanoseconds, and value: Int32) -> Int32 {
    var greatest = value
    for entry in 0..<min(length, counts[series]) {
      let entry = entries[series * length + entry]
      if entry.at > cutoff { greatest = max(greatest, entry.value) }
    }
    return greatest
  }
}

/// What horizontal pod autoscalers remember, and how they turn what metrics ask for into a number
/// of replicas: stabilisation, then policies, then the limits.
///
/// The algorithm of pkg/controller/podautoscaler/horizontal.go, release 1.22: the stabilised number
/// stays where it is unless the recommendations of both windows force it to move (k/k #97348).
struct ScalingMemory: ~Copyable {
  private var recommendations: TimedValues
  private var added: TimedValues
  private var removed: TimedValues
  private let countsBothDirections: Bool

  init(_ autoscalers: [HorizontalPodAutoscaler], _ parameters: PodAutoscalingParameters) {
    var longest = Nanoseconds.zero
    for rules in autoscalers.flatMap({ [$0.scaleUp, $0.scaleDown] }) {
      longest = max(longest, max(rules.stabilization, rules.longestPeriod))
    }
    let length = Int(longest.count / parameters.syncPeriod.count) + 2
    recommendations = TimedValues(series: autoscalers.count, length: length)
    added = TimedValues(series: autoscalers.count, length: length)
    removed = TimedValues(series: autoscalers.count, length: length)
    countsBothDirections = parameters.countsBothDirections
  }

  /// How many replicas autoscaler `number` is to have, which has `current` and whose metrics ask
  /// for `wanted`.
  mutating func decide(
    _ number: Int, _ autoscaler: HorizontalPodAutoscaler, current: Int32, wanted: Int32,
    at now: Nanoseconds
  ) -> Int32 {
    let least = Int32(autoscaler.minimum)
    let most = Int32(autoscaler.maximum)
    // Outside its limits, it is brought there at once.
    if current > most { return most }
    if current < least { return least }
    if recommendations.isEmpty(number) { recommendations.append(current, to: number, at: now) }
    let stable = stabilize(number, autoscaler, current, wanted, now)
    if stable > current {
      let limit = max(current, upperLimit(number, autoscaler.scaleUp, current, now))
      return min(stable, min(most, limit))
    }
    if stable < current {
      let limit = min(current, lowerLimit(number, autoscaler.scaleDown, current, now))
      return max(stable, max(least, limit))
    }
    return current
  }

  /// Takes note of a change that has been made.
  mutating func note(_ number: Int, from old: Int32, to new: Int32, at now: Nanoseconds) {
    if new > old {
      added.append(new - old, to: number, at: now)
    } else {
      removed.append(old - new, to: number, at: now)
    }
  }

  /// `stabilizeRecommendationWithBehaviors`.
  private mutating func stabilize(
    _ number: Int, _ autoscaler: HorizontalPodAutoscaler, _ current: Int32, _ wanted: Int32,
    _ now: Nanoseconds
  ) -> Int32 {
    let low = recommendations.least(
      of: number, after: now - autoscaler.scaleUp.stabilization, and: wanted)
    let high = recommendations.greatest(
      of: number, after: now - autoscaler.scaleDown.stabilization, and: wanted)
    recommendations.append(wanted, to: number, at: now)
    return min(max(current, low), high)
  }

  /// `calculateScaleUpLimitWithScalingRules`; a percentage is rounded up, so that one pod can grow.
  private func upperLimit(
    _ number: Int, _ rules: ScalingRules, _ current: Int32, _ now: Nanoseconds
  ) -> Int32 {
    guard rules.selection != .disabled else { return current }
    var result: Int32?
    for policy in rules.policies {
      var start = current - added.sum(of: number, after: now - policy.period)
      if countsBothDirections { start += removed.sum(of: number, after: now - policy.period) }
      let limit =
        switch policy.change {
        case .pods(let pods): start + Int32(pods)
        case .percent(let percent):
          Int32((Double(start) * (1 + Double(percent) / 100)).rounded(.up))
        }
      result = Self.select(rules.selection == .min, result, limit)
    }
    return result ?? current
  }

  /// `calculateScaleDownLimitWithBehaviors`; a percentage's result is rounded down.
  private func lowerLimit(
    _ number: Int, _ rules: ScalingRules, _ current: Int32, _ now: Nanoseconds
  ) -> Int32 {
    guard rules.selection != .disabled else { return current }
    var result: Int32?
    for policy in rules.policies {
      var start = current + removed.sum(of: number, after: now - policy.period)
      if countsBothDirections { start -= added.sum(of: number, after: now - policy.period) }
      let limit =
        switch policy.change {
        case .pods(let pods): start - Int32(pods)
        case .percent(let percent): Int32(Double(start) * (1 - Double(percent) / 100))
        }
      result = Self.select(rules.selection != .min, result, limit)
    }
    return result ?? current
  }

  private static func select(_ takesLess: Bool, _ old: Int32?, _ new: Int32) -> Int32 {
    guard let old else { return new }
    return takesLess ? min(old, new) : max(old, new)
  }
}
