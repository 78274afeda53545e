internal import Foundation
internal import Measure
internal import Simulation
internal import Statistics

/// What others have published, beside what the simulator says of the same.
public struct PublishedTable: Codable, Sendable {
  /// One published figure.
  public struct Row: Codable, Sendable {
    /// The number of its publication, as `V1`.
    public var id: String
    /// What was measured, on what.
    public var scenario: String
    /// Where it was published.
    public var source: String
    /// What the model was told, and where from.
    public var parameters: String
    /// The quantity.
    public var quantity: String
    /// Its unit.
    public var unit: String
    /// What was published, as `583` or `at most 500`.
    public var published: String
    /// What may be between the two.
    public var bar: String?
    /// The mean over the replications.
    public var simulated: Double
    /// Its interval at 95 %; nil of one replication.
    public var lower: Double?
    /// Its interval's other end.
    public var upper: Double?
    /// Simulated over published, less 1; nil of a bound.
    public var error: Double?
    /// Whether a parameter was chosen so that it is met.
    public var isFitted: Bool
    /// Why it is shown and does not count.
    public var caveat: String?
    /// Whether the claim holds.
    public var holds: Bool

    /// Whether it counts: a fitted one proves nothing, one with a caveat is not like for like.
    public var counts: Bool { !isFitted && caveat == nil }
  }

  /// A publication that the model cannot be held against.
  public struct Omission: Codable, Sendable {
    /// Its number.
    public var id: String
    /// What was published.
    public var figure: String
    /// Why it cannot.
    public var reason: String
  }

  /// The figures.
  public var rows: [Row]
  /// Those left out.
  public var omitted: [Omission]
  /// How often each was simulated.
  public var replications: Int
  /// `contentSha256` of the frozen model of etcd.
  public var modelSHA256: String

  enum CodingKeys: String, CodingKey {
    case rows, omitted, replications
    case modelSHA256 = "modelSha256"
  }

  /// Whether every figure that counts holds.
  public var holds: Bool { rows.allSatisfy { $0.holds || !$0.counts } }

  /// Simulates all of them, from seeds that stand fixed, several at once.
  public init(_ model: EtcdModel, replications: Int = 5, atOnce: Int) async throws {
    let cases = PublishedEtcd.cases(model) + PublishedClusters.cases(model)
    let runs = Replications(seed: 20_261_121, atOnce: atOnce)
    let seen = try await runs.run(at: cases, count: replications) { one, run in
      one.observe(run.seed)
    }
    rows = zip(cases, seen).flatMap { one, values in
      one.quantities.enumerated().map { place, quantity in
        Row(one, quantity, values.map { $0[place] })
      }
    }
    omitted = Self.left
    self.replications = replications
    modelSHA256 = model.contentSHA256
  }

  /// The table for people.
  public var text: String {
    var table = TextTable(["", "published", "simulated", "95 %", "error", "held"])
    for row in rows { table.add(row.cells) }
    var lines = [table.lines[0]]
    var last = ""
    for (row, line) in zip(rows, table.lines.dropFirst()) {
      if row.id + row.scenario != last { lines.append("\(row.id)  \(row.scenario)") }
      last = row.id + row.scenario
      lines.append(line)
    }
    lines += ["", "parameters and sources"]
    var told: Set<String> = []
    for row in rows where told.insert(row.id + row.scenario).inserted {
      lines.append("  \(row.id)  \(row.parameters); \(row.source)")
    }
    for row in rows {
      if let caveat = row.caveat { lines.append("  \(row.id)  \(row.quantity): \(caveat)") }
    }
    lines += ["", "not expressed"] + omitted.map { "  \($0.id)  \($0.figure): \($0.reason)" }
    let counting = rows.filter(\.counts)
    let errors = counting.compactMap { $0.error.map { abs($0) } }
    let mean = errors.isEmpty ? 0 : errors.reduce(0, +) / Double(errors.count)
    lines += [
      "",
      "\(counting.count { $0.holds }) of \(counting.count) predicted figures hold, mean error of "
        + "the \(errors.count) that are values " + String(format: "%.0f %%", mean * 100)
        + "; \(counted(replications, "replication"))",
      "model \(modelSHA256)", holds ? "held" : "NOT held",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}

extension PublishedTable.Row {
  init(_ one: PublishedCase, _ quantity: PublishedCase.Quantity, _ values: [Double]) {
    id = one.id
    scenario = one.scenario
    source = one.source
    parameters = one.parameters
    self.quantity = quantity.name
    unit = quantity.unit
    let number = { (value: Double) in String(format: "%g", value) }
    simulated = values.reduce(0, +) / Double(max(values.count, 1))
    switch quantity.claim {
    case .near(let value, let near):
      published = number(value)
      bar = near.text
      error = simulated / value - 1
    case .atMost(let bound): published = "at most " + number(bound)
    case .atLeast(let bound): published = "at least " + number(bound)
    case .between(let low, let high): published = "\(number(low)) to \(number(high))"
    }
    if let interval = ReplicatedMetric(values)?.mean {
      (lower, upper) = (interval.lower, interval.upper)
    }
    isFitted = quantity.isFitted
    caveat = quantity.caveat
    holds = quantity.claim.holds(simulated)
  }

  var cells: [String] {
    let number = { (value: Double) in
      String(format: abs(value) >= 100 ? "%.0f" : "%.3g", value)
    }
    let interval = lower.flatMap { low in upper.map { "\(number(low)) to \(number($0))" } }
    let word = holds ? "yes" : "NO"
    return [
      "    \(quantity), \(unit)", published, number(simulated), interval ?? "-",
      error.map { String(format: "%+.0f %%", $0 * 100) } ?? "-",
      isFitted ? "fitted" : caveat == nil ? word : "(\(word.lowercased()))",
    ]
  }
}
