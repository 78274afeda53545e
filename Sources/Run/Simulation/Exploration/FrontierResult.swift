public import Measure
public import Simulation
internal import Statistics

/// What a search for a frontier found, and everything that it asked.
public struct FrontierResult: Codable, Sendable {
  /// The leaf of the scenario that was searched over.
  public var leaf: OpenLeaf
  /// The case that was simulated.
  public var key: CaseKey
  /// The metric's name.
  public var metric: String
  /// What was searched for.
  public var search: FrontierSearch
  /// From which all replications derive.
  public var seed: UInt64
  /// The answer.
  public var frontier: Frontier

  /// Runs the search on `atOnce` threads.
  ///
  /// Throws ``ReplicationFailure`` with a ``RunError`` for a reason.
  public static func find(
    in scenario: OpenScenario, _ search: FrontierSearch, seed: UInt64, atOnce: Int
  ) async throws -> FrontierResult {
    let frontier = try await Replications(seed: seed, atOnce: atOnce).search(search) {
      try scenario.value(at: [$0], seed: $1.seed)
    }
    return FrontierResult(
      leaf: scenario.leaves[0], key: scenario.key, metric: scenario.metric.name, search: search,
      seed: seed, frontier: frontier)
  }

  /// A table for people, the answer last.
  public var lines: [String] {
    let unit = MetricCatalogue.definition(of: metric)?.unit ?? .count
    let header = [leaf.path.split(separator: ".").last.map(String.init) ?? leaf.path]
    let rows = frontier.points.map { point in
      [
        leaf.text(point.candidate),
        point.interval.map { unit.text($0.value) } ?? "grows without bound",
        point.interval.map { "\(unit.text($0.lower)) to \(unit.text($0.upper))" } ?? "",
        String(point.replications), point.verdict.rawValue,
      ]
    }
    let table = PlainColumns.lines(
      [header + ["mean of \(metric)", "interval", "replications", "limit"]] + rows)
    return ["\(key): \(leaf.path)"] + table + ["", answer]
  }

  private var answer: String {
    let side: String
    let unit = MetricCatalogue.definition(of: metric)?.unit ?? .count
    switch search.limit {
    case .atMost(let limit): side = "\(metric) <= \(unit.text(limit))"
    case .atLeast(let limit): side = "\(metric) >= \(unit.text(limit))"
    }
    let confidence = "\(significant(frontier.confidence.value * 100, 4)) % confidence"
    let ends = (leaf.text(search.candidates[0]), leaf.text(search.candidates.last ?? 0))
    return switch frontier.answer {
    case .found(let value, let breaking):
      "\(search.wanted.rawValue) that keeps \(side): \(leaf.text(value)); "
        + "\(leaf.text(breaking)) breaks it (\(confidence), seed \(seed))"
    case .everyCandidateKeeps:
      "every value from \(ends.0) to \(ends.1) keeps \(side) (\(confidence), seed \(seed))"
    case .noCandidateKeeps:
      "no value from \(ends.0) to \(ends.1) keeps \(side) (\(confidence), seed \(seed))"
    case .undecided(let breaking, let keeping, let doubt):
      "undecided: "
        + (breaking.map { "\(leaf.text($0)) breaks \(side), " } ?? "nothing certainly breaks it, ")
        + (keeping.map { "\(leaf.text($0)) keeps it" } ?? "nothing certainly keeps it")
        + (doubt == .tooNear
          ? "; between them it is too near the limit for \(search.looks) looks"
          : "; the budget of \(search.budget) replications is spent") + " (seed \(seed))"
    }
  }
}

/// Columns of a table for people, the first to the left, all others to the right.
enum PlainColumns {
  static func lines(_ rows: [[String]]) -> [String] {
    guard let first = rows.first else { return [] }
    let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.indices.map { column in
        let pad = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + pad : pad + row[column]
      }.joined(separator: "  ")
    }
  }
}
