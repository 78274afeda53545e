import Judgement
import Measure

@testable import Ledger

/// Arms of a comparison as a test needs them.
enum Arms {
  static let disclosure = [
    "pattern": "random-read", "block size": "4KiB", "queue depth": "32", "jobs": "4",
    "engine": "io_uring", "load": "closed loop", "transport": "pcie", "medium": "NVMe",
  ]

  /// How the trials of two systems follow each other in one record.
  enum Order { case abba, sequential }

  /// The trials of one case, one value each, at the places that they ran at.
  static func samples(
    _ values: [Double], of system: String, metric: String = "iops", session: String = "s",
    places: [Int]? = nil, disclosure: [String: String] = Arms.disclosure,
    bound: MetricValue.Bound? = nil
  ) -> CaseSamples {
    let unit = MetricCatalogue.definition(of: metric)?.unit.rawValue ?? "1"
    return CaseSamples(
      key: CaseKey(system: system, workload: "read"), disclosure: disclosure,
      samples: values.enumerated().map { index, value in
        CaseSamples.Sample(
          id: "\(system)\(index + 1)", session: session, block: index + 1,
          place: places?[index] ?? index,
          metrics: [metric: MetricValue(value, unit, bound: bound)])
      })
  }

  static func arm(
    _ cases: [CaseSamples], label: String, id: String, system: String? = nil,
    evidence: RunHeader.Evidence = .measured, facts: [EnvironmentFact] = []
  ) -> ComparisonArm {
    ComparisonArm(
      label: label, source: "results/runs/\(id)", id: id, system: system,
      startedAt: "2026-11-21T02:00:00Z", evidence: evidence, facts: facts, cases: cases)
  }

  /// The places of the first and the second system's trials of each block.
  static func places(_ order: Order, blocks: Int) -> (local: [Int], dpu: [Int]) {
    switch order {
    case .sequential: (Array(0..<blocks), Array(blocks..<2 * blocks))
    case .abba:
      (
        (0..<blocks).map { $0 % 2 == 0 ? 2 * $0 : 2 * $0 + 1 },
        (0..<blocks).map { $0 % 2 == 0 ? 2 * $0 + 1 : 2 * $0 }
      )
    }
  }

  /// Two systems of one record, with the values that they have at their places.
  static func oneRecord(
    _ order: Order, blocks: Int, metric: String = "iops",
    _ value: (_ system: String, _ place: Int) -> Double
  ) -> [ComparisonArm] {
    let places = places(order, blocks: blocks)
    return [("local", places.local), ("dpu", places.dpu)].map { system, places in
      arm(
        [
          samples(
            places.map { value(system, $0) }, of: system, metric: metric, places: places)
        ], label: system, id: "s", system: system)
    }
  }

  /// The same case of two records.
  static func twoRecords(
    _ first: [Double], _ second: [Double], metric: String = "iops"
  ) -> [ComparisonArm] {
    [("before", first), ("after", second)].map { label, values in
      arm(
        [samples(values, of: "disk", metric: metric, session: label)], label: label, id: label)
    }
  }
}

/// Nearly normal noise: the sum of twelve uniform numbers.
func noise(_ random: inout SeededRandom) -> Double {
  (0..<12).reduce(-6.0) { sum, _ in sum + random.unit() }
}
