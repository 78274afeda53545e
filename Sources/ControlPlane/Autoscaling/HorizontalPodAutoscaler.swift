public import Measure

/// How many pods a deployment may have, and what decides: an object of autoscaling/v2.
public struct HorizontalPodAutoscaler: Hashable, Codable, Sendable {
  /// What is held against a target; of several metrics the largest answer counts.
  public enum Metric: Hashable, Codable, Sendable {
    /// CPU of the pods over what they ask for, on average (a resource metric's utilisation).
    case cpu(Fraction)
    /// Requests a second that a pod answers, on average (the pods metric `http_rps_per_pod`).
    case requests(Rate)
  }

  /// `minReplicas` (default 1).
  public var minimum = 1
  /// `maxReplicas`.
  public var maximum: Int
  /// The metrics.
  public var metrics: [Metric]
  /// `behavior.scaleUp`.
  public var scaleUp = ScalingRules.defaultUp
  /// `behavior.scaleDown`.
  public var scaleDown = ScalingRules.defaultDown

  /// An autoscaler up to `maximum` pods with the default behaviour.
  public init(maximum: Int, metrics: [Metric]) {
    self.maximum = maximum
    self.metrics = metrics
  }

  /// The autoscaler of the published thousand-node cluster's `frontend`.
  ///
  /// 10 to 200 pods, CPU 60 %, 500 requests/s a pod; up by 20 % or 10 pods a minute, the larger;
  /// down by 10 % or 5 pods a minute, the smaller, after 300 s of lower recommendations.
  public static var frontend: HorizontalPodAutoscaler {
    var autoscaler = HorizontalPodAutoscaler(
      maximum: 200, metrics: [.cpu(.percent(60)), .requests(Rate(perSecond: 500))])
    autoscaler.minimum = 10
    autoscaler.scaleUp = ScalingRules(
      stabilization: .zero,
      policies: [.init(.percent(20), per: .seconds(60)), .init(.pods(10), per: .seconds(60))],
      selection: .max)
    autoscaler.scaleDown = ScalingRules(
      stabilization: .seconds(300),
      policies: [.init(.percent(10), per: .seconds(60)), .init(.pods(5), per: .seconds(60))],
      selection: .min)
    return autoscaler
  }

  /// What is wrong with it, for people; nil if nothing is.
  public var fault: String? {
    if minimum < 1 || maximum < minimum || maximum > 1_000_000 {
      return "an autoscaler needs 1 <= minimum <= maximum, not \(minimum) and \(maximum)"
    }
    if metrics.isEmpty { return "an autoscaler needs at least one metric" }
    let areAbove = metrics.allSatisfy { metric in
      switch metric {
      case .cpu(let target): target.value >= 0.01
      case .requests(let target): target.perSecond >= 0.001
      }
    }
    if !areAbove { return "the targets of an autoscaler must be above 0" }
    return scaleUp.fault ?? scaleDown.fault
  }
}

/// How fast an autoscaler may go in one direction: `HPAScalingRules`.
public struct ScalingRules: Hashable, Codable, Sendable {
  /// `selectPolicy`: which of several policies holds.
  public enum Selection: String, Hashable, Codable, CaseIterable, Sendable {
    /// The one that allows the largest change (default).
    case max = "Max"
    /// The one that allows the smallest.
    case min = "Min"
    /// None: no change in this direction.
    case disabled = "Disabled"
  }

  /// How much may change in a period.
  public struct Policy: Hashable, Codable, Sendable {
    /// How much.
    public enum Change: Hashable, Codable, Sendable {
      /// So many hundredths of the replicas at the period's start.
      case percent(Int)
      /// So many pods.
      case pods(Int)
    }

    /// How much.
    public var change: Change
    /// `periodSeconds`: the time that it counts for, up to now.
    public var period: Nanoseconds

    /// A policy of `change` per `period`.
    public init(_ change: Change, per period: Nanoseconds) {
      self.change = change
      self.period = period
    }
  }

  /// `stabilizationWindowSeconds`: how long recommendations are remembered, to take the least of
  /// them when going up and the largest when going down.
  public var stabilization: Nanoseconds
  /// The policies.
  public var policies: [Policy]
  /// Which of them holds.
  public var selection: Selection

  /// Rules with all that they say.
  public init(stabilization: Nanoseconds, policies: [Policy], selection: Selection = .max) {
    self.stabilization = stabilization
    self.policies = policies
    self.selection = selection
  }

  /// 100 % or 4 pods in 15 s, the larger, at once (apis/autoscaling/v2/defaults.go).
  public static let defaultUp = ScalingRules(
    stabilization: .zero,
    policies: [.init(.pods(4), per: .seconds(15)), .init(.percent(100), per: .seconds(15))])

  /// 100 % in 15 s, after 300 s (apis/autoscaling/v2/defaults.go and the controller manager's
  /// `--horizontal-pod-autoscaler-downscale-stabilization`).
  public static let defaultDown = ScalingRules(
    stabilization: .seconds(300), policies: [.init(.percent(100), per: .seconds(15))])

  /// What is wrong with them, for people; nil if nothing is.
  ///
  /// The limits are those of the API's validation: an hour to stabilise, half an hour of period.
  public var fault: String? {
    if stabilization < .zero || stabilization > .seconds(3600) {
      return "an autoscaler stabilises over 0 to 3600 s"
    }
    if policies.isEmpty { return "scaling rules need at least one policy" }
    let areGood = policies.allSatisfy { policy in
      guard policy.period > .zero, policy.period <= .seconds(1800) else { return false }
      switch policy.change {
      case .percent(let value), .pods(let value): return value > 0 && value <= 1_000_000
      }
    }
    return areGood ? nil : "scaling policies need a change above 0 and a period of up to 1800 s"
  }

  /// The longest period of the policies.
  var longestPeriod: Nanoseconds { policies.reduce(.zero) { Swift.max($0, $1.period) } }
}
