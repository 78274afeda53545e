public import Measure
public import Simulation
internal import Statistics

/// How a metric follows the open leaves of a scenario.
public struct SensitivityResult: Codable, Sendable {
  /// Which values of the leaves are tried.
  public enum Design: String, Codable, CaseIterable, Sendable {
    /// Each leaf alone to its least and its largest value: a tornado.
    case oneAtATime = "one-at-a-time"
    /// All combinations of least and largest values.
    case factorial
    /// Points of which each leaf has one in every stratum.
    case latinHypercube = "latin-hypercube"
    /// The first points of a scrambled Sobol sequence.
    case sobol
  }

  /// A point with its responses.
  public struct Point: Codable, Sendable {
    /// The leaves' values.
    public var values: [Double]
    /// One response a replication; replications of the same number share their seeds.
    public var responses: [Double]
  }

  /// The leaves.
  public var leaves: [OpenLeaf]
  /// The case that was simulated.
  public var key: CaseKey
  /// The metric's name.
  public var metric: String
  /// Which values were tried.
  public var design: Design
  /// From which all replications derive.
  public var seed: UInt64
  /// All that was asked.
  public var points: [Point]
  /// What each leaf alone does, the widest first; of ``Design/oneAtATime``.
  public var swings: [OneAtATime.Swing]?
  /// What leaves do, alone and by pairs; of ``Design/factorial``.
  public var effects: [TwoLevelFactorial.Effect]?
  /// Spearman's rank correlation of each leaf with the mean response; of samples.
  public var rankCorrelations: [Double]?

  /// Tries the points of `design`, `samples` of them where it is a sample.
  ///
  /// Throws ``ReplicationFailure`` with a ``RunError`` for a reason.
  public static func find(
    in scenario: OpenScenario, _ design: Design, samples: Int, replications: Int, seed: UInt64,
    atOnce: Int
  ) async throws -> SensitivityResult {
    let factors = scenario.leaves.map {
      Factor($0.path, low: $0.low, base: $0.base, high: $0.high)
    }
    let values = points(design, factors, samples, seed)
    let responses = try await Replications(seed: seed, atOnce: atOnce).run(
      at: values, count: replications
    ) { try scenario.value(at: $0, seed: $1.seed) }
    var result = SensitivityResult(
      leaves: scenario.leaves, key: scenario.key, metric: scenario.metric.name, design: design,
      seed: seed, points: zip(values, responses).map { Point(values: $0, responses: $1) })
    switch design {
    case .oneAtATime: result.swings = OneAtATime(factors).swings(of: responses)
    case .factorial: result.effects = TwoLevelFactorial(factors).effects(of: responses)
    case .latinHypercube, .sobol:
      let means = responses.map { $0.reduce(0, +) / Double($0.count) }
      result.rankCorrelations = factors.indices.map { index in
        RankCorrelation.spearman(values.map { $0[index] }, means)
      }
    }
    return result
  }

  private static func points(
    _ design: Design, _ factors: [Factor], _ samples: Int, _ seed: UInt64
  ) -> [[Double]] {
    switch design {
    case .oneAtATime: OneAtATime(factors).points
    case .factorial: TwoLevelFactorial(factors).points
    case .latinHypercube:
      factors.values(
        at: LatinHypercube.points(samples, dimensions: factors.count, seed: seed))
    case .sobol:
      factors.values(at: SobolSequence(dimensions: factors.count, seed: seed).points(samples))
    }
  }

  /// A table for people.
  public var lines: [String] {
    let unit = MetricCatalogue.definition(of: metric)?.unit ?? .count
    let rows: [[String]]
    switch design {
    case .oneAtATime:
      guard let swings else { return [Self.unbounded] }
      rows =
        [["leaf", "change to the least value", "change to the largest"]]
        + swings.map { swing in
          [swing.factor.name] + [swing.toLow, swing.toHigh].map { change(in: $0.difference, unit) }
        }
    case .factorial:
      guard let effects else { return [Self.unbounded] }
      rows =
        [["leaf", "effect of least to largest", "adjusted p"]]
        + effects.map { effect in
          [
            effect.factors.map { leaves[$0].path }.joined(separator: " x "),
            change(in: effect.size, unit), significant(effect.adjustedP, 2),
          ]
        }
    case .latinHypercube, .sobol:
      rows =
        [["leaf", "rank correlation"]]
        + zip(leaves, rankCorrelations ?? []).map { [$0.path, significant($1, 3)] }
    }
    let count = points.first?.responses.count ?? 0
    return ["\(key): \(metric), \(design.rawValue)"] + PlainColumns.lines(rows) + [
      "", "\(counted(points.count, "point")), \(counted(count, "replication")) each, seed \(seed)",
    ]
  }

  private static let unbounded =
    "the cluster does not keep up at one of these points: no difference of means can be told; "
    + "make the ranges narrower, or simulate longer"

  private func change(in estimate: IntervalEstimate, _ unit: MetricUnit) -> String {
    let signed = { (value: Double) in
      (value < 0 ? "-" : "+") + unit.text(value.magnitude, digits: 3)
    }
    return "\(signed(estimate.value)) [\(signed(estimate.lower)), \(signed(estimate.upper))]"
  }
}
