import ArgumentParser
import ControlPlane
import Measure
import Run

/// `assay cluster-cell`, for scripts/bench.
struct ClusterCellCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster-cell",
    abstract: "One timed execution of the model of a whole cluster, as JSON.",
    shouldDisplay: false)

  @Option(help: "How many nodes it has.")
  var nodes = 1200

  @Option(help: "Pods that run from the start.")
  var pods = 0

  @Option(help: "Pods a second that are deleted and made anew.")
  var churn = 0.0

  @Option(help: "How many seconds are simulated.")
  var seconds = 600

  @Option(help: "How often, with different seeds.")
  var replications = 1

  @Option(help: "How many of them at once.")
  var threads = 1

  func validate() throws {
    if nodes < 1 || pods < 0 || churn < 0 || seconds < 1 || replications < 1 || threads < 1 {
      throw ValidationError("pods and churn are 0 or more, all others at least 1.")
    }
  }

  func run() async throws {
    var probe = ClusterProbe()
    (probe.nodes, probe.pods, probe.churn) = (nodes, pods, Rate(perSecond: churn))
    probe.duration = .seconds(Int64(seconds))
    (probe.replications, probe.threads) = (replications, threads)
    try Output.json(try await probe.measure())
  }
}
