internal import Foundation
internal import Measure
public import Simulation
public import Statistics

/// The simulator against queueing theory, as a table.
public struct ClosedFormTable: Codable, Sendable {
  /// One quantity of one model.
  public struct Row: Codable, Sendable {
    /// The model, as `M/M/1`.
    public var model: String
    /// The quantity with its unit.
    public var quantity: String
    /// What theory says.
    public var closedForm: Double
    /// What was simulated, with its interval.
    public var simulated: IntervalEstimate
    /// Whether theory lies within the interval.
    public var holds: Bool
  }

  /// All of them.
  public var rows: [Row]
  /// The model of etcd that stands beside them, by its hash; no row depends on it.
  public var modelSHA256: String?
  /// Whether all hold.
  public var holds: Bool

  enum CodingKeys: String, CodingKey {
    case rows, holds
    case modelSHA256 = "modelSha256"
  }

  /// Simulates all models.
  ///
  /// Throws `StationFault` if a station's books do not add up. About 10 million events.
  public init(modelSHA256: String?) throws {
    self.init(try ClosedForms.check(), modelSHA256: modelSHA256)
  }

  /// A table of checks that were made.
  public init(_ checks: [ClosedFormCheck], modelSHA256: String?) {
    rows = checks.map {
      Row(
        model: $0.model, quantity: $0.quantity, closedForm: $0.closedForm,
        simulated: $0.simulated, holds: $0.agrees)
    }
    holds = rows.allSatisfy(\.holds)
    self.modelSHA256 = modelSHA256
  }

  /// The table for people.
  public var text: String {
    var table = TextTable(["model", "quantity", "theory", "simulated", "interval", "held"])
    for row in rows {
      table.add([
        row.model, row.quantity, Self.number(row.closedForm), Self.number(row.simulated.value),
        "\(Self.number(row.simulated.lower)) to \(Self.number(row.simulated.upper))",
        row.holds ? "yes" : "NO",
      ])
    }
    let held = rows.count { $0.holds }
    let level = String(format: "%g", ClosedForms.level.value * 100)
    let end = [
      "", "\(held) of \(rows.count) hold: theory lies within the \(level) % interval of 20 runs",
    ]
    return (table.lines + end + ModelHash.lines(modelSHA256)).joined(separator: "\n") + "\n"
  }

  private static func number(_ value: Double) -> String { String(format: "%.4g", value) }
}

/// How tables name the frozen model.
enum ModelHash {
  static func lines(_ hash: String?) -> [String] { hash.map { ["model \($0)"] } ?? [] }
}
