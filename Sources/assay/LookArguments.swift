import ArgumentParser
import Measure
import Run
import Scenario

/// When a run ends: after its trials, or at the planned look that decides its limits.
struct LookArguments: ParsableArguments {
  @Flag(
    name: .customLong("until-decided"),
    help: ArgumentHelp(
      "Go on, for at most five planned looks, until every limit is decided.",
      discussion: """
        Each look is a whole design of at least seven blocks, judged at Pocock's nominal level, \
        so that all looks together keep the confidence asked for.
        """))
  var untilDecided = false

  @Option(
    help: ArgumentHelp(
      "With --until-decided: begin no look that would not end within this time.",
      valueName: "45m"), transform: Self.span)
  var budget: Nanoseconds?

  func validate() throws {
    if budget != nil && !untilDecided {
      throw ValidationError("--budget belongs to --until-decided: a plain run has a fixed length.")
    }
  }

  /// The plan of a scenario with the looks, if they are asked for.
  func plan(_ read: Scenario, _ arguments: ScenarioArguments) throws -> Plan {
    guard untilDecided else { return arguments.plan(read) }
    return try UntilDecided.plan(read, seed: arguments.seed(for: read), budget: budget)
  }

  /// Reads `90s`, `1h`, and `45m` beside a scenario's `45min`: no length is meant here.
  private static func span(_ text: String) throws -> Nanoseconds {
    do {
      let span = try QuantityText.duration(text.hasSuffix("m") ? text + "in" : text)
      guard span > .zero else { throw ValidationError("--budget \(text): it is above 0") }
      return span
    } catch let error as QuantityError {
      throw ValidationError(
        "--budget: \(error.message)" + (error.hint.map { "; \($0)" } ?? ""))
    }
  }
}
