import ArgumentParser
import Foundation
import Measure
import Run
import Simulation

/// `assay frontier`.
struct FrontierCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frontier",
    abstract: "Find how small or large a value of a simulated scenario may be.",
    discussion: """
      Asks at few of the values between two ends, by bisection, each with as many replications as \
      it takes to decide; all answers hold together with the confidence. Any leaf of the scenario \
      can be searched over, as with --set.

        assay frontier scenarios/apiserver-limits.yaml --system modern \\
          --smallest systems.modern.cluster.api-servers.max-mutating-inflight=5..400 \\
          --keeps "mutating api latency p99 <= 1s"

      Exit codes: 0 found, 1 no value keeps the limit, 2 undecided.
      """)

  @Argument(help: ArgumentHelp("The scenario, or - for stdin.", valueName: "scenario"))
  var path: String

  @Option(
    help: ArgumentHelp("The smallest value that keeps the limit.", valueName: "path=low..high"))
  var smallest: String?

  @Option(
    help: ArgumentHelp("The largest value that keeps the limit.", valueName: "path=low..high"))
  var largest: String?

  @Option(
    help: ArgumentHelp(
      "What must hold on average over replications, as in \"mutating api latency p99 <= 1s\".",
      valueName: "limit"))
  var keeps: String

  @Option(help: "How many values between the two ends come into question.")
  var steps = 64

  @Option(help: "The most replications in all.")
  var budget = 400

  @OptionGroup var exploration: ExplorationArguments

  func run() async throws {
    guard let text = smallest ?? largest, smallest == nil || largest == nil else {
      throw Output.fail(["--smallest or --largest is due, one of them"], .usage)
    }
    guard 2...10_000 ~= steps, 10...1_000_000 ~= budget else {
      throw Output.fail(["--steps takes 2 to 10000, --budget 10 to 1000000"], .usage)
    }
    let limit = try exploration.limit(keeps)
    let scenario = try exploration.open(path, [text], metric: limit.metric)
    let search = FrontierSearch(
      candidates: scenario.leaves[0].steps(steps), wanted: smallest == nil ? .largest : .smallest,
      limit: limit.side, budget: budget)
    let result = try await exploration.answer {
      try await FrontierResult.find(
        in: scenario, search, seed: $0, atOnce: ExplorationArguments.threads)
    }
    try exploration.print(result, result.lines)
    switch result.frontier.answer {
    case .found, .everyCandidateKeeps: return
    case .noCandidateKeeps: throw ExitStatus.limitViolated.exit
    case .undecided: throw ExitStatus.inconclusive.exit
    }
  }
}
