import ArgumentParser
import Foundation
import Measure
import Run
import Scenario
import Simulation

/// What the commands that simulate a scenario at many values have in common.
struct ExplorationArguments: ParsableArguments {
  @OptionGroup var scenario: ScenarioArguments

  @Option(help: "The system, where the scenario has several.")
  var system: String?

  @Option(help: "The workload, where the scenario has several.")
  var workload: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  /// One replication for each CPU at a time.
  static var threads: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// A limit that a frontier can be searched for.
  func limit(_ text: String) throws -> (metric: String, side: FrontierSearch.Limit) {
    let limit: Limit
    do throws(ScenarioError) {
      limit = try Limit(reading: text)
    } catch {
      throw Output.fail(error.diagnostics.map(\.description), .usage)
    }
    guard case .value(let bound) = limit.bound, limit.comparison != .equal else {
      throw Output.fail(
        ["--keeps \"\(text)\": a metric on one side of a value is due, as in \"... <= 1s\""],
        .usage)
    }
    let isAbove = limit.comparison == .atLeast || limit.comparison == .above
    return (limit.metric, isAbove ? .atLeast(bound) : .atMost(bound))
  }

  /// The scenario with the leaves of these ranges open.
  func open(_ path: String, _ ranges: [String], metric: String) throws -> OpenScenario {
    let text = try ScenarioArguments.text(of: path)
    do throws(RunError) {
      var leaves: [OpenLeaf] = []
      for range in ranges { leaves.append(try OpenLeaf(range)) }
      return try OpenScenario(
        text: text, file: path, overrides: scenario.overrides, leaves: leaves, system: system,
        workload: workload, metric: metric)
    } catch {
      throw Output.fail(error.messages, ExitStatus(error.kind))
    }
  }

  /// What `explore` finds with the seed asked for, or a drawn one.
  func answer<Result>(_ explore: (UInt64) async throws -> Result) async throws -> Result {
    do {
      return try await explore(scenario.seed ?? FreshSeed.draw())
    } catch let failure as ReplicationFailure {
      guard let error = failure.reason as? RunError else { throw failure }
      throw Output.fail(error.messages, ExitStatus(error.kind))
    }
  }

  func print(_ result: some Encodable, _ lines: [String]) throws {
    if json { return try Output.json(result) }
    for line in lines { Output.result(line) }
  }
}
