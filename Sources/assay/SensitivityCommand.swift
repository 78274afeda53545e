import ArgumentParser
import Measure
import Run

/// `assay sensitivity`.
struct SensitivityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensitivity",
    abstract: "Find which values of a simulated scenario a metric follows.",
    discussion: """
      Replications of the same number share their random numbers at all points, so that small \
      effects show. Any leaf of the scenario can be varied, as with --set.

        assay sensitivity scenarios/control-plane-churn.yaml --system planned \\
          --metric "pod startup latency p99" \\
          --vary systems.planned.cluster.controllers.qps=50/s..200/s \\
          --vary systems.planned.cluster.etcd.round-trip=100us..2000us
      """)

  @Argument(help: ArgumentHelp("The scenario, or - for stdin.", valueName: "scenario"))
  var path: String

  @Option(
    help: ArgumentHelp(
      "A leaf and its range, several times for several.", valueName: "path=low..high"))
  var vary: [String] = []

  @Option(help: ArgumentHelp("What is looked at: `mutating api latency p99`.", valueName: "metric"))
  var metric: String

  @Option(
    help: ArgumentHelp(
      "one-at-a-time (the default), factorial, latin-hypercube or sobol.", valueName: "design"),
    transform: design)
  var design = SensitivityResult.Design.oneAtATime

  @Option(help: "How many points a sample has.")
  var samples = 32

  @Option(help: "Replications of each point.")
  var replications = 6

  @OptionGroup var exploration: ExplorationArguments

  private static func design(_ word: String) throws -> SensitivityResult.Design {
    guard let design = SensitivityResult.Design(rawValue: word) else {
      let all = SensitivityResult.Design.allCases.map(\.rawValue)
      let near = NearestWord.of(word, in: all).map { " Did you mean \($0)?" } ?? ""
      throw ValidationError("'\(word)' is none of \(all.joined(separator: ", ")).\(near)")
    }
    return design
  }

  func run() async throws {
    guard 1...12 ~= vary.count else {
      throw Output.fail(["--vary is due 1 to 12 times, not \(vary.count)"], .usage)
    }
    guard 2...10_000 ~= samples, 2...10_000 ~= replications else {
      throw Output.fail(["--samples and --replications take 2 to 10000"], .usage)
    }
    let scenario = try exploration.open(path, vary, metric: metric)
    let result = try await exploration.answer {
      try await SensitivityResult.find(
        in: scenario, design, samples: samples, replications: replications, seed: $0,
        atOnce: ExplorationArguments.threads)
    }
    try exploration.print(result, result.lines)
  }
}
