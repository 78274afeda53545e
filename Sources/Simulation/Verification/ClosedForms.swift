public import Measure
public import Statistics

/// One quantity of one model: what theory says, and what the simulation saw.
public struct ClosedFormCheck: Equatable, Sendable {
  /// The model, such as `M/M/1 at load 0.6`.
  public let model: String
  /// The quantity, with its unit.
  public let quantity: String
  /// Its value in closed form.
  public let closedForm: Double
  /// Its mean over the replications, and the interval of Student's t.
  public let simulated: IntervalEstimate

  /// Whether the closed form lies within the interval.
  public var agrees: Bool { simulated.lower <= closedForm && closedForm <= simulated.upper }
}

/// The simulator against queueing theory: models whose results are known exactly.
///
/// Each model runs in 20 replications from seeds of its own. Intervals are at 99.9 %, so that all
/// of them hold together for 97 of 100 seeds; the seeds stand fixed, so what held holds again.
public enum ClosedForms {
  /// The models, in the order of the table.
  public enum System: String, CaseIterable, Sendable {
    case exponentialServer = "M/M/1"
    case exponentialServers = "M/M/3"
    case constantServer = "M/D/1"
    case lognormalServer = "M/G/1, lognormal"
    case boundedRoom = "M/M/2/5"
    case priorities = "M/M/1, two priorities"
    case sharedConstant = "M/D/1, processor sharing"
    case sharedVariable = "M/H2/1, processor sharing"
    case network = "Jackson network"
    case repairShop = "machine repair"
    case batchLoop = "gated batch, closed"
    case tokens = "token bucket"
    case tokensExhausted = "token bucket, overloaded"
  }

  /// The level of every interval.
  public static let level = Fraction(0.999)

  /// Every model's rows, one after the other.
  ///
  /// Throws `StationFault` if a station's books do not add up. About 10 million events.
  public static func check() throws(StationFault) -> [ClosedFormCheck] {
    var rows: [ClosedFormCheck] = []
    for system in System.allCases { rows += try check(system) }
    return rows
  }

  /// The rows of one model.
  ///
  /// `speed` is that of the simulated servers, and 1 what theory is told: any other shows that the
  /// check sees the difference. Throws `StationFault` if a station's books do not add up.
  public static func check(
    _ system: System, speed: Double = 1
  ) throws(StationFault) -> [ClosedFormCheck] {
    let plan = Plan(system: system, speed: speed)
    let replications = try plan.run()
    return plan.expectations.map { expected in
      ClosedFormCheck(
        model: system.rawValue, quantity: expected.quantity, closedForm: expected.value,
        simulated: replications.estimate(expected.index, level: level))
    }
  }
}
