import ArgumentParser
import Run

/// `assay simulator cell`, for scripts/bench.
struct SimulatorCellCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cell",
    abstract: "One timed execution of the simulator's kernel, as JSON.",
    shouldDisplay: false)

  @Argument(help: "The work: hold or queue.", transform: work)
  var work: SimulatorProbe.Work

  @Option(help: "How many events or customers are timed.")
  var count = 1_000_000

  @Option(help: "How many events are pending at once.")
  var pending = 1000

  func validate() throws {
    if count < 1 || pending < 1 {
      throw ValidationError("--count and --pending are whole numbers from 1.")
    }
  }

  private static func work(_ word: String) throws -> SimulatorProbe.Work {
    guard let work = SimulatorProbe.Work(rawValue: word) else {
      throw ValidationError("'\(word)' is no work; it is hold or queue.")
    }
    return work
  }

  func run() throws {
    try Output.json(SimulatorProbe.measure(work, pending: pending, count: count))
  }
}
