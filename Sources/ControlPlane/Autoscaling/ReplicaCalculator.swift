internal import Measure

/// How many replicas one metric asks for (pkg/controller/podautoscaler/replica_calculator.go).
///
/// Whole numbers as there: thousandths of a CPU or of a request a second, and percentages of whole
/// hundredths, which are cut off.
enum ReplicaCalculator {
  /// The pods of a deployment as a metric has them.
  struct Pods: BitwiseCopyable, Equatable {
    /// Ready pods of which there is a metric.
    var measured: Int32
    /// Ready pods of which there is none yet.
    var missing: Int32 = 0
    /// Pods that do not run yet.
    var pending: Int32 = 0
    /// The mean of those measured, thousandths.
    var average: Int64
  }

  /// What pods are held against.
  enum Target {
    /// So many hundredths of what each pod asks for, thousandths of a CPU.
    case utilization(Int64, request: Int64)
    /// A mean of so many thousandths.
    case average(Int64)

    /// The part of the target that `total` is, over `count` pods.
    func ratio(_ total: Int64, over count: Int64) -> Double {
      switch self {
      case .utilization(let percent, let request):
        Double(total * 100 / (count * request)) / Double(percent)
      case .average(let value): Double(total / count) / Double(value)
      }
    }

    /// What a pod without a metric is taken for when the answer is to go down.
    var whole: Int64 {
      switch self {
      case .utilization(_, let request): request
      case .average(let value): value
      }
    }

    var isUtilization: Bool { if case .utilization = self { true } else { false } }
  }

  /// The replicas that `pods` need, of which there are to be `current`; nil without any metric.
  static func replicas(
    _ pods: Pods, _ target: Target, current: Int32, tolerance: Double
  ) -> Int32? {
    guard pods.measured > 0, target.whole > 0 else { return nil }
    var total = Int64(pods.measured) * pods.average
    var count = Int64(pods.measured)
    let ratio = target.ratio(total, over: count)
    let rebalances = pods.pending > 0 && ratio > 1
    if !rebalances, pods.missing == 0 {
      guard abs(1 - ratio) > tolerance else { return current }
      return Int32((ratio * Double(count)).rounded(.up))
    }
    if pods.missing > 0, ratio != 1 || !target.isUtilization {
      count += Int64(pods.missing)
      if ratio < 1 { total += Int64(pods.missing) * target.whole }
    }
    if rebalances { count += Int64(pods.pending) }
    let second = target.ratio(total, over: count)
    let turns = (ratio < 1 && second > 1) || (ratio > 1 && second < 1)
    guard abs(1 - second) > tolerance, !turns else { return current }
    let replicas = Int32((second * Double(count)).rounded(.up))
    let contradicts = (second < 1 && replicas > current) || (second > 1 && replicas < current)
    return contradicts ? current : replicas
  }
}
