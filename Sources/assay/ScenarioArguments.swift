import ArgumentParser
import Foundation
import Measure
import Run
import Scenario

/// What every command that takes a scenario has in common.
struct ScenarioArguments: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override a leaf of the scenario, as in workloads.random-read.storage.duration=5s.",
      valueName: "path=value"))
  var overrides: [String] = []

  @Option(help: "The seed of every random thing; the scenario's own, or a fresh one.")
  var seed: UInt64?

  /// A scenario file with its text.
  struct Loaded {
    var text: String
    var scenario: Scenario
  }

  /// Reads and checks a file; everything that is wrong goes to stderr at once.
  func load(_ path: String) throws -> Loaded {
    let text = try Self.text(of: path)
    do {
      let reading = try ScenarioReader.read(
        text: text, file: path, overrides: overrides, records: StoredLatencies.find)
      for warning in reading.warnings { Output.note(warning.description) }
      return Loaded(text: text, scenario: reading.scenario)
    } catch {
      for diagnostic in error.diagnostics { Output.note(diagnostic.description) }
      throw ExitStatus.data.exit
    }
  }

  /// The plan, with the seed of the option, the scenario, or a drawn one.
  func plan(_ scenario: Scenario) -> Plan {
    Plan.expand(scenario, seed: seed(for: scenario))
  }

  func seed(for scenario: Scenario) -> UInt64 { seed ?? scenario.seed ?? FreshSeed.draw() }

  /// A file's text; `-` is stdin.
  static func text(of path: String) throws -> String {
    if path == "-" {
      return String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
    }
    do {
      return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw Output.fail(["cannot read \(path): \(Output.reason(error))"], .data)
    }
  }
}

/// Where records are kept.
struct ResultsArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder that records are kept in.",
      discussion: "Default: $ASSAY_RESULTS, or results/runs.",
      valueName: "folder"))
  var results: String?

  var folder: String {
    results ?? ProcessInfo.processInfo.environment["ASSAY_RESULTS"] ?? "results/runs"
  }
}
